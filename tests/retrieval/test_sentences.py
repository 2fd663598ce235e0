"""Pieces of blocks that can stand in an answer."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain import Block, BlockType
from resources.retrieval.sentences import pieces


def cut(text, type_="paragraph"):
    block = Block(id=uuid4(), document_id=uuid4(), source_id=uuid4(), type=type_, text=text, order=0)
    return pieces(block)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing! A third?", ["One thing.", "Another thing!", "A third?"]),
        (
            "Dr. Smith paid 3.5 million, e.g. in May. Then he left.",
            ["Dr. Smith paid 3.5 million, e.g. in May.", "Then he left."],
        ),
        ("The U.S. Army came. It left.", ["The U.S. Army came.", "It left."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("A line\nbroken in two. Next.", ["A line\nbroken in two.", "Next."]),
        ("First para\n\nSecond para", ["First para", "Second para"]),
        ("没有。好的。是的吗？", ["没有。", "好的。", "是的吗？"]),
    ],
)
def test_prose_is_cut_into_sentences(text, expected):
    assert [piece.quote for piece in cut(text)] == expected


def test_list_items_lose_their_bullet_in_the_answer_only():
    item = cut("- first item\n2. second item", "list")[1]
    assert (item.quote, item.said) == ("2. second item", "second item")


def test_table_rows_carry_the_names_of_their_columns():
    row = cut("| region | revenue |\n|---|---|\n| north | 12.4 |", "table")[0]
    assert (row.quote, row.said) == ("| north | 12.4 |", "region: north; revenue: 12.4")


def test_code_is_cut_at_empty_lines():
    assert [piece.quote for piece in cut("def a():\n    pass\n\ndef b():\n    pass", "code")] == [
        "def a():\n    pass",
        "def b():\n    pass",
    ]


def test_a_heading_is_no_evidence():
    assert cut("Warranty", "heading") == []


@given(st.text(max_size=2_000), st.sampled_from(BlockType))
def test_every_quote_stands_word_for_word_in_its_block(text, type_):
    for piece in cut(text, type_):
        assert piece.quote in text
        assert len(piece.quote) < 2_001

import re
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from rage_assets.embeddings.passages import make_passages, stream_passages


def spans(texts):
    return [[match.span() for match in re.finditer(r"\w+|[^\w\s]", text)] for text in texts]


def block(text, section=(), type="paragraph"):
    return {"id": uuid4(), "type": type, "text": text, "section": list(section), "language": "en"}


def words(text):
    return re.findall(r"\w+", text)


def test_neighbouring_blocks_of_a_section_share_a_passage_under_its_headings():
    blocks = [block("Guide", type="heading"), block("one two", ["Guide"]), block("three", ["Guide"])]
    (passage,) = make_passages(blocks, 64, spans)
    assert passage.text == "Guide\none two\nthree"
    assert passage.block_ids == [b["id"] for b in blocks]


def test_a_section_begins_a_new_passage():
    blocks = [block("a b", ["One"]), block("c d", ["Two"])]
    assert [p.section for p in make_passages(blocks, 64, spans)] == [["One"], ["Two"]]


def test_a_heading_without_anything_below_it_is_found_all_the_same():
    (passage,) = make_passages([block("Lonely", type="heading")], 64, spans)
    assert passage.text == "Lonely"


def test_an_edit_in_one_section_leaves_the_passages_of_the_others():
    before = [block("alpha " * 40, ["One"]), block("beta " * 40, ["Two"])]
    after = [block("inserted", ["One"]), *before]
    texts = {p.text for p in make_passages(before, 32, spans) if p.section == ["Two"]}
    assert texts == {p.text for p in make_passages(after, 32, spans) if p.section == ["Two"]}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(alphabet="abc de.\n!", max_size=400).filter(str.strip),
            st.lists(st.sampled_from(["One", "Two words", "x " * 60]), max_size=2),
            st.sampled_from(["heading", "paragraph", "table", "code"]),
        ),
        max_size=8,
    ),
    st.integers(min_value=16, max_value=64),
)
def test_every_word_stands_in_a_passage_and_no_passage_leaves_the_window(given_blocks, window):
    blocks = [block(text, section, type) for text, section, type in given_blocks]
    passages = make_passages(blocks, window, spans)
    found = [word for passage in passages for word in words(passage.text)]
    for one in blocks:
        own = [p for p in passages if one["id"] in p.block_ids]
        assert own
        # a word that is longer than a passage's rest may be cut, so letters are compared
        letters = "".join(words(one["text"]))
        assert letters in "".join("".join(words(p.text)) for p in own) or set(words(one["text"])) <= set(found)
    assert all(len(spans([p.text])[0]) + 2 <= window for p in passages)


TABLE = "| name | room |\n|---|---|\n" + "".join(f"| person {n} | room {n}. It is. |\n" for n in range(200))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(alphabet="abc. !;", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=60),
    st.integers(24, 64),
)
def test_a_table_is_split_only_at_its_rows(cells, window):
    rows = [f"| {cell.strip()} | x |" for cell in cells]
    text = "\n".join(["| a | b |", "|---|---|", *rows])
    whole = set(text.split("\n"))
    for passage in make_passages([block(text, type="table")], window, spans):
        lines = passage.text.split("\n")
        assert all(line in whole or _is_of_one_too_long(line, whole, window) for line in lines), lines


def _is_of_one_too_long(part, lines, window):
    """Whether it is a part of a line that alone does not fit below a header, and has to be cut somewhere."""
    room = (window - 4) * 3 // 4
    return any(part in line for line in lines if len(spans([line])[0]) > room)


def test_every_part_of_a_table_begins_with_its_header():
    passages = make_passages([block(TABLE, type="table")], 64, spans)
    assert len(passages) > 10
    assert all(p.text.startswith("| name | room |\n|---|---|\n| person ") for p in passages)
    assert all(len(spans([p.text])[0]) + 2 <= 64 for p in passages)


def test_code_is_split_at_its_least_indented_lines():
    unit = "def f{n}(a):\n    if a:\n        return g(a)\n    return {n}\n\n"
    code = "".join(unit.format(n=n) for n in range(30))
    passages = make_passages([block(code, type="code")], 64, spans)
    assert len(passages) > 5
    assert all(p.text.startswith("def f") for p in passages)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ab (){}=\t", min_size=1, max_size=40), min_size=1, max_size=80), st.integers(24, 64))
def test_code_is_split_only_at_the_ends_of_lines(lines, window):
    code = "\n".join(lines)
    whole = {line.strip() for line in lines}
    for passage in make_passages([block(code, type="code")], window, spans) if code.strip() else ():
        for line in passage.text.split("\n"):
            assert line.strip() in whole or _is_of_one_too_long(line.strip(), whole, window)


def test_a_document_of_any_length_is_packed_in_parts_that_lose_nothing():
    blocks = [block(f"word{n}", [f"s{n // 700}"]) for n in range(9000)]
    passages = list(stream_passages(iter(blocks), 64, spans))
    assert {one for p in passages for one in p.block_ids} == {b["id"] for b in blocks}


def test_no_more_text_is_held_than_a_part_of_a_document():
    held = []

    def counted(texts):
        held.append(sum(map(len, texts)))
        return spans(texts)

    blocks = (block("word " * 10_000, [f"s{n}"]) for n in range(100))
    assert len({one for p in stream_passages(blocks, 64, counted) for one in p.block_ids}) == 100
    assert max(held) < 2_200_000


def test_what_was_recognised_too_unsurely_is_in_no_passage():
    unsure = block("qzx wvv") | {"metadata": {"low_confidence": True}}
    assert [p.text for p in stream_passages([block("sure"), unsure], 64, spans)] == ["sure"]

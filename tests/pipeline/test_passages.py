import re
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from rage_assets.embeddings.passages import make_passages


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

"""The block that is named and the snippet that is shown."""

from html.parser import HTMLParser
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from resources.domain import Block
from resources.lexical.analysis import content_stems, matches
from resources.retrieval.highlight import best_block, joined, snippet, stem_weights


def block(text, type_="paragraph"):
    return Block(id=uuid4(), document_id=uuid4(), source_id=uuid4(), type=type_, text=text, order=0)


def best(query, *blocks):
    stems = content_stems(query)
    matched = {each.id: list(matches(each.text, set(stems))) for each in blocks}
    weights = stem_weights(stems, ({word.stem for word in found} for found in matched.values()))
    return best_block(blocks, weights, matched)[0]


def test_the_block_with_the_rarest_shared_words_is_named():
    common, rare = block("the policy of the office"), block("the zanzibar clause")
    assert best("policy zanzibar", common, block("policy"), rare) is rare


def test_a_heading_is_named_only_if_nothing_else_fits():
    heading, other = block("Warranty", "heading"), block("Nothing here.")
    assert best("warranty", heading, other) is heading
    text = block("The warranty ends.")
    assert best("warranty", heading, text) is text


def test_without_shared_words_a_heading_is_not_named():
    text = block("Some words.")
    assert best("zanzibar", block("A very long heading indeed", "heading"), text) is text


def test_all_but_the_matches_is_escaped():
    assert snippet("<b>warranty</b> & more", [(3, 11)]) == "&lt;b&gt;<em>warranty</em>&lt;/b&gt; &amp; more"


def test_a_long_text_is_cut_around_the_matches():
    text = "filler " * 200 + "the warranty ends" + " filler" * 200
    shown = snippet(text, joined(matches(text, {"warranti"})))
    assert "<em>warranty</em>" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 330


@given(st.text(max_size=900), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=8))
def test_no_snippet_holds_other_markup_than_em(text, pairs):
    spans = [(min(a, b, len(text)), min(max(a, b), len(text))) for a, b in pairs]
    tags = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

    Reader().feed(snippet(text, spans))
    assert set(tags) <= {"em"}

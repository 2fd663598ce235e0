"""Copies are one hit, and one document does not fill the page."""

from uuid import uuid4

import pytest

from resources.identity import text_hash
from resources.postgres.previews import Preview
from resources.retrieval import tiers
from resources.retrieval.diversity import diversify, most_of_one
from resources.retrieval.folding import fold
from resources.retrieval.models import SearchRequest
from tests.retrieval.conftest import OWNER

PARAGRAPH = (
    "A path operation is a function behind a path and a method. The framework reads the type of each parameter, checks "
    "the value that came with the request, and answers with an error that names the parameter where it does not fit. "
    "What the function returns becomes the body of the response, after it was checked against the declared model."
)


def preview(text, document=None, path="a.md"):
    return Preview(uuid4(), text, text_hash(text), document or uuid4(), path, "", "docs")


def folded(*texts, query="how does it work"):
    return [[hit.hit.text, *(copy.text for copy in hit.copies)] for hit in fold(query, [preview(text) for text in texts])]


def test_equal_texts_are_one_hit_and_the_best_of_them_is_shown():
    first, other, second = preview(PARAGRAPH), preview("Something else."), preview(PARAGRAPH)
    assert [(each.hit, each.copies) for each in fold("x", [first, other, second])] == [(first, [second]), (other, [])]


def test_a_text_that_differs_in_a_phrase_is_the_same():
    variant = PARAGRAPH.replace("an error that names", "an error which names")
    assert folded(PARAGRAPH, variant) == [[PARAGRAPH, variant]]


def test_a_text_with_a_sentence_more_is_the_same_only_where_it_is_long():
    more = "See below."
    assert folded(PARAGRAPH, f"{PARAGRAPH} {more}") == [[PARAGRAPH, f"{PARAGRAPH} {more}"]]
    assert len(folded("Open the door.", f"Open the door. {more}")) == 2


def test_a_number_makes_a_text_another():
    texts = [f"{PARAGRAPH} The notice is {months} months." for months in (12, 24)]
    assert len(folded(*texts)) == 2


def test_a_word_of_the_query_makes_a_text_another():
    texts = [f"def {method}(path): {PARAGRAPH}" for method in ("patch", "post")]
    assert len(folded(*texts)) == 1
    assert len(folded(*texts, query="How do I PATCH?")) == 2


def test_what_is_folded_takes_in_nothing_that_is_unlike_what_is_shown():
    words = PARAGRAPH.split()
    drifting = [" ".join(["other"] * count + words[count:]) for count in (0, 1, 2, 3, 4, 5, 6)]
    for hit in fold("x", [preview(text) for text in drifting]):
        shown = set(hit.hit.text.split())
        assert all(len(shown ^ set(copy.text.split())) <= 4 for copy in hit.copies)


def test_the_same_words_in_another_order_are_another_text():
    assert len(folded(PARAGRAPH, " ".join(sorted(PARAGRAPH.split())))) == 2


def test_only_equal_texts_are_folded_where_the_wording_is_asked_for():
    variant = PARAGRAPH.replace("an error that names", "an error which names")
    hits = fold("x", [preview(PARAGRAPH), preview(variant), preview(variant)], near=False)
    assert [len(hit.copies) for hit in hits] == [0, 1]


@pytest.mark.parametrize(
    "texts", [[], ["a"], ["", " "], ["日本語のテキスト", "別の文章です"], ["\ud83d broken", "x" * 100_000]]
)
def test_any_text_can_be_folded(texts):
    previews = [Preview(uuid4(), text, bytes([index]), uuid4(), "a", "", "s") for index, text in enumerate(texts)]
    assert sum(1 + len(hit.copies) for hit in fold("x", previews)) == len(texts)


def test_diversity_makes_room_for_other_documents():
    scored = [(f"long {n}", "long", 1 - n / 100) for n in range(10)] + [(f"d{n}", f"d{n}", 0.2) for n in range(8)]
    shown = [hit for hit, _ in diversify(scored, 10)]
    assert sum(hit.startswith("long") for hit in shown[:10]) <= most_of_one(10)
    assert sorted(shown) == sorted(hit for hit, _, _ in scored)


def test_diversity_fills_the_page_from_one_document_where_there_are_no_others():
    scored = [(n, "long", 1 - n / 100) for n in range(10)] + [("other", "other", 0.01)]
    shown = [hit for hit, _ in diversify(scored, 10)]
    assert shown[: most_of_one(10) + 1] == [0, 1, 2, "other"]
    assert len(shown[:10]) == 10


def test_diverse_scores_fall():
    scored = [(n, n % 3, (n * 37 % 50) / 50) for n in range(50)]
    for k in (1, 2, 5, 10, 100):
        scores = [score for _, score in diversify(scored, k)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_copies_that_fill_the_candidates_leave_room_for_what_stands_behind_them(library, monkeypatch):
    monkeypatch.setattr(tiers, "_CANDIDATES", 8)
    for number in range(12):
        library.add(f"copy-{number}.md", "The zanzibar contract ends in March.")
    for place in ("an office", "a warehouse", "a harbour", "a ship"):
        library.add(f"{place}.md", f"In a long text about {place} somebody mentions the zanzibar contract, too.")
    request = SearchRequest(space=library.name, query="zanzibar contract March", k=4)
    results = library.retriever().search(OWNER, request).results
    assert len(results) == 4
    assert len(results[0].also_in) == 11

"""Whether scored queries are reason enough to weigh a space's tiers otherwise."""

import ir_measures
import numpy as np
import pytest
from ir_measures import nDCG

from rage_assets.ranking.known_items import questions
from rage_assets.ranking.weigh import LEANS, ndcg, weigh

NONE = LEANS.index(0.0)


def curve(count, gain=0.0, noise=0.0, towards=0):
    """Scores of queries that get `gain` better for each step towards an end of the leans."""
    rng = np.random.default_rng(0)
    steps = np.arange(len(LEANS)) - NONE
    return np.clip(0.5 + gain * towards * steps + noise * rng.normal(size=(count, len(LEANS))), 0, 1)


def test_a_space_whose_queries_are_found_by_words_leans_to_words():
    weighed = weigh(curve(40, 0.05, 0.05, towards=-1))
    assert weighed.decisive and weighed.lean < 0


def test_a_space_whose_queries_are_found_by_meaning_leans_to_vectors():
    weighed = weigh(curve(40, 0.05, 0.05, towards=1))
    assert weighed.decisive and weighed.lean > 0


def test_chance_moves_nothing():
    assert weigh(curve(60, noise=0.2))[3:] == (0.0, False)


@pytest.mark.parametrize("count", [0, 1, 19])
def test_few_queries_move_nothing(count):
    assert weigh(curve(count, 0.05, 0.01, towards=-1)).lean == 0


def test_a_gain_of_few_queries_moves_nothing():
    scores = curve(60)
    scores[:5, 0] = 1
    assert not weigh(scores).decisive


def test_queries_that_nothing_finds_move_nothing():
    assert weigh(np.zeros((30, len(LEANS)))).lean == 0


def test_ndcg_is_that_of_ir_measures():
    grades = {"a": 3, "b": 1, "c": 0, "d": 2}
    ranked = ["x", "b", "c", "a", "y", "d"]
    run = {"q": {each: -rank for rank, each in enumerate(ranked)}}
    assert ndcg(ranked, grades) == pytest.approx(ir_measures.calc_aggregate([nDCG @ 10], {"q": grades}, run)[nDCG @ 10])


def row(number, text, title="", path=None):
    return {
        "id": number,
        "document_id": number,
        "title": title or f"{number}.txt",
        "section": [title] if title else [],
        "text": text,
        "path": path or f"{number}.txt",
    }


def test_a_title_is_asked_for_and_taken_out_of_what_should_be_found():
    (asked,) = questions([row(1, "Pruning old roses\nCut them to three buds.", "Pruning old roses")])
    assert asked.text == "Pruning old roses"
    assert asked.rows[0] | {"text": "Cut them to three buds.", "title": "", "section": []} == asked.rows[0]


def test_a_docstring_is_asked_for_and_taken_out_of_its_code():
    (asked,) = questions([row(1, 'def read(path):\n    """Reads a file of rows.\n\n    More."""\n    return open(path)')])
    assert asked.text == "Reads a file of rows." and '"""' not in asked.rows[0]["text"]


def test_a_sentence_is_asked_for_in_any_script():
    (asked,) = questions(
        [row(1, "今日は天気がいいので散歩します。明日は雨が降るそうですから家にいます。週末は山に登る予定です。")]
    )
    assert asked.text == "明日は雨が降るそうですから家にいます。" and asked.text not in asked.rows[0]["text"]


def test_no_question_is_made_of_titles_that_many_documents_have_or_of_a_single_sentence():
    assert questions([row(n, "Only this one sentence.", "Notes of the meeting") for n in (1, 2)]) == []

"""Has retrieval dropped? What the newest result is held against."""

from datetime import UTC, datetime, timedelta

from resources.evaluation.trend import Drop, dropped
from tests.evaluation.test_sets import result


def drop(history: list, most: float) -> Drop | None:
    found = dropped(history, most)
    return found and Drop.between(*found)


def history(*values: int, days: float = 1) -> list:
    """Results, the newest first, `days` apart."""
    now = datetime.now(UTC)
    return [result(value, now - timedelta(days=days * place)) for place, value in enumerate(values)]


def test_a_drop_is_one_against_the_best_of_two_weeks():
    assert drop(history(70), 0.03) is None
    assert drop(history(70, 72), 0.03) is None
    found = drop(history(70, 72, 74), 0.03)
    assert found.baseline.metrics.ndcg_10 == 0.74 and found.comparison.worse[0].id == "q"
    assert drop(history(70, 70, 74, days=10), 0.03) is None  # what was reached three weeks ago is no measure any more
    assert drop(history(70, 74, days=30), 0.03) is not None  # but the one before counts however old it is
    assert drop(history(74, 70), 0.03) is None


def without(part: str, latest: int, *earlier: int) -> list:
    """Results, the newest first; the second one was measured without a part of the search."""
    found = history(latest, *earlier)
    found[1] = found[1].model_copy(update={"degraded": [part]})
    return found


def test_what_was_measured_during_an_outage_is_no_measure_for_what_was_measured_after_it():
    assert drop(without("lexical_unavailable", 37, 60, 37, 37), 0.03) is None
    assert drop(without("lexical_unavailable", 37, 60), 0.03) is None
    assert drop(without("lexical_unavailable", 30, 60, 37), 0.03).baseline.metrics.ndcg_10 == 0.37


def test_a_drop_is_found_where_the_same_part_is_always_missing():
    history = [each.model_copy(update={"degraded": ["reranker_skipped"]}) for each in without("reranker_skipped", 30, 37)]
    assert drop(history, 0.03).baseline.metrics.ndcg_10 == 0.37


def test_a_result_of_an_outage_is_held_against_what_was_measured_before_it():
    latest, *earlier = history(30, 37)
    assert drop([latest.model_copy(update={"degraded": ["embedder_unavailable"]}), *earlier], 0.03) is not None

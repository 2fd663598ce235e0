"""Measures, against values worked out by hand and against `ir-measures` itself."""

import math

import ir_measures
import pytest
from ir_measures import RR, R, nDCG

from resources.evaluation.measures import score

JUDGED = {
    "graded": {"best.md": 2, "good.md": 1, "wrong.md": 0},
    "second": {"there.md": 1},
    "not found": {"gone.md": 1},
}
RANKED = {
    "graded": ["best.md", "wrong.md", "good.md"],
    "second": ["other.md", "there.md"],
    "not found": ["other.md"],
}


def test_the_means_are_those_worked_out_by_hand():
    found = score(JUDGED, RANKED, [1.0])
    ideal = 2 + 1 / math.log2(3)
    per_query = {"graded": (2 + 1 / math.log2(4)) / ideal, "second": 1 / math.log2(3), "not found": 0.0}
    assert found.per_query == pytest.approx(per_query, abs=1e-6)
    assert found.metrics.ndcg_10 == pytest.approx(sum(per_query.values()) / 3, abs=1e-4)
    assert found.metrics.recall_100 == pytest.approx((1 + 1 + 0) / 3, abs=1e-4)
    assert found.metrics.mrr_10 == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-4)


def test_the_means_are_those_of_the_library():
    scores = {query: {path: -float(rank) for rank, path in enumerate(paths)} for query, paths in RANKED.items()}
    expected = ir_measures.calc_aggregate([nDCG @ 10, R @ 100, RR @ 10], JUDGED, scores)
    found = score(JUDGED, RANKED, [1.0]).metrics
    assert [found.ndcg_10, found.recall_100, found.mrr_10] == [
        pytest.approx(expected[measure], abs=1e-4) for measure in (nDCG @ 10, R @ 100, RR @ 10)
    ]


def test_only_the_first_ten_count_where_ten_are_looked_at():
    far = [f"{number}.md" for number in range(10)] + ["there.md"]
    found = score({"q": {"there.md": 1}}, {"q": far}, [1.0]).metrics
    assert (found.ndcg_10, found.recall_100, found.mrr_10) == (0, 1, 0)


def test_a_query_without_any_hit_counts_as_nothing():
    found = score(JUDGED, RANKED | {"second": []}, [1.0])
    assert found.per_query["second"] == 0
    assert found.metrics.recall_100 == pytest.approx(1 / 3, abs=1e-4)


def test_times_are_the_median_and_the_slow_end():
    found = score(JUDGED, RANKED, [float(ms) for ms in range(1, 101)]).metrics
    assert (found.p50_ms, found.p95_ms) == (50.5, 95.05)

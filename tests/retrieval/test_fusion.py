"""One score from two tiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.retrieval.fusion import dense_weight, fuse, scaled

SCORES = st.dictionaries(st.integers(0, 20), st.floats(0.01, 50), max_size=12)


@given(SCORES, SCORES, st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1(cosines, bm25, code):
    fused = fuse(cosines, bm25, code)
    assert fused.keys() == cosines.keys() | bm25.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in fused.values())


def test_what_both_tiers_like_wins():
    fused = fuse({"a": 0.9, "b": 0.85, "c": 0.1}, {"b": 9.0, "c": 8.5})
    assert max(fused, key=fused.__getitem__) == "b"


def test_one_tier_alone_keeps_its_order():
    assert fuse({"a": 0.9, "b": 0.5}, {}) == {"a": 1.0, "b": 0.0}
    assert fuse({}, {"a": 4.0, "b": 2.0}) == {"a": 1.0, "b": 0.5}


def test_words_count_more_where_they_decide():
    assert dense_weight([1.0, 0.2]) < dense_weight([1.0, 0.9])


def test_words_count_less_in_code():
    assert dense_weight([1.0, 0.6], code_share=1.0) > dense_weight([1.0, 0.6])


def test_equal_scores_are_scaled_to_the_best():
    assert scaled({"a": 0.4, "b": 0.4}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("scores", [{}, {"a": 1.0}])
def test_scaling_takes_few_scores(scores):
    assert scaled(scores) == scores

"""One score from two tiers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.postgres.search import Candidate
from resources.retrieval.feedback import contrast, moved, propagated
from resources.retrieval.fusion import dense_weight, fuse, judges, scaled
from resources.retrieval.profile import ROBUST, RankingProfile, learned
from resources.retrieval.tiers import Gathered

SCORES = st.dictionaries(st.integers(0, 20), st.floats(0.01, 50), max_size=12)
LEANS = st.floats(-1, 1)


def unit(*rows):
    matrix = np.array(rows, np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def spread_out(count):
    return dict(enumerate(unit(*np.random.default_rng(1).normal(size=(count, 16)))))


@given(SCORES, SCORES, st.floats(0, 1), LEANS, st.booleans(), st.booleans())
def test_fused_scores_lie_between_0_and_1(cosines, bm25, code, lean, with_vectors, full):
    vectors = spread_out(21) if with_vectors else None
    fused = fuse(cosines, bm25, code, vectors=vectors, full=full, profile=RankingProfile(lean=lean))
    assert fused.keys() == cosines.keys() | bm25.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in fused.values())


def test_what_both_tiers_like_wins():
    fused = fuse({"a": 0.9, "b": 0.85, "c": 0.1}, {"b": 9.0, "c": 8.5})
    assert max(fused, key=fused.__getitem__) == "b"


def test_one_tier_alone_keeps_its_order():
    assert fuse({"a": 0.9, "b": 0.5}, {}) == {"a": 1.0, "b": 0.0}
    assert fuse({}, {"a": 4.0, "b": 2.0}) == {"a": 1.0, "b": 0.5}


def test_the_same_candidates_give_the_same_scores_in_any_order():
    cosines, bm25, vectors = {each: 0.5 + each / 100 for each in range(21)}, {3: 4.0, 7: 2.0}, spread_out(21)
    fused = fuse(cosines, bm25, vectors=vectors)
    again = fuse(dict(reversed(cosines.items())), bm25, vectors=vectors)
    assert again == pytest.approx(fused, abs=1e-5)


def test_a_passage_without_a_vector_is_judged_by_its_words():
    fused = fuse({1: 0.9, 2: 0.5}, {1: 1.0, 3: 4.0}, vectors=spread_out(3))
    assert fused[3] > fused[2] and fused[3] == pytest.approx(1 - dense_weight([0.25, 1.0]), abs=1e-5)


def test_words_count_more_where_they_decide():
    assert dense_weight([1.0, 0.2]) < dense_weight([1.0, 0.9])


def test_words_count_less_in_code():
    assert dense_weight([1.0, 0.6], code_share=1.0) > dense_weight([1.0, 0.6])


def test_a_space_may_lean_to_either_tier_up_to_leaving_the_other_out():
    assert dense_weight([1.0, 0.6], profile=RankingProfile(lean=-1)) == 0
    assert dense_weight([1.0, 0.6], profile=RankingProfile(lean=1)) == 1


def test_a_passage_that_a_full_list_does_not_name_may_still_have_words():
    cosines, bm25 = {"a": 0.9, "b": 0.5, "c": 0.1}, {"b": 2.0, "c": 1.0}
    assert fuse(cosines, bm25, full=True)["a"] > fuse(cosines, bm25, full=False)["a"]


def test_the_neighbours_of_what_is_found_rise():
    cosines = {"best": 0.9, "alone": 0.55, "near": 0.54, "far": 0.1}
    vectors = dict(zip(cosines, unit([1, 0, 0], [0, 1, 0], [1, 0.3, 0], [0, 0, 1]), strict=True))
    plain = fuse(cosines, {"far": 1.0})
    shared = fuse(cosines, {"far": 1.0}, vectors=vectors)
    assert plain["alone"] > plain["near"] and shared["near"] > shared["alone"]


def test_functions_that_resemble_each_other_do_not_lift_each_other():
    cosines = {"best": 0.9, "alone": 0.55, "near": 0.54, "far": 0.1}
    vectors = dict(zip(cosines, unit([1, 0, 0], [0, 1, 0], [1, 0.3, 0], [0, 0, 1]), strict=True))
    assert fuse(cosines, {"far": 1.0}, 1.0, vectors=vectors) == fuse(cosines, {"far": 1.0}, 1.0)


def test_what_stands_behind_the_first_hundred_of_each_tier_changes_nothing_before_it():
    rng = np.random.default_rng(5)
    vectors = dict(enumerate(unit(*rng.normal(size=(400, 16)))))
    cosines = {each: float(rng.uniform(0.2, 0.9)) for each in vectors}
    bm25 = {each: float(rng.uniform(1, 20)) for each in rng.choice(400, 200, replace=False).tolist()}
    best = {each for scores in (cosines, bm25) for each in sorted(scores, key=scores.get, reverse=True)[:100]}
    few = fuse(
        {each: cosines[each] for each in best}, {each: bm25[each] for each in best & bm25.keys()}, vectors=vectors, full=True
    )
    many = fuse(cosines, bm25, vectors=vectors, full=True)
    assert judges(cosines, bm25) == best
    assert {each: many[each] for each in best} == pytest.approx(few, abs=1e-5)


def test_code_behind_the_first_hundred_of_each_tier_makes_no_code_of_the_prose_before_it():
    vectors = dict(enumerate(unit(*np.random.default_rng(6).normal(size=(200, 16)))))
    cosines = {each: 0.9 - each / 400 for each in vectors}
    found = {each: Candidate(each, None, code=each >= 100, vector=vectors[each]) for each in vectors}
    first = range(100)
    few = Gathered({each: found[each] for each in first}, {each: cosines[each] for each in first}, {0: 9.0}, False, {}, [])
    many = Gathered(found, cosines, {0: 9.0}, False, {}, [])
    ranked = many.ranked(ROBUST)
    assert {each: ranked[each] for each in first} == pytest.approx(few.ranked(ROBUST), abs=1e-5)


def test_without_a_share_feedback_changes_nothing():
    cosines, similarities = np.array([0.3, 0.2], np.float32), np.eye(2, dtype=np.float32)
    assert (moved(cosines, similarities, cosines, 0) == cosines).all()
    assert (propagated(cosines, similarities, 0) == cosines).all()


def test_vectors_that_are_all_alike_and_disagree_with_the_words_do_not_count():
    rng = np.random.default_rng(2)
    matrix = unit(*(rng.normal(size=(60, 16)) * 0.2 + 1))
    ranks = np.arange(60, dtype=np.float32)
    assert contrast(ranks / 60, 1 - ranks / 60, matrix @ matrix.T) == 0
    assert contrast(ranks / 60, ranks / 60, matrix @ matrix.T) == 1  # they agree: then something is in them
    apart = unit(*rng.normal(size=(60, 16)))
    assert contrast(ranks / 60, 1 - ranks / 60, apart @ apart.T) == 1


def test_equal_scores_are_scaled_to_the_best():
    assert scaled({"a": 0.4, "b": 0.4}) == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("scores", [{}, {"a": 1.0}])
def test_scaling_takes_few_scores(scores):
    assert scaled(scores) == scores


def test_of_a_stored_profile_only_what_was_learned_counts():
    assert learned(RankingProfile(lean=-0.3, feedback=0.9).model_dump()) == RankingProfile(lean=-0.3) != ROBUST

"""The paired test: it sees what is worse, and does not see what is chance."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from resources.evaluation.significance import paired_test


def scores(values) -> dict[str, float]:
    return {f"q{number}": float(value) for number, value in enumerate(values)}


@pytest.fixture
def real() -> np.ndarray:
    """nDCG as it looks: many zeros, many ones, some between."""
    return np.random.default_rng(7).choice([0.0, 0.39, 0.5, 0.63, 1.0, 1.0], 300)


def test_shuffled_results_are_found_to_be_worse(real):
    shuffled = real * np.random.default_rng(8).choice([0.0, 1.0], 300, p=[0.3, 0.7])
    found = paired_test(scores(real), scores(shuffled))
    assert found.difference < -0.1
    assert found.p_value < 0.001


def test_noise_is_taken_for_noise(real):
    generator = np.random.default_rng(99)
    noises = [generator.normal(0, 0.1, 60) for _ in range(12)]
    p_values = [paired_test(scores(real[:60]), scores(real[:60] + noise)).p_value for noise in noises]
    # for noise like this the t-test is right as well, and is another way to the same
    assert p_values == pytest.approx([ttest_1samp(noise, 0, alternative="less").pvalue for noise in noises], abs=0.02)
    assert sum(p < 0.05 for p in p_values) <= 1


def test_what_is_better_is_not_worse(real):
    assert paired_test(scores(real), scores(np.minimum(1, real + 0.1))).p_value > 0.99


def test_the_exact_test_counts_all_tosses():
    # five losses of the same size: of 32 tosses only one is as bad
    assert paired_test(scores([1] * 5), scores([0] * 5)).p_value == pytest.approx(1 / 32, abs=1e-4)
    # four losses and a gain: five tosses and the one without any gain are as bad
    assert paired_test(scores([1, 1, 1, 1, 0]), scores([0, 0, 0, 0, 1])).p_value == pytest.approx(6 / 32, abs=1e-4)


@pytest.mark.parametrize(("old", "new", "p"), [([1], [0], 0.5), ([0], [1], 1.0), ([1, 1], [1, 1], 1.0), ([], [], 1.0)])
def test_hardly_any_query_proves_nothing(old, new, p):
    assert paired_test(scores(old), scores(new)).p_value == p


def test_queries_that_did_not_change_change_nothing():
    few = paired_test(scores([1, 1, 1, 1, 1, 1]), scores([0, 0, 0, 0, 0, 1]))
    many = paired_test(scores([1] * 5 + [0.5] * 200), scores([0] * 5 + [0.5] * 200))
    assert few.p_value == many.p_value == pytest.approx(1 / 32, abs=1e-4)


def test_the_same_is_found_every_time(real):
    noise = np.random.default_rng(3).normal(-0.005, 0.1, 300)
    first, second = (paired_test(scores(real), scores(real + noise)) for _ in range(2))
    assert first == second


def test_only_queries_of_both_count_and_the_greatest_losses_are_named_first():
    found = paired_test({"a": 1, "b": 0.5, "c": 0.4, "only old": 1}, {"a": 0.1, "b": 0.4, "c": 0.9, "only new": 0})
    assert found.queries == 3
    assert [(loss.id, loss.before, loss.after) for loss in found.worse] == [("a", 1, 0.1), ("b", 0.5, 0.4)]

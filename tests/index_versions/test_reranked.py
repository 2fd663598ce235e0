"""The gate where a reranker is configured: both versions are searched with it, or nothing is judged."""

import time

import numpy as np
import pytest

from resources import platform
from resources.reranking.stage import Reranked, Reranking
from resources.retrieval.models import RERANKER_SKIPPED
from tests.evaluation.conftest import QUESTIONS
from tests.index_versions.models import SMALLER


class Even:
    """Likes every text."""

    name = "even"
    parallel = 1

    def score(self, query, texts, deadline):
        return np.full(len(texts), 0.5)

    def close(self):
        pass


class Skipping(Reranking):
    """Has no time for its first questions."""

    def __init__(self, skipped):
        super().__init__(Even, 5.0, 10)
        self.left = skipped

    def rank(self, query, texts):
        self.left -= 1
        return Reranked(np.empty(0), RERANKER_SKIPPED) if self.left >= 0 else super().rank(query, texts)


@pytest.fixture
def reranked(monkeypatch, garden):
    """A space whose searches are reranked, by a stage that is given."""

    def put(stage):
        monkeypatch.setattr(platform, "configured_reranking", lambda _: stage())
        garden.give()
        return garden

    return put


def loaded_late():
    time.sleep(1)
    return Even()


def broken():
    raise RuntimeError("there is no such model")


def measured(garden):
    return garden.home.rows("SELECT degraded FROM evaluation_results WHERE space_id = %s", garden.id)


def test_nothing_is_measured_before_the_reranker_is_loaded(reranked):
    garden = reranked(lambda: Reranking(loaded_late, 0.2, 10))
    assert garden.build(SMALLER).passed
    assert [row["degraded"] for row in measured(garden)] == [[]] * 4


def test_nothing_is_judged_where_the_reranker_cannot_be_loaded(reranked):
    report = reranked(lambda: Reranking(broken, 0.2, 10)).build(SMALLER)
    assert not report.passed and "reranker_unavailable" in report.reasons[0]


def test_a_version_that_was_not_reranked_is_not_compared_with_one_that_was(reranked):
    searches_of_one_version = 2 * (1 + len(QUESTIONS))
    report = reranked(lambda: Skipping(searches_of_one_version)).build(SMALLER)
    assert not report.passed and "reranker_skipped" in report.reasons[0]


def test_versions_for_which_the_reranker_has_as_little_time_are_compared(reranked):
    garden = reranked(lambda: Skipping(1_000))
    assert garden.build(SMALLER).passed
    assert [row["degraded"] for row in measured(garden)] == [[RERANKER_SKIPPED]] * 4

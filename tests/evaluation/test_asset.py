"""Evaluation as an asset: real Dagster runs over a space whose documents change."""

import base64
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import pytest

from rage_assets.build import build_defs
from rage_assets.evaluation.assets import EVALUATE, evaluation_tags
from rage_assets.evaluation.measure import open_evaluation
from rage_assets.partitions import SPACES
from rage_assets.platform_resource import platform_resource
from resources.access import LOCAL_ADMIN, Role
from resources.postgres import evaluation
from sensors import evaluations
from tests.evaluation.test_sets import result

pytestmark = pytest.mark.real


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as created:
        yield created


def run(garden, instance):
    """A run of the job `evaluate` as the daemon starts it, here."""
    if not instance.has_dynamic_partition(str(SPACES.name), garden.name):
        instance.add_dynamic_partitions(str(SPACES.name), [garden.name])
    job = build_defs({"platform": platform_resource(garden.home.settings())}).resolve_job_def(EVALUATE.name)
    return job.execute_in_process(instance=instance, tags=evaluation_tags(garden.name), raise_on_error=False)


def outcome(done):
    (materialised,) = done.get_asset_materialization_events()
    (check,) = done.get_asset_check_evaluations()
    return materialised.materialization.metadata, check


def test_a_run_measures_every_set_keeps_history_and_fails_the_check_when_retrieval_drops(plant, instance):
    garden = plant()
    garden.home.ingest(garden.name)
    garden.give("first")
    garden.give("second")
    done = run(garden, instance)
    assert done.success
    metadata, check = outcome(done)
    assert check.passed
    assert metadata["sets"].value == 2 and metadata["first/hybrid/ndcg@10"].value > 0.8
    assert metadata["results"].value.count("\n") == 7  # a head of two lines, and two sets in three modes
    picture = metadata["history: first"].value.split("base64,")[1].rstrip(")")
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    rows = garden.home.rows("SELECT run_id, occasion, was_live FROM evaluation_results WHERE space_id = %s", garden.id)
    assert [(row["run_id"], row["occasion"], row["was_live"]) for row in rows] == [(done.run_id, "pipeline", True)] * 6

    for gone in ("roses.md", "bees.md"):
        (garden.folder / gone).unlink()
    garden.home.ingest(garden.name)
    done = run(garden, instance)
    assert done.success  # it is the check that fails, not the run
    metadata, check = outcome(done)
    assert not check.passed and check.severity == dg.AssetCheckSeverity.ERROR
    assert "first, hybrid" in check.description and "2 more documents are gone" in check.description
    assert "“when are roses cut back”" in check.description and "“what calms bees in an open hive”" in check.description
    assert "when are roses cut back" in check.metadata["second, vector"].value
    rows = garden.home.rows("SELECT missing FROM evaluation_results WHERE space_id = %s ORDER BY measured_at", garden.id)
    assert [row["missing"] for row in rows] == [0] * 6 + [2] * 6
    audited = garden.home.rows("SELECT 1 AS one FROM runs WHERE space_id = %s AND job = 'evaluate'", garden.id)
    assert audited == []  # no ingestion's record


def test_the_best_of_two_weeks_counts_however_often_a_space_was_measured_since(plant, home):
    garden, now = plant(), datetime.now(UTC)
    garden.give("often")
    platform, worker = home.platform(), home.platform("worker")
    measured = [result(70 if number else 74, now - timedelta(minutes=15 * (500 - number))) for number in range(500)]
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row):
        set_id, _ = evaluation.get(connection, row["id"], "often")
        evaluation.save(connection, row["id"], set_id, 1, measured)
    with open_evaluation(worker, garden.name) as opened:
        ((name, mode, found),) = opened.drops()
    platform.close()
    worker.close()
    assert (name, mode, found.baseline.metrics.ndcg_10) == ("often", "hybrid", 0.74)
    assert found.comparison.worse[0].id == "q"


def test_a_space_without_sets_is_measured_in_no_time(home, instance):
    from tests.evaluation.conftest import Garden

    name = f"bare-{uuid4().hex[:8]}"
    done = run(Garden(home, name, home.space(name), home.path), instance)
    metadata, check = outcome(done)
    assert done.success and check.passed and metadata["sets"].value == 0


def test_a_measurement_waits_for_no_ingestion(garden, instance):
    worker = garden.home.platform("worker")
    worker.locks.take(garden.id, "shard-0")
    try:
        assert run(garden, instance).success
    finally:
        worker.close()


class Ticking:
    """The sensor over an empty space, tick by tick."""

    def __init__(self, garden, instance) -> None:
        self.garden, self.instance, self.cursor = garden, instance, None
        self.worker = garden.home.platform("worker")
        self.began = time.time()

    def changes(self) -> None:
        """The space answers from something else, as after a publication."""
        with self.worker.database.transaction(space=self.garden.id) as connection:
            connection.execute("UPDATE spaces SET epoch = epoch + 1 WHERE id = %s", (self.garden.id,))

    def after(self, seconds: float) -> list[dg.RunRequest]:
        """The runs of the space that a tick asks for so long after the beginning."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        self.found = evaluations.evaluate(context, self.worker, self.began + seconds)
        self.cursor = self.found.cursor
        return [each for each in self.found.run_requests if each.tags["dagster/partition"] == self.garden.name]


@pytest.fixture
def ticking(plant, instance):
    made = Ticking(plant(), instance)
    yield made
    made.worker.close()


def test_a_change_is_measured_once_when_the_space_has_come_to_rest(ticking, instance):
    quiet, garden = evaluations.QUIET_S, ticking.garden
    assert ticking.after(0) == ticking.after(2 * quiet) == []  # no set, nothing to measure
    garden.give("asked")
    assert ticking.after(3 * quiet) == []
    ticking.changes()
    assert ticking.after(4 * quiet) == []  # it has just changed again
    (request,) = ticking.after(5 * quiet)
    assert garden.name in ticking.found.dynamic_partitions_requests[0].partition_keys
    assert "rage/space" not in request.tags  # an ingestion of the space need not wait for it
    assert run(garden, instance).success
    assert ticking.after(10 * quiet) == ticking.after(12 * quiet) == []  # measured


def test_a_space_that_never_rests_is_measured_all_the_same(ticking):
    ticking.garden.give("asked")
    asked = []
    for seconds in range(0, int(evaluations.PATIENCE_S) + 1, 50):
        ticking.changes()
        asked += ticking.after(seconds)
    assert len(asked) == 1


def test_every_night_each_space_with_sets_is_measured_once(plant, home):
    garden, bare = plant(), plant()
    garden.give("asked")
    platform = home.platform("worker")
    night = datetime(2030, 1, 2, 3, tzinfo=UTC)
    asked = {each.tags["dagster/partition"]: each.run_key for each in evaluations.nightly(platform, night)}
    platform.close()
    assert asked[garden.name] == f"{garden.id}:2030-01-02" and bare.name not in asked

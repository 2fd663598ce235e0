"""When retrieval is measured: every night, and soon after what it searches has changed.

A measurement is a run of its own: no ingestion waits for it, becomes slower by more than the searches cost, or fails with
it. The sensor compares what each set was measured on last with what the space answers from now, so that no event can be
missed: new documents, removed ones, other access rules, another index version and a new set all count.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rage_assets.evaluation.assets import EVALUATE, EVALUATION_TAG, evaluation_tags
from rage_assets.partitions import SPACES
from resources.errors import RageError
from resources.platform import Platform
from resources.postgres import evaluation, spaces
from resources.settings import settings

# A burst of publications is measured once: when nothing changed for so long, or at the latest after so long.
QUIET_S = 60.0
PATIENCE_S = 900.0
_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    name="published_changes",
    job=EVALUATE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Measures a space's evaluation sets anew soon after its documents or its index version have changed.",
)
def published_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    platform = Platform(settings(), "worker")
    try:
        return evaluate(context, platform, time.time())
    finally:
        platform.close()


def evaluate(context: Any, platform: Platform, now: float) -> dg.SensorResult:
    """One tick at `now` (seconds since 1970): asks for a run for each space that changed and has come to rest.

    The cursor keeps for each space that waits its epoch, since when it has had that one, and since when it waits.
    """
    waiting: dict[str, list[float]] = json.loads(context.cursor) if context.cursor else {}
    still: dict[str, list[float]] = {}
    requests = []
    known = set(context.instance.get_dynamic_partitions(str(SPACES.name)))
    new_keys = []
    for space, epoch, names in due(platform):
        last_epoch, resting_since, waiting_since = waiting.get(str(space["id"]), [epoch, now, now])
        if last_epoch != epoch:
            resting_since = now
        still[str(space["id"])] = [epoch, resting_since, waiting_since]
        if now - resting_since < QUIET_S and now - waiting_since < PATIENCE_S:
            continue
        if _is_active(context, space["name"]):
            continue
        del still[str(space["id"])]
        if space["name"] not in known:
            new_keys.append(space["name"])
        key = f"{space['id']}:{epoch}:{space['live_index_version']}:{'+'.join(names)}"
        requests.append(dg.RunRequest(run_key=key, tags=evaluation_tags(space["name"])))
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[SPACES.build_add_request(new_keys)] if new_keys else None,
        cursor=json.dumps(still),
        skip_reason=None if requests else dg.SkipReason(f"{len(still)} space(s) wait to come to rest."),
    )


def due(platform: Platform) -> Iterator[tuple[dict[str, Any], int, list[str]]]:
    """The spaces with sets that were not measured on what they answer from now: the row, the epoch, and those sets."""
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        try:
            with platform.content(space["database"]).transaction(space=space["id"]) as connection:
                epoch, names = evaluation.unmeasured(connection, space["id"])
        except RageError:  # a database of its own that does not answer now
            continue
        if names:
            yield space, epoch, names


def _is_active(context: Any, space: str) -> bool:
    runs = context.instance.get_run_records(dg.RunsFilter(statuses=_ACTIVE, tags={EVALUATION_TAG: space}), limit=1)
    return bool(runs)


@dg.schedule(
    name="nightly_evaluations",
    job=EVALUATE,
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def nightly_evaluations(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Every night: a run for each space that has evaluation sets."""
    night = context.scheduled_execution_time.astimezone(UTC)
    platform = Platform(settings(), "worker")
    try:
        known = set(context.instance.get_dynamic_partitions(str(SPACES.name)))
        yield from (request for request in nightly(platform, night) if request.tags[EVALUATION_TAG] in known)
    finally:
        platform.close()


def nightly(platform: Platform, night: datetime) -> Iterator[dg.RunRequest]:
    """The runs of one night, whatever Dagster knows of the spaces."""
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        try:
            with platform.content(space["database"]).transaction(space=space["id"]) as connection:
                has_sets = bool(evaluation.listing(connection, space["id"], limit=1))
        except RageError:  # a database of its own that does not answer now
            continue
        if has_sets:
            yield dg.RunRequest(run_key=f"{space['id']}:{night:%Y-%m-%d}", tags=evaluation_tags(space["name"]))

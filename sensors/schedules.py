"""Schedules: sources with an interval of their own, and a sweep so that no space goes unlooked-at for long."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from rage_assets.jobs import INGEST
from rage_assets.partitions import DUE_TAG, SPACE_TAG, run_tags
from resources.errors import RageError
from resources.platform import Platform
from resources.postgres import sources, spaces
from resources.settings import settings

SWEEP_AFTER = timedelta(hours=12)


@dataclass(frozen=True)
class LastRun:
    """The last ingestion of a space, however it ended: whether it is over, and when it was asked for."""

    is_over: bool
    asked_at: datetime


@dg.schedule(
    job=INGEST,
    cron_schedule="* * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    name="due_sources",
)
def due_sources(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Every minute: a run for each space with a source whose interval is over, or that nobody looked at for long.

    While a run of the space waits or works there is none, and a source that fails is tried again after its interval.
    """
    now = context.scheduled_execution_time.astimezone(UTC)
    platform = Platform(settings(), "worker")
    try:
        yield from requests(platform, now, lambda space: _last_run(context.instance, space))
    finally:
        platform.close()


def _last_run(instance: dg.DagsterInstance, space: str) -> LastRun | None:
    records = instance.get_run_records(dg.RunsFilter(tags={SPACE_TAG: space}, job_name=INGEST.name), limit=1)
    return LastRun(records[0].dagster_run.is_finished, records[0].create_timestamp) if records else None


def requests(platform: Platform, now: datetime, last_run: Callable[[str], LastRun | None]) -> Iterator[dg.RunRequest]:
    """The runs that are due at `now`, one for a space.

    Args:
        platform: In the role `worker`.
        now: The time.
        last_run: The last run of a space. A run looks at every source, and what failed in it is not due at once.
    """
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        last = last_run(space["name"])
        if last is not None and not last.is_over:
            continue
        rested = now - last.asked_at if last is not None else timedelta.max
        try:
            moments = list(_moments(platform, space, now, rested))
        except RageError:  # a database of its own that does not answer now
            continue
        if moments:
            key = f"{space['id']}:{max(moments)}"
            yield dg.RunRequest(run_key=key, tags=run_tags(space["name"], space["shards"]) | DUE_TAG)


def _moments(platform: Platform, space: dict[str, Any], now: datetime, rested: timedelta) -> Iterator[str]:
    """Since when what is due in a space has been due, if its last run was so long ago."""
    with platform.content(space["database"]).transaction(space=space["id"]) as connection:
        due = sources.due(connection, space["id"], now)
        row = connection.execute(
            "SELECT max(last_scan_at) AS last FROM sources WHERE space_id = %s", (space["id"],)
        ).fetchone()
    assert row is not None
    for source in due:
        is_new = now - source["created_at"] < rested
        if is_new or rested >= timedelta(seconds=source["every_seconds"]):
            yield str(source["due_at"] or source["id"])
    if row["last"] and now - row["last"] > SWEEP_AFTER < rested:
        yield str(row["last"])

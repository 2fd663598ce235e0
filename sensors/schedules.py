"""Schedules: sources with an interval of their own, and a sweep so that no space goes unlooked-at for long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from rage_assets.jobs import INGEST
from rage_assets.partitions import run_tags
from resources.platform import Platform
from resources.postgres import sources, spaces
from resources.settings import settings

SWEEP_AFTER = timedelta(hours=12)


@dg.schedule(
    job=INGEST,
    cron_schedule="* * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    name="due_sources",
)
def due_sources(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Every minute: a run for each space with a source whose interval is over, or that nobody looked at for long."""
    now = context.scheduled_execution_time.astimezone(UTC)
    platform = Platform(settings(), "worker")
    try:
        yield from requests(platform, now)
    finally:
        platform.close()


def requests(platform: Platform, now: datetime) -> Iterator[dg.RunRequest]:
    """The runs that are due at `now`, one for a space, each asked for once."""
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        with platform.content(space["database"]).transaction(space=space["id"]) as connection:
            due = sources.due(connection, space["id"], now)
            row = connection.execute(
                "SELECT max(last_scan_at) AS last, count(*) AS n FROM sources WHERE space_id = %s", (space["id"],)
            ).fetchone()
        assert row is not None
        moments = [str(source["due_at"] or source["id"]) for source in due]
        if row["n"] and row["last"] and now - row["last"] > SWEEP_AFTER:
            moments.append(str(row["last"]))
        if moments:
            key = f"{space['id']}:{max(moments)}"
            yield dg.RunRequest(run_key=key, tags=run_tags(space["name"], space["shards"]))

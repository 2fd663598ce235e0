"""When the lexical indexes are compared with Postgres: every hour, and as soon as an engine that was away is back."""

from typing import Any

import dagster as dg

from rage_assets.lexical.assets import RECONCILE
from resources.errors import RageError
from resources.lexical.opening import check_engine
from resources.lexical.protocol import LexicalUnavailable
from resources.platform import Platform
from resources.postgres import outbox, spaces
from resources.settings import settings

_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.schedule(
    job=RECONCILE,
    cron_schedule="17 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    name="hourly_reconciliation",
)
def hourly_reconciliation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Every hour: a look at every index."""
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())


@dg.sensor(
    name="lexical_recovery",
    job=RECONCILE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Brings into the lexical indexes what went live while their engine was away, as soon as it is back.",
)
def lexical_recovery(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One tick."""
    platform = Platform(settings(), "worker")
    try:
        return evaluate(context, platform)
    finally:
        platform.close()


def evaluate(context: Any, platform: Platform) -> dg.RunRequest | dg.SkipReason:
    """Asks for a run over the spaces that are behind, unless one goes on, if the engine answers."""
    behind = _behind(platform)
    if not behind:
        return dg.SkipReason("No index is behind.")
    try:
        check_engine(platform.settings)
    except LexicalUnavailable as error:
        return dg.SkipReason(f"{len(behind)} space(s) are behind. {error.message}")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=RECONCILE.name, statuses=_ACTIVE)):
        return dg.SkipReason("A run repairs them.")
    return dg.RunRequest(run_config={"ops": {"lexical_reconciliation": {"config": {"spaces": behind}}}})


def _behind(platform: Platform) -> list[str]:
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    behind = []
    for space in listed:
        try:
            with platform.content(space["database"]).transaction(space=space["id"]) as connection:
                if outbox.is_behind(connection, space["id"]):
                    behind.append(space["name"])
        except RageError:  # a database of its own that does not answer now
            continue
    return behind

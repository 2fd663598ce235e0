"""The sensor for runs that failed: ends their record, so that nobody waits for them, and tries again with a bound."""

from collections.abc import Iterator
from uuid import UUID

import dagster as dg

from rage_assets.jobs import INGEST
from rage_assets.partitions import JOB_TAG, SPACE_TAG
from rage_assets.run_record import end_run
from resources.platform import Platform
from resources.postgres import spaces
from resources.settings import settings

ATTEMPT_TAG = "rage/attempt"
# A gate that held a batch back would hold it back again; nobody is helped by trying.
_FINAL_STEPS = ("blocks_are_sound", "vectors_are_sound")


@dg.run_failure_sensor(
    name="failed_ingestions",
    monitored_jobs=[INGEST],
    request_job=INGEST,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
)
def failed_ingestions(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Marks the run's record as failed, and asks for another run up to the configured number of attempts."""
    run = context.dagster_run
    mark_failed(run, context.failure_event.message or "The run failed.")
    attempt = int(run.tags.get(ATTEMPT_TAG, "1"))
    by_gate = any(step in (event.step_key or "") for event in context.get_step_failure_events() for step in _FINAL_STEPS)
    checked = "check" in (context.failure_event.message or "").lower()
    if attempt >= settings().max_attempts or by_gate or checked:
        yield dg.SkipReason(f"Run {run.run_id} failed for good after {attempt} attempt(s).")
        return
    kept = {
        key: value
        for key, value in run.tags.items()
        if key.startswith(("dagster/partition", "dagster/asset_partition_range")) or key == SPACE_TAG
    }
    yield dg.RunRequest(run_key=f"{run.run_id}:again", tags=kept | {ATTEMPT_TAG: str(attempt + 1)})


def mark_failed(run: dg.DagsterRun, message: str) -> None:
    """Ends the platform's record of a run that Dagster says failed."""
    space = run.tags.get(SPACE_TAG)
    if not space:
        return
    platform = Platform(settings(), "worker")
    try:
        with platform.database.transaction() as connection:
            row = spaces.identify(connection, space)
        end_run(platform, row, UUID(run.tags.get(JOB_TAG) or run.run_id), failed=message)
    finally:
        platform.close()

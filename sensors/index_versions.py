"""When retired index versions are dropped: every hour those whose grace is over, if there are any."""

import dagster as dg

from rage_assets.index_versions.assets import drop_retired_index_versions
from resources.index_versions import due_for_drop
from resources.platform import Platform
from resources.settings import settings


@dg.schedule(
    name="retired_index_versions",
    job=drop_retired_index_versions,
    cron_schedule="41 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def retired_index_versions(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Every hour: a run if there is anything to drop."""
    platform = Platform(settings(), "worker")
    try:
        due = due_for_drop(platform)
    finally:
        platform.close()
    if not due:
        return dg.SkipReason("No retired version's grace is over.")
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())

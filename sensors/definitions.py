"""What Dagster loads: every asset, check and job, with the sensors and schedules that set them going."""

from rage_assets.build import build_defs
from sensors.evaluations import nightly_evaluations, published_changes
from sensors.failures import failed_ingestions
from sensors.index_versions import retired_index_versions
from sensors.lexical import hourly_reconciliation, lexical_recovery
from sensors.ranking import outdated_rankings
from sensors.schedules import due_sources
from sensors.sources import SOURCE_SENSORS

defs = build_defs(
    sensors=[*SOURCE_SENSORS, failed_ingestions, lexical_recovery, published_changes, outdated_rankings],
    schedules=[due_sources, hourly_reconciliation, nightly_evaluations, retired_index_versions],
)

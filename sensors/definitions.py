"""What Dagster loads: every asset, check and job, with the sensors and schedules that set them going."""

from rage_assets.build import build_defs
from sensors.failures import failed_ingestions
from sensors.schedules import due_sources
from sensors.sources import SOURCE_SENSORS

defs = build_defs(sensors=[*SOURCE_SENSORS, failed_ingestions], schedules=[due_sources])

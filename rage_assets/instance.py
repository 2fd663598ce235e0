"""Dagster's instance under `$RAGE_HOME/dagster`, with its storage in a database of its own beside the platform's."""

import os
from pathlib import Path
from typing import Any

from resources.platform import Platform

INSTANCE_YAML = """\
# Written by RAGE; edit deploy/dagster.yaml in the project for a deployment of your own.
storage:
  postgres:
    postgres_url:
      env: RAGE_DAGSTER_DATABASE_URL
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 2
    dequeue_interval_seconds: 1
    tag_concurrency_limits:
      - key: rage/space
        value:
          applyLimitPerUniqueValue: true
        limit: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  free_slots_after_run_end_seconds: 300
run_retries:
  enabled: false
  retry_on_asset_or_op_failure: false
sensors:
  use_threads: true
  num_workers: 2
retention:
  sensor: {purge_after_days: {skipped: 1, failure: 7, success: 7}}
  schedule: {purge_after_days: {skipped: 1, failure: 7, success: 7}}
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare_instance(platform: Platform) -> dict[str, str]:
    """Writes the instance's configuration, and returns the environment that Dagster's processes need.

    The database's URL, which holds a password, goes by the environment only.
    """
    folder: Path = platform.settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "dagster.yaml"
    if not file.exists() or file.read_text() != INSTANCE_YAML:
        file.write_text(INSTANCE_YAML)
    return {
        "DAGSTER_HOME": str(folder),
        "RAGE_DAGSTER_DATABASE_URL": platform.url("dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_SENSOR_DAEMON_INTERVAL_SECONDS": "2",
    }


def open_instance(platform: Platform) -> Any:
    """The `DagsterInstance` of this home."""
    os.environ.update(prepare_instance(platform))
    import dagster as dg

    return dg.DagsterInstance.from_config(str(platform.settings.home / "dagster"))

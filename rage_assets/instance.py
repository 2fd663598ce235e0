"""Dagster's instance under `$RAGE_HOME/dagster`, with its storage in a database of its own beside the platform's."""

import os
from pathlib import Path
from typing import Any

from resources.platform import Platform

INSTANCE_YAML = Path(__file__).resolve().parent.parent / "deploy" / "dagster.yaml"


def prepare_instance(platform: Platform) -> dict[str, str]:
    """Writes the instance's configuration, and returns the environment that Dagster's processes need.

    The database's URL, which holds a password, goes by the environment only.
    """
    folder: Path = platform.settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "dagster.yaml"
    wanted = INSTANCE_YAML.read_text()
    if not file.exists() or file.read_text() != wanted:
        file.write_text(wanted)
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

"""The one assembly of everything Dagster knows; tests give other resources and sensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from rage_assets.assets import ASSETS, CHECKS
from rage_assets.jobs import INGEST
from rage_assets.platform_resource import platform_resource


def build_defs(
    resources: Mapping[str, Any] | None = None,
    sensors: Sequence[Any] = (),
    schedules: Sequence[Any] = (),
) -> dg.Definitions:
    """All definitions.

    Args:
        resources: Replaces the resources of that name.
        sensors: What looks for new data; `sensors.definitions` has the platform's.
        schedules: What runs by the clock.
    """
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=CHECKS,
        jobs=[INGEST],
        sensors=list(sensors),
        schedules=list(schedules),
        resources={"platform": platform_resource()} | dict(resources or {}),
        executor=dg.in_process_executor,
    )

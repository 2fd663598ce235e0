"""The one assembly of everything Dagster knows; tests give other resources and sensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from rage_assets.assets import ASSETS, CHECKS
from rage_assets.evaluation import assets as evaluation
from rage_assets.index_versions import assets as index_versions
from rage_assets.jobs import INGEST
from rage_assets.lexical import assets as lexical
from rage_assets.platform_resource import platform_resource
from rage_assets.ranking import assets as ranking


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
        assets=[*ASSETS, *lexical.ASSETS, *evaluation.ASSETS, *index_versions.ASSETS, *ranking.ASSETS],
        asset_checks=[*CHECKS, *evaluation.CHECKS],
        jobs=[INGEST, lexical.RECONCILE, evaluation.EVALUATE, *index_versions.JOBS, ranking.LEARN_RANKING],
        sensors=list(sensors),
        schedules=list(schedules),
        resources={"platform": platform_resource()} | dict(resources or {}),
        executor=dg.in_process_executor,
    )

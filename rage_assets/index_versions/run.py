"""One build of an index version, here and now: a Dagster run in this process, in the same instance that the UI shows."""

import signal
import sys
import warnings
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from rage_assets.run_failures import cause_of
from rage_assets.work import Progress, no_progress
from resources.errors import RageError
from resources.platform import Platform
from resources.postgres import spaces
from resources.settings import Settings, settings

_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class BuildReport(BaseModel):
    """What a build did.

    Attributes:
        run_id: Dagster's id of the run.
        version: The index version.
        documents: How many were brought in by this run; those that ingestions brought in are not counted.
        complete: Whether every live document is in it, with vectors and lexical entries.
        passed: Whether the gate would let it become live.
        promoted: Whether it is live now.
        reasons: What the gate said.
        seconds: From start to end.
    """

    run_id: str
    version: UUID
    documents: int
    passages: int
    embedded: int
    complete: bool
    passed: bool
    promoted: bool
    reasons: list[str]
    seconds: float


def run_build(
    given: Settings, space: str, *, model: str = "", promote: bool = False, on_progress: Progress = no_progress
) -> BuildReport:
    """Builds an index version of a space in one run of this process; works with no server up.

    Args:
        given: Settings.
        space: The space's name.
        model: The embedding model; the configured one if empty.
        promote: Whether it becomes live if the gate lets it.
        on_progress: Told `(stage, done, in all)`.

    Raises:
        NotFound: There is no such space.
        Conflict: Another build of the space goes on.
        RageError: Any other expected failure; the next build goes on where this one ended.
    """
    warnings.filterwarnings("ignore", module="dagster")
    platform = Platform(given, "worker")
    try:
        with platform.database.transaction() as connection:
            name = spaces.identify(connection, space)["name"]
            spaces.check_still(spaces.identify(connection, space))
        return _run(given, platform, name, {"model": model, "promote": promote}, on_progress)
    finally:
        platform.close()


def _run(given: Settings, platform: Platform, space: str, config: dict[str, Any], progress: Progress) -> BuildReport:
    from rage_assets.build import build_defs
    from rage_assets.index_versions.assets import index_tags
    from rage_assets.instance import open_instance
    from rage_assets.partitions import SPACES
    from rage_assets.platform_resource import platform_resource

    with open_instance(platform) as instance:
        if not instance.has_dynamic_partition(str(SPACES.name), space):
            instance.add_dynamic_partitions(str(SPACES.name), [space])
        job = build_defs({"platform": platform_resource(given, progress)}).resolve_job_def("build_index")
        result = job.execute_in_process(
            instance=instance,
            tags=index_tags(space),
            raise_on_error=False,
            run_config=_QUIET | {"ops": {"index_version": {"config": config}}},
        )
    if not result.success:
        raise cause_of(result)
    made = result.asset_materializations_for_node("index_version")[0].metadata
    checks = {each.check_name: each.passed for each in result.get_asset_check_evaluations()}
    return BuildReport(
        run_id=result.run_id,
        complete=checks["version_is_complete"],
        passed=checks["version_is_no_worse"],
        reasons=str(made["gate"].value).splitlines(),
        **{name: made[name].value for name in ("version", "documents", "passages", "embedded", "promoted", "seconds")},
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        report = run_build(settings(), sys.argv[1], model=sys.argv[2] if len(sys.argv) > 2 else "")
    except RageError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
    print(report.model_dump_json())

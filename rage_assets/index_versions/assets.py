"""The asset of index versions with its checks, the job that builds one, and the job that drops what is retired."""

from typing import Any

import dagster as dg

from rage_assets.index_versions.build import Flaws, building, complete, evaluate, existing, flaws, prepare
from rage_assets.index_versions.record import drop_retired, end_build, promote_built, report_dead
from rage_assets.lexical.reconcile import whole_space
from rage_assets.metadata import numbers, stopwatch, table
from rage_assets.partitions import SPACES
from rage_assets.platform_resource import PlatformResource
from resources.index_versions import Gate

INDEX_TAG = "rage/index"
_COMPLETE, _NO_WORSE = "version_is_complete", "version_is_no_worse"


class IndexVersionConfig(dg.Config):
    """What to build.

    Attributes:
        model: The embedding model; the configured one if empty.
        version: Instead of that, a version that is there, by its id: it is completed and judged anew.
        promote: Whether it becomes live if the gate lets it.
    """

    model: str = ""
    version: str = ""
    promote: bool = False


def index_tags(space: str) -> dict[str, str]:
    """The tags of a run on a space's index versions. It is not `rage/space`: an ingestion need not wait for it."""
    return {INDEX_TAG: space, "dagster/partition": space}


@dg.asset(
    name="index_version",
    group_name="index_versions",
    kinds={"python", "postgres"},
    deps=["live_documents"],
    # a version is of a whole space, not of a shard
    partitions_def=SPACES,
    check_specs=[
        dg.AssetCheckSpec(
            _COMPLETE, asset="index_version", description="Every live document is in it, with vectors and lexical entries."
        ),
        dg.AssetCheckSpec(
            _NO_WORSE, asset="index_version", description="The gate would let it become live: it finds no less."
        ),
    ],
)
def index_version(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource], config: IndexVersionConfig
) -> dg.MaterializeResult:  # type: ignore[type-arg] # with checks, Dagster knows the bare class alone
    """Another embedding model's passages, vectors and words of the space, beside those of the live version."""
    work = whole_space(platform.platform, context.partition_key, context.run.run_id, platform.progress)
    try:
        with stopwatch() as metadata, building(work):
            report_dead(context.instance, context.run, INDEX_TAG)
            version = (
                existing(work, config.version)
                if config.version
                else prepare(work, config.model or work.platform.settings.embedding_model)
            )
            metadata |= {"version": str(version.id), "model": version.model, "dimension": version.dimension}
            filled = complete(work, version)
            metadata |= numbers(filled._asdict())
            found = flaws(work, version)
            gate = evaluate(work, version)
            metadata["scores"] = table(gate.figures)
            metadata["gate"] = "\n".join(gate.verdict.reasons)
            promoted = config.promote and gate.verdict.passed and not any(found)
            if promoted:
                promote_built(work, version.id, gate)
            metadata["promoted"] = promoted
        end_build(work, filled._asdict(), version.id)
    except Exception as error:
        end_build(work, {}, None, failed=str(error))
        raise
    return dg.MaterializeResult(metadata=metadata, check_results=_checks(found, gate))


def _checks(found: Flaws, gate: Gate) -> list[dg.AssetCheckResult]:
    verdict = gate.verdict
    worse = [
        {
            "set": each.evaluation_set,
            "mode": each.mode,
            "query": loss.text or loss.id,
            "live": loss.before,
            "new": loss.after,
        }
        for each in verdict.comparisons
        for loss in each.worse
    ]
    return [
        dg.AssetCheckResult(
            check_name=_COMPLETE,
            passed=not any(found),
            description=f"Missing: {found.documents} documents, {found.vectors} vectors, {found.entries} lexical entries.",
            metadata=numbers(found._asdict()),
        ),
        dg.AssetCheckResult(
            check_name=_NO_WORSE,
            passed=verdict.passed,
            description=" ".join(verdict.reasons)[:2000],
            metadata={"scores": table(gate.figures), "worse": table(worse[:20])},
        ),
    ]


BUILD_INDEX = dg.define_asset_job(
    "build_index",
    selection=dg.AssetSelection.groups("index_versions"),
    partitions_def=SPACES,
    description="Builds an index version beside the live one and has it judged. Ingestions and searches go on meanwhile.",
    executor_def=dg.in_process_executor,
)


@dg.op
def drop_retired_versions(context: dg.OpExecutionContext, platform: dg.ResourceParam[PlatformResource]) -> None:
    """Drops every version whose grace after retirement is over."""
    dropped = drop_retired(platform.platform, context.run.run_id)
    context.add_output_metadata({"dropped": len(dropped), "versions": [f"{space}: {each}" for space, each in dropped]})


@dg.job(description="Drops retired index versions whose grace (`RAGE_RETIRED_HOURS`) is over, with their lexical indexes.")
def drop_retired_index_versions() -> None:
    """One op for all spaces: dropping takes moments."""
    drop_retired_versions()


ASSETS = [index_version]
JOBS: list[Any] = [BUILD_INDEX, drop_retired_index_versions]

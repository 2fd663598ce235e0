"""The asset and the check of evaluation, and the job that runs them."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from rage_assets.evaluation.measure import open_evaluation
from rage_assets.evaluation.plot import history_plot
from rage_assets.metadata import numbers, stopwatch, table
from rage_assets.partitions import SPACES
from rage_assets.platform_resource import PlatformResource
from resources.evaluation.models import Result
from resources.evaluation.trend import WINDOW, Drop

EVALUATION_TAG = "rage/evaluation"
_MOST_PLOTS = 10
_MOST_NAMED = 20

EVALUATE = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.groups("evaluation"),
    partitions_def=SPACES,
    description="Measures how well a space is searched, on its evaluation sets. Ingestions go on meanwhile.",
    executor_def=dg.in_process_executor,
)


def evaluation_tags(space: str) -> dict[str, str]:
    """The tags of a run that measures a space. It is not `rage/space`: an ingestion of the space need not wait for it."""
    return {EVALUATION_TAG: space, "dagster/partition": space}


@dg.asset(
    name="retrieval_evaluation",
    group_name="evaluation",
    kinds={"python", "postgres"},
    deps=["live_documents"],
    # a measurement is of a whole space, not of a shard
    partitions_def=SPACES,
)
def retrieval_evaluation(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """nDCG@10, recall@100, MRR@10 and latency of every evaluation set in every mode, kept as history."""
    with stopwatch() as metadata, open_evaluation(platform.platform, context.partition_key) as evaluation:
        found = evaluation.measure(context.run.run_id, platform.progress)
        metadata |= numbers({"sets": len(found)})
        metadata["results"] = table([_row(name, result) for name, results in found.items() for result in results])
        for name, results in found.items():
            # as numbers, so that the UI plots them by itself, too
            metadata |= {f"{name}/{each.mode}/ndcg@10": dg.MetadataValue.float(each.metrics.ndcg_10) for each in results}
        for name, modes in list(evaluation.histories().items())[:_MOST_PLOTS]:
            metadata[f"history: {name}"] = dg.MetadataValue.md(history_plot(name, modes))
    return dg.MaterializeResult(metadata=metadata)


@dg.asset_check(asset=retrieval_evaluation, partitions_def=SPACES)
def retrieval_has_not_dropped(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.AssetCheckResult:
    """No set lost more nDCG@10 than `RAGE_EVALUATION_DROP` against its best of the last two weeks."""
    with open_evaluation(platform.platform, context.partition_key) as evaluation:
        drops = evaluation.drops()
        most = evaluation.worker.settings.evaluation_drop
    if not drops:
        return dg.AssetCheckResult(passed=True, description=f"Nothing lost more than {most} in {WINDOW.days} days.")
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(_said(*each) for each in drops),
        metadata=numbers({"dropped": len(drops)}) | {f"{name}, {mode}": _queries(dropped) for name, mode, dropped in drops},
    )


def _row(name: str, result: Result) -> Mapping[str, Any]:
    measured = {key: f"{value:.4f}".rstrip("0").rstrip(".") for key, value in result.metrics.model_dump().items()}
    return {
        "set": name,
        "mode": result.mode,
        **measured,
        "not in the space": result.missing,
        "degraded": ", ".join(result.degraded),
    }


def _said(name: str, mode: str, dropped: Drop) -> str:
    before, now = dropped.baseline, dropped.latest
    worse = ", ".join(f"“{(loss.text or loss.id)[:60]}”" for loss in dropped.comparison.worse[:3])
    why = [f"{now.missing - before.missing} more documents are gone"] * (now.missing > before.missing)
    why += [f"degraded: {', '.join(now.degraded)}"] * bool(now.degraded)
    why += ["another index version is live"] * (now.index_version != before.index_version)
    return (
        f"{name}, {mode}: nDCG@10 {before.metrics.ndcg_10:.4f} → {now.metrics.ndcg_10:.4f}"
        + (f" ({'; '.join(why)})" if why else "")
        + (f", worst at {worse}" if worse else "")
    )


def _queries(dropped: Drop) -> Any:
    rows: Sequence[Mapping[str, Any]] = [
        {"query": loss.text or loss.id, "before": f"{loss.before:.3f}", "now": f"{loss.after:.3f}"}
        for loss in dropped.comparison.worse[:_MOST_NAMED]
    ]
    return table(rows)


ASSETS = [retrieval_evaluation]
CHECKS = [retrieval_has_not_dropped]

"""The asset of ranking profiles and the job that learns them."""

from typing import Any

import dagster as dg

from rage_assets.evaluation.measure import open_evaluation
from rage_assets.metadata import numbers, stopwatch, table
from rage_assets.partitions import SPACES
from rage_assets.platform_resource import PlatformResource
from rage_assets.ranking.learn import learn
from rage_assets.ranking.weigh import LEANS, Weighed

RANKING_TAG = "rage/ranking"

LEARN_RANKING = dg.define_asset_job(
    "learn_ranking",
    selection=dg.AssetSelection.groups("ranking"),
    partitions_def=SPACES,
    description="Learns how a space's tiers are weighed, from its judged queries or from its own titles and sentences.",
    executor_def=dg.in_process_executor,
)


def ranking_tags(space: str) -> dict[str, str]:
    """The tags of a run that learns a space's profile. It is not `rage/space`: an ingestion need not wait for it."""
    return {RANKING_TAG: space, "dagster/partition": space}


@dg.asset(
    name="ranking_profile",
    group_name="ranking",
    kinds={"python", "postgres"},
    deps=["live_documents"],
    # a profile is of a whole space, not of a shard
    partitions_def=SPACES,
)
def ranking_profile(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """How much vectors and words count in the space, with what the numbers rest on."""
    with stopwatch() as metadata, open_evaluation(platform.platform, context.partition_key) as evaluation:
        learned = learn(evaluation, context.run.run_id)
        if learned is None:
            metadata["why"] = "The space has no index version that answers."
            return dg.MaterializeResult(metadata=metadata)
        metadata |= {"lean": dg.MetadataValue.float(learned.profile.lean), "differs_from_before": learned.changed}
        metadata["profile"] = dg.MetadataValue.json(learned.profile.model_dump())
        metadata["sets"] = ", ".join(learned.sets)
        metadata |= numbers({"judged_queries": learned.judged.queries, "known_items": learned.known_items.queries})
        metadata["judged queries: nDCG@10 by lean"] = _curve(learned.judged)
        metadata["known items: nDCG@10 by lean"] = _curve(learned.known_items)
    return dg.MaterializeResult(metadata=metadata)


def _curve(weighed: Weighed) -> Any:
    rows = zip(LEANS, weighed.scores, weighed.t, strict=False)
    return table(
        [
            {"lean": f"{lean:+.1f}", "nDCG@10": score, "t against none": t, "chosen": "yes" if lean == weighed.lean else ""}
            for lean, score, t in rows
        ]
    )


ASSETS = [ranking_profile]

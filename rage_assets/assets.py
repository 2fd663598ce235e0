"""The assets of the spine, thin shells around each stage's own code. Each stage is a group."""

from datetime import timedelta
from typing import Any

import dagster as dg

from rage_assets.blocks.checks import check_blocks
from rage_assets.blocks.parse import parse_staged
from rage_assets.embeddings.ahead import embedding_ahead
from rage_assets.embeddings.checks import check_vectors
from rage_assets.embeddings.embed import embed_staged
from rage_assets.lexical.index import index_staged
from rage_assets.live.publish import finish_run, publish_staged
from rage_assets.metadata import check_result, numbers, stopwatch, table
from rage_assets.partitions import ONE_RUN, PARTITIONS
from rage_assets.platform_resource import PlatformResource
from rage_assets.raw.scan import scan_space
from resources.postgres import staging

# The schedule sweeps every space twice a day, so a day without a materialisation means that nothing runs.
_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=24), warn_window=timedelta(hours=13))
_SHAPE: dict[str, Any] = {"partitions_def": PARTITIONS, "backfill_policy": ONE_RUN}


@dg.asset(group_name="raw", kinds={"python"}, **_SHAPE)
def raw_documents(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """What differs between the space's sources and what is live; the bytes of it in the object store."""
    work = platform.work(context)
    platform.begin(context, work)
    with stopwatch() as metadata:
        scan = scan_space(work)
        metadata |= numbers(scan.counts | {"bytes_read": scan.bytes_read})
        with work.transaction() as connection:
            metadata["preview"] = table(staging.samples(connection, work.space_id, work.run_id))
        if scan.unreadable:
            metadata["unreadable_sources"] = table([{"source": n, "why": w} for n, w in scan.unreadable.items()])
    return dg.MaterializeResult(metadata=metadata)


@dg.asset(group_name="blocks", kinds={"python", "postgres"}, deps=[raw_documents], **_SHAPE)
def content_blocks(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """Headings, paragraphs, lists, tables, code and images of the documents that differ, staged."""
    work = platform.work(context)
    with stopwatch() as metadata:
        with embedding_ahead(work) as ahead:
            counts = parse_staged(work)
        metadata |= {"embedded_ahead": dict(ahead)}
        metadata |= numbers({name: count for name, count in counts.items() if ":" not in name})
        for kind in ("type", "media"):
            rows = [{kind: n.split(":")[1], "count": c} for n, c in sorted(counts.items()) if n.startswith(f"{kind}:")]
            metadata[f"by_{kind}"] = table(rows)
    return dg.MaterializeResult(metadata=metadata)


@dg.asset_check(asset=content_blocks, blocking=True, partitions_def=PARTITIONS)
def blocks_are_sound(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.AssetCheckResult:
    """Every document is text that a person would recognise; those that are not go to quarantine."""
    return check_result(check_blocks(platform.work(context)))


@dg.asset(group_name="embeddings", kinds={"python", "postgres"}, deps=[content_blocks], **_SHAPE)
def passage_vectors(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """Passages, and a vector in pgvector for every text that has none yet."""
    work = platform.work(context)
    with stopwatch() as metadata:
        counts = embed_staged(work)
        metadata |= numbers(counts) | {"model": work.platform.settings.embedding_model}
    return dg.MaterializeResult(metadata=metadata)


@dg.asset_check(asset=passage_vectors, blocking=True, partitions_def=PARTITIONS)
def vectors_are_sound(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.AssetCheckResult:
    """Every passage has a vector of the right dimension, finite and of unit length."""
    return check_result(check_vectors(platform.work(context)))


@dg.asset(group_name="lexical", kinds={"python"}, deps=[passage_vectors], **_SHAPE)
def lexical_index(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """The entries of the staged passages in the lexical index, and the healing of what differed."""
    work = platform.work(context)
    with stopwatch() as metadata:
        metadata |= numbers(index_staged(work))
    return dg.MaterializeResult(metadata=metadata)


@dg.asset(group_name="live", kinds={"postgres"}, deps=[lexical_index], freshness_policy=_FRESHNESS, **_SHAPE)
def live_documents(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """What readers see: new versions in, old ones out, removed documents gone from every store with a receipt."""
    work = platform.work(context)
    with stopwatch() as metadata:
        counts = publish_staged(work)
        metadata |= numbers(counts)
        row = finish_run(work)
        metadata |= {"documents": dg.MetadataValue.json(row["counts"]), "state": row["state"]}
        metadata["errors"] = table(row["errors"][:20])
    return dg.MaterializeResult(metadata=metadata)


ASSETS = [raw_documents, content_blocks, passage_vectors, lexical_index, live_documents]
CHECKS = [blocks_are_sound, vectors_are_sound]

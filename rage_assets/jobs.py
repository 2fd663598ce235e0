"""Jobs: `ingest` takes a space through every stage."""

import dagster as dg

from rage_assets.partitions import PARTITIONS

INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.groups("raw", "blocks", "embeddings", "lexical", "live")
    - dg.AssetSelection.assets("lexical_reconciliation"),
    partitions_def=PARTITIONS,
    description="Brings a space to what its sources hold now.",
    # one process for all stages: starting one costs seconds, and the run holds its shards from the first to the last
    executor_def=dg.in_process_executor,
)

"""Partitions: space (dynamic) × shard (static).

One run covers any set of shards of a space, so that a small space costs one run and a large one spreads over machines.
"""

from collections.abc import Sequence

import dagster as dg

SPACES = dg.DynamicPartitionsDefinition(name="space")
SHARD_KEYS = [f"{shard:02d}" for shard in range(64)]
SHARDS = dg.StaticPartitionsDefinition(SHARD_KEYS)
PARTITIONS = dg.MultiPartitionsDefinition({"space": SPACES, "shard": SHARDS})
ONE_RUN = dg.BackfillPolicy.single_run()

JOB_TAG = "rage/job_id"
REQUEST_TAG = "rage/request_id"
SPACE_TAG = "rage/space"
DUE_TAG = {"rage/due_only": "true"}
"""Of a run that nobody asked for: it lets sources with an interval rest until that is over."""


def run_tags(space: str, shard_count: int, job_id: str = "") -> dict[str, str]:
    """The tags that make one run cover every shard of a space. Keys stand in the order of the dimensions' names."""
    tags = {SPACE_TAG: space} | ({JOB_TAG: job_id} if job_id else {})
    if shard_count == 1:
        key = dg.MultiPartitionKey({"space": space, "shard": SHARD_KEYS[0]})
        return tags | {
            "dagster/partition": str(key),
            "dagster/partition/space": space,
            "dagster/partition/shard": SHARD_KEYS[0],
        }
    return tags | {
        "dagster/asset_partition_range_start": f"{SHARD_KEYS[0]}|{space}",
        "dagster/asset_partition_range_end": f"{SHARD_KEYS[shard_count - 1]}|{space}",
    }


def covered(keys: Sequence[str]) -> tuple[str, list[int]]:
    """The space and the shards that a run's partition keys name.

    Raises:
        dagster.Failure: They name more than one space.
    """
    pairs = [key.split("|", 1) for key in keys]
    spaces = {space for _, space in pairs}
    if len(spaces) != 1:
        raise dg.Failure(
            f"A run works on one space, this one was started for {len(spaces)}: {', '.join(sorted(spaces)[:5])}. "
            "Start one run for each.",
            allow_retries=False,
        )
    return spaces.pop(), sorted(int(shard) for shard, _ in pairs)

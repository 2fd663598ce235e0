"""When ranking profiles are learned: after new judged sets, and when a fifth of a space's documents has changed.

A run of its own, so that no ingestion waits for it.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from rage_assets.partitions import SPACES
from rage_assets.ranking.assets import LEARN_RANKING, RANKING_TAG, ranking_tags
from rage_assets.ranking.learn import due
from resources.errors import RageError
from resources.platform import Platform
from resources.postgres import ranking_profiles, spaces
from resources.settings import settings

_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    name="outdated_rankings",
    job=LEARN_RANKING,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Learns a space's ranking anew when its judged sets or a fifth of its documents have changed.",
)
def outdated_rankings(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    platform = Platform(settings(), "worker")
    try:
        return evaluate(context, platform)
    finally:
        platform.close()


def evaluate(context: Any, platform: Platform) -> dg.SensorResult:
    """One tick: asks for a run for each space whose profile is outdated and has come to rest since the last tick."""
    known = set(context.instance.get_dynamic_partitions(str(SPACES.name)))
    waited = set((context.cursor or "").split("\n"))
    wanted = dict(outdated(platform))
    ready = {name: key for name, key in wanted.items() if key in waited and not _is_active(context, name)}
    new_keys = [name for name in ready if name not in known]
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key, tags=ranking_tags(name)) for name, key in ready.items()],
        dynamic_partitions_requests=[SPACES.build_add_request(new_keys)] if new_keys else None,
        cursor="\n".join(sorted(wanted.values())),
        skip_reason=None if ready else dg.SkipReason(f"{len(wanted)} space(s) wait to come to rest."),
    )


def outdated(platform: Platform) -> Iterator[tuple[str, str]]:
    """The spaces whose profile should be learned anew, each with a key for the state in which it is."""
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        try:
            with platform.content(space["database"]).transaction(space=space["id"]) as connection:
                ground = ranking_profiles.ground(connection, space["id"])
        except RageError:  # a database of its own that does not answer now
            continue
        if ground is not None and due(ground):
            yield space["name"], f"{space['id']}:{space['epoch']}:{ground.index_version}:{ground.fingerprint}"


def _is_active(context: Any, space: str) -> bool:
    return bool(context.instance.get_run_records(dg.RunsFilter(statuses=_ACTIVE, tags={RANKING_TAG: space}), limit=1))

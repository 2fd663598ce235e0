"""One sensor for each kind of source: asks for a run when a source differs from what is known of it.

Each tick has a time budget and a cursor: a source too large for one tick is looked at in turns. The same differences ask for
a run once, so that a run which fails over and over is not started over and over.
"""

import hashlib
import json
import time
from contextlib import suppress
from typing import Any

import dagster as dg

from rage_assets.jobs import INGEST
from rage_assets.partitions import DUE_TAG, SPACE_TAG, SPACES, run_tags
from rage_assets.raw.access import AccessFiles
from rage_assets.raw.diff import Look, diff, look
from rage_assets.raw.sources import open_source
from rage_assets.recipe import recipe_of
from resources.domain import Source
from resources.errors import RageError
from resources.intake import KINDS
from resources.platform import Platform
from resources.postgres import access_rules, sources, spaces, staging
from resources.settings import settings

# Dagster cuts a tick off after 60 seconds.
BUDGET_S = 25.0
_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def source_sensor(kind: str) -> dg.SensorDefinition:
    """The sensor for sources of one kind that have no schedule of their own."""

    @dg.sensor(
        name=f"{kind}_sources",
        job=INGEST,
        minimum_interval_seconds=settings().sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Finds new, changed and removed files in sources of kind {kind}.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        platform = Platform(settings(), "worker")
        try:
            return evaluate(context, platform, kind, time.monotonic() + BUDGET_S)
        finally:
            platform.close()

    return sensor


def evaluate(context: Any, platform: Platform, kind: str, deadline: float) -> dg.SensorResult:
    """One tick: looks at the sources of `kind` until `deadline` (monotonic seconds), the longest unseen first."""
    positions: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    differing: dict[str, tuple[dict[str, Any], list[str]]] = {}
    notes: list[str] = []
    new_keys: set[str] = set()
    seen = []
    listed = _sources(platform, kind, positions)
    for space, source in listed:
        if time.monotonic() > deadline:
            break
        seen.append(str(source.id))
        if _is_active(context, space["name"]):
            continue
        try:
            found = look_at(platform, space, source, positions.get(str(source.id), ""), deadline)
        except RageError as error:
            notes.append(f"{space['name']}/{source.name}: {error}")
            positions.pop(str(source.id), None)
            with suppress(RageError), platform.content(space["database"]).transaction(space=space["id"]) as connection:
                sources.remember_scan(connection, source.id, device=None, error=str(error))
            continue
        positions[str(source.id)] = found.reached
        if found.differs:
            differing.setdefault(space["name"], (space, []))[1].append(f"{source.id}:{found.fingerprint}")
            if not context.instance.has_dynamic_partition(str(SPACES.name), space["name"]):
                new_keys.add(space["name"])
    # one run covers all sources of a space, but for those that have an interval, which is not over
    requests = [
        dg.RunRequest(run_key="+".join(sorted(prints)), tags=run_tags(space["name"], space["shards"]) | DUE_TAG)
        for space, prints in differing.values()
    ]
    # those not reached stand first, so that the next tick begins with them
    left = [str(source.id) for _, source in listed if str(source.id) not in seen]
    order = {key: positions.get(key, "") for key in [*left, *seen]}
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=[SPACES.build_add_request(sorted(new_keys))] if new_keys else None,
        cursor=json.dumps(order),
        skip_reason=("; ".join(notes) or "Nothing differs.") if not requests else None,
    )


def look_at(platform: Platform, space: dict[str, Any], source: Source, after: str, deadline: float) -> Look:
    """What differs in one source, behind the path `after`."""
    shards = list(range(space["shards"]))
    with platform.content(space["database"]).transaction(space=space["id"]) as connection:
        reader = open_source(source, space["id"], platform)
        gone = {
            row["document_id"]
            for row in connection.execute("SELECT document_id FROM exclusions WHERE space_id = %s", (space["id"],))
        }
        access = AccessFiles(access_rules.known_files(connection, source.id))
        files = access.apart(reader.scan())
        known = (row for row in staging.known(connection, source.id, shards) if row["id"] not in gone)
        seen = (file for file in files if not gone or _id(source, file.path) not in gone)
        differences = diff(seen, known, recipe_of, platform.settings.max_attempts)
        found = look(differences, after, lambda: time.monotonic() > deadline)
        if not access.differ(complete=not found.reached):
            return found
        marks = hashlib.sha256(repr(access.marks()).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return Look(True, f"{found.fingerprint}-{marks}", found.reached)


def _id(source: Source, path: str) -> Any:
    from resources.identity import document_id

    return document_id(source.id, path)


def _sources(platform: Platform, kind: str, positions: dict[str, str]) -> list[tuple[dict[str, Any], Source]]:
    """The sources of a kind in their turn; those in a database of its own that does not answer now are left out."""
    found: list[tuple[dict[str, Any], Source]] = []
    with platform.database.transaction() as connection:
        listed = [spaces.identify(connection, name) for name in spaces.names(connection)]
    for space in listed:
        with suppress(RageError), platform.content(space["database"]).transaction(space=space["id"]) as connection:
            found += [
                (space, source)
                for source in sources.listing(connection, space["id"])
                if source.kind == kind and source.every_seconds is None
            ]
    turn = {key: index for index, key in enumerate(positions)}
    return sorted(found, key=lambda item: turn.get(str(item[1].id), -1))


def _is_active(context: Any, space: str) -> bool:
    """Whether a run of the space waits or works; what it leaves is seen at the next tick."""
    runs = context.instance.get_run_records(
        dg.RunsFilter(statuses=_ACTIVE, tags={SPACE_TAG: space}, job_name=INGEST.name), limit=1
    )
    return bool(runs)


SOURCE_SENSORS = [source_sensor(kind) for kind in KINDS]

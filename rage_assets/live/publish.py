"""The last stage: publishes what is staged, removes what is gone, and leaves every store equal to the truth.

An index version that is created while a run goes on sends back what the run has embedded: it is made for that version,
too, and published by the same run.
"""

from typing import Any

from rage_assets.embeddings.checks import check_vectors
from rage_assets.embeddings.embed import embed_staged
from rage_assets.lexical.index import close_indexes, index_staged, open_indexes
from rage_assets.lexical.indexes import Indexes
from rage_assets.live.receipts import check_receipts
from rage_assets.raw.sources import forget_source
from rage_assets.run_record import end_run
from rage_assets.work import Work
from resources.errors import RageError
from resources.postgres import garbage, index_versions, outbox, publication, runs, spaces, staging

_REMOVED_TOGETHER = 500


def publish_staged(work: Work) -> dict[str, int]:
    """Publishes and removes, batch by batch, each batch in one transaction; then clears away.

    Returns:
        Counts: `published`, `removed`, `vectors_removed`, `objects_removed`, `receipts`.
    """
    totals = {"published": 0, "removed": 0, "vectors_removed": 0, "objects_removed": 0, "receipts": 0}
    indexes: Indexes | None = None
    try:
        while True:
            for batch in work.batches("indexed"):
                indexes = indexes or open_indexes(work)
                totals["published"] += _publish(work, indexes, batch)
                work.progress("publish", totals["published"], None)
            if not _sent_back(work):
                break
            close_indexes(work)
            indexes = None
            _make_again(work)
        while removals := _removals(work):
            indexes = indexes or open_indexes(work)
            _remove(work, indexes, removals)
            totals["removed"] += len(removals)
            work.progress("remove", totals["removed"], None)
        totals["vectors_removed"], totals["objects_removed"] = _clear(work)
        totals["receipts"] = check_receipts(work, lambda: indexes or open_indexes(work))
    finally:
        close_indexes(work)
    _forget_removed_sources(work)
    return totals


def _sent_back(work: Work) -> bool:
    with work.transaction() as connection:
        return staging.has_stages(connection, work.space_id, work.shards, ("passed", "embedded"))


def _make_again(work: Work) -> None:
    """Takes what an index version sent back through the stages before publication once more."""
    embed_staged(work)
    if check_vectors(work).held_back:
        raise RageError(
            "The gate vectors_are_sound held the batch back.",
            hint="`rage quarantine list` and the check's metadata in the Dagster UI name the documents.",
        )
    index_staged(work)


def _publish(work: Work, indexes: Indexes, batch: list[dict[str, Any]]) -> int:
    with work.transaction() as connection:
        index_versions.share(connection, work.space_id)
        # an index version that was created meanwhile sent back what is not made for it
        ids = staging.at_stage(connection, [row["id"] for row in batch], "indexed")
        row = connection.execute(
            "SELECT array_agg(version_id) AS versions FROM documents d WHERE id = ANY(%s) AND NOT EXISTS "
            "(SELECT 1 FROM staged_documents s WHERE s.id = d.id AND s.version_id = d.version_id)",
            (ids,),
        ).fetchone()
        publication.publish(connection, work.space_id, ids)
    old = (row or {}).get("versions")
    if not old or indexes.delete_versions(old):
        with work.transaction() as connection:
            outbox.cross_off_current(connection, ids)
            if old:  # until now their entries took the places of others, and what was found so is not remembered
                spaces.bump_epoch(connection, work.space_id)
    return len(ids)


def _removals(work: Work) -> list[dict[str, Any]]:
    with work.transaction() as connection:
        return publication.removals(connection, work.space_id, work.shards, _REMOVED_TOGETHER)


def _remove(work: Work, indexes: Indexes, removals: list[dict[str, Any]]) -> None:
    ids = [row["id"] for row in removals]
    with work.transaction() as connection:
        outbox.note(connection, work.space_id, ids)
        publication.remove(connection, work.space_id, ids, work.run_id)
    if indexes.replace(ids, []):
        with work.transaction() as connection:
            outbox.cross_off(connection, ids)
            spaces.bump_epoch(connection, work.space_id)


def _clear(work: Work) -> tuple[int, int]:
    """Removes vectors and bytes that nobody refers to; each note is crossed off when it is certain."""
    with work.transaction() as connection:
        removed_vectors = garbage.remove_unused_vectors(connection, work.space_id)
    removed_objects = 0
    with work.transaction() as connection:
        for sha256 in garbage.unused_objects(connection, work.space_id):
            removed_objects += work.platform.objects.delete(work.space_id, sha256)
        garbage.forget_objects(connection, work.space_id)
    return removed_vectors, removed_objects


def _forget_removed_sources(work: Work) -> None:
    """A source that a person removed goes with its last document."""
    with work.transaction() as connection:
        gone = connection.execute(
            "DELETE FROM sources r WHERE r.space_id = %s AND r.removing "
            "AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.source_id = r.id) RETURNING r.id",
            (work.space_id,),
        ).fetchall()
    for row in gone:
        forget_source(row["id"], work.platform.settings.home)


def finish_run(work: Work) -> dict[str, Any]:
    """Ends the run's own record and returns it."""
    with work.transaction() as connection:
        row = runs.by_dagster_id(connection, work.run_id)
    assert row is not None
    space = {"id": work.space_id, "name": work.space, "database": work.database}
    return end_run(work.platform, space, row["id"]) or row

"""Staged documents: what a run is about to publish. Readers never see these rows.

A staged document moves through the stages scanned → parsed → passed → embedded → indexed and leaves by publication or by
quarantine. A run that was killed leaves its rows; the next run adopts those whose bytes are still the same.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from resources.postgres.database import Connection, copy_rows

_DOCUMENT = (
    "id",
    "space_id",
    "source_id",
    "parent_id",
    "path",
    "shard",
    "change",
    "stage",
    "size",
    "mtime_ns",
    "sha256",
    "version_id",
    "parser",
    "run_id",
    "code_version",
)


def known(connection: Connection, source_id: UUID, shards: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What is known of a source's documents, live or in quarantine, in the order of their paths' bytes, streamed.

    Those that stand inside others are left out: a source does not list them.
    """
    with connection.cursor(name="known") as cursor:
        cursor.itersize = 5000
        cursor.execute(
            """
            SELECT COALESCE(d.path, q.path) AS path, COALESCE(d.id, q.document_id) AS id,
                   d.size, d.mtime_ns, d.sha256, d.media_type, d.parser, d.state,
                   q.size AS q_size, q.mtime_ns AS q_mtime_ns, q.sha256 AS q_sha256, q.parser AS q_parser,
                   q.reason AS q_reason, q.retryable, q.retry_requested, q.attempts
            FROM (SELECT * FROM documents WHERE source_id = %(source)s AND shard = ANY(%(shards)s)
                  AND parent_id IS NULL) d
            FULL JOIN (SELECT * FROM quarantine WHERE source_id = %(source)s AND shard = ANY(%(shards)s)
                       AND parent_id IS NULL) q ON q.document_id = d.id
            ORDER BY 1
            """,
            {"source": source_id, "shards": list(shards)},
        )
        yield from cursor


def excluded(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these documents a person deleted, so that their source may not bring them back."""
    rows = connection.execute("SELECT document_id FROM exclusions WHERE document_id = ANY(%s)", (list(ids),))
    return {row["document_id"] for row in rows}


def adopt(connection: Connection, run_id: str, versions: dict[UUID, UUID]) -> set[UUID]:
    """Takes over staged documents (id → version) that an earlier run left; returns which were there."""
    rows = connection.execute(
        "UPDATE staged_documents s SET run_id = %s FROM unnest(%s::uuid[], %s::uuid[]) AS t(id, version_id) "
        "WHERE s.id = t.id AND s.version_id = t.version_id AND s.change <> 'removed' RETURNING s.id",
        (run_id, list(versions), list(versions.values())),
    )
    return {row["id"] for row in rows}


def stage(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Stages documents, each row with the columns of `_DOCUMENT`; an earlier staging of the same document goes."""
    connection.execute("DELETE FROM staged_documents WHERE id = ANY(%s)", ([row["id"] for row in rows],))
    copy_rows(connection, "staged_documents", _DOCUMENT, (tuple(row[c] for c in _DOCUMENT) for row in rows))


def touch(connection: Connection, seen: Sequence[tuple[UUID, int, int]]) -> None:
    """Notes the new size and time of documents whose bytes are as they were."""
    if not seen:
        return
    arrays = [list(column) for column in zip(*seen, strict=True)]
    for table, key in (("documents", "id"), ("quarantine", "document_id")):
        connection.execute(
            f"UPDATE {table} x SET size = t.size, mtime_ns = t.mtime_ns "
            "FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS t(id, size, mtime_ns) "
            f"WHERE x.{key} = t.id",
            arrays,
        )


def discard_others(connection: Connection, space_id: UUID, shards: Sequence[int], run_id: str) -> int:
    """Drops what earlier runs staged and this one did not see again."""
    return connection.execute(
        "DELETE FROM staged_documents WHERE space_id = %s AND shard = ANY(%s) AND run_id <> %s",
        (space_id, list(shards), run_id),
    ).rowcount


def batches(
    connection_of: Any,
    space_id: UUID,
    shards: Sequence[int],
    stages: Sequence[str],
    documents: int,
    size: int,
    *,
    unmade: bool = False,
) -> Iterator[list[dict[str, Any]]]:
    """Staged documents at `stages`, by id, in batches of at most so many documents and (but for one) bytes.

    Args:
        connection_of: Gives a fresh transaction for each batch, so that none stays open over the work on it.
        space_id: The space.
        shards: Which shards of it.
        stages: The stages to take.
        documents: The most documents in a batch.
        size: The most raw bytes in a batch.
        unmade: Only documents of which no index version has anything yet.
    """
    after = UUID(int=0)
    while True:
        with connection_of() as connection:
            rows = connection.execute(
                "SELECT * FROM staged_documents WHERE space_id = %s AND shard = ANY(%s) AND stage = ANY(%s) "
                "AND change <> 'removed' AND id > %s AND (NOT %s OR made_for = '{}') ORDER BY id LIMIT %s",
                (space_id, list(shards), list(stages), after, unmade, documents),
            ).fetchall()
        if not rows:
            return
        batch: list[dict[str, Any]] = []
        total = 0
        for row in rows:
            if batch and total + row["size"] > size:
                break
            batch.append(row)
            total += row["size"]
        after = batch[-1]["id"]
        yield batch


def save_parsed(connection: Connection, rows: Sequence[tuple[UUID, str, str, str | None, str]]) -> None:
    """Notes `(id, title, media_type, language, recipe)` of documents whose blocks were saved."""
    if rows:
        connection.execute(
            "UPDATE staged_documents s SET title = t.title, media_type = t.media_type, language = t.language, "
            "parser = t.parser, stage = 'parsed' FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[]) "
            "AS t(id, title, media_type, language, parser) WHERE s.id = t.id",
            [list(column) for column in zip(*rows, strict=True)],
        )


def set_stage(connection: Connection, ids: Sequence[UUID], stage_name: str) -> None:
    """Moves documents to a stage; `indexed` become only those that no new index version has sent back meanwhile."""
    connection.execute(
        "UPDATE staged_documents SET stage = %(stage)s WHERE id = ANY(%(ids)s) "
        "AND (%(stage)s <> 'indexed' OR stage = 'embedded')",
        {"stage": stage_name, "ids": list(ids)},
    )


def has_stages(connection: Connection, space_id: UUID, shards: Sequence[int], stages: Sequence[str]) -> bool:
    """Whether any staged document of these shards is at one of the stages."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM staged_documents WHERE space_id = %s AND shard = ANY(%s) AND stage = ANY(%s) "
        "AND change <> 'removed') AS found",
        (space_id, list(shards), list(stages)),
    ).fetchone()
    return bool(row and row["found"])


def set_made(connection: Connection, ids: Sequence[UUID], version: UUID) -> None:
    """Notes that documents have all passages and vectors in an index version."""
    connection.execute(
        "UPDATE staged_documents SET made_for = made_for || %s WHERE id = ANY(%s) AND NOT (%s = ANY(made_for))",
        (version, list(ids), version),
    )


def set_embedded(connection: Connection, ids: Sequence[UUID]) -> None:
    """Moves on those of the documents that passed the gate."""
    connection.execute(
        "UPDATE staged_documents SET stage = 'embedded' WHERE id = ANY(%s) AND stage = 'passed'", (list(ids),)
    )


def at_stage(connection: Connection, ids: Sequence[UUID], stage_name: str) -> list[UUID]:
    """Those of the documents that are at that stage."""
    rows = connection.execute(
        "SELECT id FROM staged_documents WHERE id = ANY(%s) AND stage = %s ORDER BY id", (list(ids), stage_name)
    )
    return [row["id"] for row in rows]


def samples(connection: Connection, space_id: UUID, run_id: str, limit: int = 5) -> list[dict[str, Any]]:
    """A few staged documents of a run, for a person to look at."""
    return connection.execute(
        "SELECT path, change, stage, size, title FROM staged_documents WHERE space_id = %s AND run_id = %s "
        "ORDER BY path LIMIT %s",
        (space_id, run_id, limit),
    ).fetchall()

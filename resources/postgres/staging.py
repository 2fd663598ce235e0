"""Staged documents: what a run is about to publish. Readers never see these rows.

A staged document moves through the stages scanned → parsed → passed → embedded → indexed and leaves by publication or by
quarantine. A run that was killed leaves its rows; the next run adopts those whose bytes are still the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

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
                   d.size, d.mtime_ns, d.sha256, d.parser, d.state,
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


def save_blocks(connection: Connection, space_id: UUID, blocks: Iterable[tuple[Any, ...]]) -> int:
    """Writes staged blocks `(document_id, id, order, type, text, language, page, section, metadata)`."""
    columns = ("space_id", "document_id", "id", "order", "type", "text", "language", "page", "section", "metadata")
    return copy_rows(connection, "staged_blocks", columns, ((space_id, *row[:-1], Jsonb(row[-1])) for row in blocks))


def save_parsed(connection: Connection, rows: Sequence[tuple[UUID, str, str, str | None]]) -> None:
    """Notes `(id, title, media_type, language)` of documents whose blocks were saved."""
    if rows:
        connection.execute(
            "UPDATE staged_documents s SET title = t.title, media_type = t.media_type, language = t.language, "
            "stage = 'parsed' FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) "
            "AS t(id, title, media_type, language) WHERE s.id = t.id",
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


def stream_blocks(
    connection_of: Callable[[], AbstractContextManager[Connection]],
    ids: Sequence[UUID],
    size: int = 5_000,
    octets: int = 8_000_000,
    *,
    live: bool = False,
) -> Iterator[dict[str, Any]]:
    """The staged blocks of documents of any length, by document and order: in parts, each in a transaction of its own.

    Args:
        connection_of: Gives a transaction.
        ids: The documents.
        size: The most blocks in a part.
        octets: A part ends with the block whose text goes beyond this.
        live: Whether the live blocks are read instead.
    """
    table: LiteralString = "blocks" if live else "staged_blocks"
    document, order = UUID(int=0), -1
    while True:
        with connection_of() as connection:
            rows = connection.execute(
                # the length in octets is known without reading the text
                "SELECT * FROM (SELECT *, count(*) OVER () AS there, "
                'sum(octet_length(text)) OVER (ORDER BY document_id, "order") - octet_length(text) AS before '
                f"FROM (SELECT * FROM {table} WHERE document_id = ANY(%s) "
                'AND (document_id, "order") > (%s, %s) ORDER BY document_id, "order" LIMIT %s) following) measured '
                'WHERE before < %s ORDER BY document_id, "order"',
                (list(ids), document, order, size, octets),
            ).fetchall()
        yield from rows
        if not rows or rows[-1]["there"] == len(rows) < size:
            return
        document, order = rows[-1]["document_id"], rows[-1]["order"]


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


def passages_of(connection: Connection, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The staged passages of these documents with title, path and versions, by index version, document and order."""
    return connection.execute(
        "SELECT p.*, s.title, s.path, s.version_id, s.language FROM staged_passages p JOIN staged_documents s "
        'ON s.id = p.document_id WHERE p.document_id = ANY(%s) ORDER BY p.index_version, p.document_id, p."order"',
        (list(ids),),
    ).fetchall()


def stream_passages(
    connection_of: Callable[[], AbstractContextManager[Connection]], ids: Sequence[UUID], size: int = 5_000
) -> Iterator[dict[str, Any]]:
    """The same, of any number: read in parts, each in a transaction of its own; for the parameters see `stream_blocks`."""
    after: tuple[UUID, UUID, int] = (UUID(int=0), UUID(int=0), -1)
    while True:
        with connection_of() as connection:
            rows = connection.execute(
                "SELECT p.*, s.title, s.path, s.version_id, s.language FROM staged_passages p "
                "JOIN staged_documents s ON s.id = p.document_id "
                'WHERE p.document_id = ANY(%s) AND (p.index_version, p.document_id, p."order") > (%s, %s, %s) '
                'ORDER BY p.index_version, p.document_id, p."order" LIMIT %s',
                (list(ids), *after, size),
            ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        after = (rows[-1]["index_version"], rows[-1]["document_id"], rows[-1]["order"])


def save_passages(connection: Connection, space_id: UUID, rows: Iterable[tuple[Any, ...]]) -> int:
    """Writes staged passages.

    Args:
        connection: Of the pipeline.
        space_id: The space.
        rows: `(index_version, document_id, id, order, section, text, text_hash, block_ids, types, languages)`.
    """
    columns = (
        "space_id",
        "index_version",
        "document_id",
        "id",
        "order",
        "section",
        "text",
        "text_hash",
        "block_ids",
        "types",
        "languages",
    )
    return copy_rows(connection, "staged_passages", columns, ((space_id, *row) for row in rows))


def at_stage(connection: Connection, ids: Sequence[UUID], stage_name: str) -> list[UUID]:
    """Those of the documents that are at that stage."""
    rows = connection.execute(
        "SELECT id FROM staged_documents WHERE id = ANY(%s) AND stage = %s ORDER BY id", (list(ids), stage_name)
    )
    return [row["id"] for row in rows]


def live_text_lengths(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many characters of text the live versions of these documents have."""
    rows = connection.execute(
        "SELECT document_id, sum(length(text)) AS characters FROM blocks WHERE document_id = ANY(%s) GROUP BY 1",
        (list(ids),),
    )
    return {row["document_id"]: int(row["characters"]) for row in rows}


def samples(connection: Connection, space_id: UUID, run_id: str, limit: int = 5) -> list[dict[str, Any]]:
    """A few staged documents of a run, for a person to look at."""
    return connection.execute(
        "SELECT path, change, stage, size, title FROM staged_documents WHERE space_id = %s AND run_id = %s "
        "ORDER BY path LIMIT %s",
        (space_id, run_id, limit),
    ).fetchall()

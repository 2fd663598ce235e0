"""Filling an index version with the documents that were live before it; what comes later arrives complete."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from resources.postgres.database import Connection, copy_rows

# rows as `rage_assets.embeddings.embed.make` gives them, and what their live document adds
_COLUMNS = (
    *("index_version", "document_id", "id", "order", "section", "text", "text_hash", "block_ids", "types", "languages"),
    *("space_id", "source_id", "version_id", "access_id"),
)


class Place(NamedTuple):
    """A place in the order of a space's documents; a reading goes on behind it."""

    path: str = ""
    document: UUID = UUID(int=0)


def lacking(
    connection: Connection, space_id: UUID, version: UUID, after: Place, documents: int, size: int
) -> list[dict[str, Any]]:
    """Live documents that a version has nothing of, behind `after`: `id`, `path`, `version_id`.

    Args:
        connection: Of the pipeline.
        space_id: The space.
        version: The index version.
        after: Where the last batch ended.
        documents: At most so many.
        size: And (but for one) at most so many raw bytes.
    """
    rows = connection.execute(
        "SELECT d.id, d.path, d.version_id, d.size FROM documents d WHERE d.space_id = %s AND d.state = 'live' "
        "AND (d.path, d.id) > (%s, %s) AND NOT EXISTS "
        "(SELECT 1 FROM passages p WHERE p.document_id = d.id AND p.index_version = %s) "
        "ORDER BY d.path, d.id LIMIT %s",
        (space_id, after.path, after.document, version, documents),
    ).fetchall()
    total = 0
    for index, row in enumerate(rows):
        total += row["size"]
        if index and total > size:
            return rows[:index]
    return rows


def hold(connection: Connection, seen: dict[UUID, UUID]) -> dict[UUID, dict[str, Any]]:
    """Those of the documents (id → version) that are still as they were seen, held until this transaction ends."""
    rows = connection.execute(
        "SELECT d.id, d.space_id, d.source_id, d.version_id, d.access_id FROM documents d "
        "JOIN unnest(%s::uuid[], %s::uuid[]) AS t(id, version_id) ON t.id = d.id AND t.version_id = d.version_id "
        "WHERE d.state = 'live' ORDER BY d.id FOR SHARE OF d",
        (list(seen), list(seen.values())),
    )
    return {row["id"]: row for row in rows}


def save_passages(connection: Connection, held: dict[UUID, dict[str, Any]], rows: Iterable[tuple[Any, ...]]) -> int:
    """Writes live passages of documents that `hold` gave; returns how many."""
    full = (
        (*row, *(held[row[1]][column] for column in ("space_id", "source_id", "version_id", "access_id"))) for row in rows
    )
    return copy_rows(connection, "passages", _COLUMNS, full)


def note(connection: Connection, space_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Notes in the lexical outbox that entries of these documents are about to change.

    Returns:
        Those that were not noted before; the others are for whoever noted them to cross off.
    """
    rows = connection.execute(
        "INSERT INTO lexical_outbox (document_id, space_id) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING "
        "RETURNING document_id",
        (sorted(ids), space_id),
    )
    return [row["document_id"] for row in rows]


def flaws(connection: Connection, space_id: UUID, version: UUID) -> dict[str, int]:
    """What a version is short of: live `documents` without passages, and `vectors` without which passages stand."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM documents d WHERE d.space_id = %(space)s AND d.state = 'live' AND NOT EXISTS "
        "(SELECT 1 FROM passages p WHERE p.document_id = d.id AND p.index_version = %(version)s)) AS documents, "
        "(SELECT count(DISTINCT p.text_hash) FROM passages p WHERE p.index_version = %(version)s AND NOT EXISTS "
        "(SELECT 1 FROM vectors v WHERE v.index_version = %(version)s AND v.text_hash = p.text_hash)) AS vectors",
        {"space": space_id, "version": version},
    ).fetchone()
    assert row is not None
    return row

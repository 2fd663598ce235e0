"""The lexical outbox: documents whose entries in the lexical index may differ from the truth.

Noted before the index is touched and crossed off when both agree, so that a kill in between is healed by the next run.
A document that went live while the index could not be reached is `behind`: searches say so until it is healed.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from resources.postgres.database import Connection

_TOGETHER = 2_000


def note(connection: Connection, space_id: UUID, ids: Sequence[UUID]) -> None:
    """Notes that the index is about to change for these documents."""
    connection.execute(
        "INSERT INTO lexical_outbox (document_id, space_id) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING",
        (sorted(ids), space_id),
    )


def note_all(connection: Connection, space_id: UUID, *, behind: bool) -> int:
    """Notes every live document of a space: the index is to be built anew.

    Args:
        connection: Of the pipeline.
        space_id: The space.
        behind: Whether searches find the documents missing until then.
    """
    # what is staged goes live before it could be healed, and the index that held it is gone
    return connection.execute(
        "INSERT INTO lexical_outbox (document_id, space_id, behind) "
        "SELECT id, space_id, %(behind)s FROM documents WHERE space_id = %(space)s UNION "
        "SELECT id, space_id, %(behind)s FROM staged_documents WHERE space_id = %(space)s AND stage = 'indexed' "
        "ON CONFLICT (document_id) DO UPDATE SET behind = lexical_outbox.behind OR EXCLUDED.behind",
        {"space": space_id, "behind": behind},
    ).rowcount


def set_behind(connection: Connection, ids: Sequence[UUID], behind: bool) -> None:
    """Says of noted documents whether the index lacks them."""
    connection.execute("UPDATE lexical_outbox SET behind = %s WHERE document_id = ANY(%s)", (behind, list(ids)))


def pending(connection: Connection, space_id: UUID, limit: int) -> list[UUID]:
    """Noted documents that no run has staged."""
    rows = connection.execute(
        "SELECT document_id FROM lexical_outbox o WHERE space_id = %s AND NOT EXISTS "
        "(SELECT 1 FROM staged_documents s WHERE s.id = o.document_id) ORDER BY 1 LIMIT %s",
        (space_id, limit),
    )
    return [row["document_id"] for row in rows]


def is_noted(connection: Connection, space_id: UUID) -> bool:
    """Whether any document of the space is noted."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM lexical_outbox WHERE space_id = %s) AS noted", (space_id,)
    ).fetchone()
    return bool(row and row["noted"])


def live_passages(
    connection: Connection, ids: Sequence[UUID], index_version: UUID | None = None
) -> Iterator[dict[str, Any]]:
    """The live passages of these documents with title, path and versions: what the indexes, or one, should hold.

    They are streamed, for one document may have millions: the transaction stays open meanwhile.
    """
    with connection.cursor(name="live_passages") as cursor:
        cursor.itersize = _TOGETHER
        cursor.execute(
            "SELECT p.id, p.document_id, p.version_id, p.index_version, p.section, p.text, p.types, p.languages, "
            "d.title, d.language, d.path FROM passages p JOIN documents d ON d.id = p.document_id "
            "WHERE p.document_id = ANY(%(ids)s) AND (%(version)s::uuid IS NULL OR p.index_version = %(version)s) "
            'ORDER BY p.index_version, p.document_id, p."order"',
            {"ids": list(ids), "version": index_version},
        )
        yield from cursor


def count_live(connection: Connection, index_version: UUID) -> int:
    """How many passages the index of that version should hold."""
    row = connection.execute("SELECT count(*) AS n FROM passages WHERE index_version = %s", (index_version,)).fetchone()
    return int(row["n"]) if row else 0


def cross_off(connection: Connection, ids: Sequence[UUID]) -> None:
    """The index agrees with the truth for these documents."""
    connection.execute("DELETE FROM lexical_outbox WHERE document_id = ANY(%s)", (list(ids),))


def cross_off_current(connection: Connection, ids: Sequence[UUID]) -> None:
    """The index agrees for those of these documents that are not behind."""
    connection.execute("DELETE FROM lexical_outbox WHERE document_id = ANY(%s) AND NOT behind", (list(ids),))


def is_behind(connection: Connection, space_id: UUID) -> bool:
    """Whether any document of the space is missing in the index."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM lexical_outbox WHERE space_id = %s AND behind) AS behind", (space_id,)
    ).fetchone()
    return bool(row and row["behind"])


def count_documents(connection: Connection, space_id: UUID) -> int:
    """How many live documents a space has."""
    row = connection.execute("SELECT count(*) AS n FROM documents WHERE space_id = %s", (space_id,)).fetchone()
    return int(row["n"]) if row else 0


def document_ids(connection: Connection, space_id: UUID, after: UUID, limit: int) -> list[UUID]:
    """Live documents of a space in the order of their ids, beginning behind `after`."""
    rows = connection.execute(
        "SELECT id FROM documents WHERE space_id = %s AND id > %s ORDER BY id LIMIT %s", (space_id, after, limit)
    )
    return [row["id"] for row in rows]


def live_versions(connection: Connection, index_version: UUID, prefix: str = "") -> dict[tuple[UUID, UUID], int]:
    """The passages of each (document, version) that the index should hold, of documents whose ids begin with `prefix`."""
    first, last = UUID(hex=prefix.ljust(32, "0")), UUID(hex=prefix.ljust(32, "f"))
    rows = connection.execute(
        "SELECT document_id, version_id, count(*) AS n FROM passages WHERE index_version = %s "
        "AND document_id BETWEEN %s AND %s GROUP BY 1, 2",
        (index_version, first, last),
    )
    return {(row["document_id"], row["version_id"]): int(row["n"]) for row in rows}


def staged(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these documents that a run has staged, and whose entries are that run's matter."""
    rows = connection.execute("SELECT id FROM staged_documents WHERE id = ANY(%s)", (list(ids),))
    return {row["id"] for row in rows}


def indexed(connection: Connection, space_id: UUID) -> list[UUID]:
    """Staged documents whose entries are in the index already, and that will go live next."""
    rows = connection.execute(
        "SELECT id FROM staged_documents WHERE space_id = %s AND stage = 'indexed' AND change <> 'removed'", (space_id,)
    )
    return [row["id"] for row in rows]

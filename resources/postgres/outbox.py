"""The lexical outbox: documents whose entries in the lexical index may differ from the truth.

Noted before the index is touched and crossed off when both agree, so that a kill in between is healed by the next run.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from resources.postgres.database import Connection


def note(connection: Connection, space_id: UUID, ids: Sequence[UUID]) -> None:
    """Notes that the index is about to change for these documents."""
    connection.execute(
        "INSERT INTO lexical_outbox (document_id, space_id) SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING",
        (sorted(ids), space_id),
    )


def note_all(connection: Connection, space_id: UUID) -> int:
    """Notes every live document of a space: the index is to be built anew."""
    return connection.execute(
        "INSERT INTO lexical_outbox (document_id, space_id) SELECT id, space_id FROM documents WHERE space_id = %s "
        "ON CONFLICT DO NOTHING",
        (space_id,),
    ).rowcount


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


def live_passages(connection: Connection, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The live passages of these documents with title, path and version: what the index should hold."""
    return connection.execute(
        "SELECT p.id, p.document_id, p.version_id, p.section, p.text, d.title, d.path FROM passages p "
        'JOIN documents d ON d.id = p.document_id WHERE p.document_id = ANY(%s) ORDER BY p.document_id, p."order"',
        (list(ids),),
    ).fetchall()


def count_live(connection: Connection, space_id: UUID) -> int:
    """How many passages the index should hold."""
    row = connection.execute("SELECT count(*) AS n FROM passages WHERE space_id = %s", (space_id,)).fetchone()
    return int(row["n"]) if row else 0


def cross_off(connection: Connection, ids: Sequence[UUID]) -> None:
    """The index agrees with the truth for these documents."""
    connection.execute("DELETE FROM lexical_outbox WHERE document_id = ANY(%s)", (list(ids),))

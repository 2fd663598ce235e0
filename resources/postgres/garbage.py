"""What nobody refers to any more: noted before it can arise, removed when it is certain, whoever is killed in between."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from resources.postgres.database import Connection


def note_objects(connection: Connection, space_id: UUID, hashes: Sequence[bytes]) -> None:
    """Notes bytes that are about to be stored, so that a kill before anything refers to them leaves no orphan."""
    connection.execute(
        "INSERT INTO garbage_objects (space_id, sha256) SELECT %s, unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
        (space_id, sorted(set(hashes))),
    )


def note_texts(connection: Connection, space_id: UUID, hashes: Sequence[bytes]) -> None:
    """The same for texts whose vectors are about to be stored."""
    connection.execute(
        "INSERT INTO garbage_texts (space_id, text_hash) SELECT %s, unnest(%s::bytea[]) ON CONFLICT DO NOTHING",
        (space_id, sorted(set(hashes))),
    )


def share_stores(connection: Connection, space_id: UUID) -> None:
    """Until this transaction ends, no other removes garbage of the space."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 1))", (str(space_id),))


def unused_objects(connection: Connection, space_id: UUID) -> list[bytes]:
    """Noted bytes that no document refers to; until this transaction ends, nobody stores any."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(space_id),))
    rows = connection.execute(
        """
        SELECT sha256 FROM garbage_objects g WHERE space_id = %s
        AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.space_id = g.space_id AND d.sha256 = g.sha256)
        AND NOT EXISTS (SELECT 1 FROM staged_documents s WHERE s.space_id = g.space_id AND s.sha256 = g.sha256)
        """,
        (space_id,),
    )
    return [row["sha256"] for row in rows]


def forget_objects(connection: Connection, space_id: UUID) -> None:
    """Crosses off the notes of bytes: those unused were removed, the others are in use."""
    connection.execute("DELETE FROM garbage_objects WHERE space_id = %s", (space_id,))


def remove_unused_vectors(connection: Connection, space_id: UUID) -> int:
    """Removes the vectors of noted texts that no passage of their index version has; returns how many."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(space_id),))
    removed = connection.execute(
        """
        DELETE FROM vectors v USING garbage_texts g
        WHERE g.space_id = %(space)s AND v.space_id = g.space_id AND v.text_hash = g.text_hash
        AND NOT EXISTS (SELECT 1 FROM passages p
                        WHERE p.index_version = v.index_version AND p.text_hash = g.text_hash)
        AND NOT EXISTS (SELECT 1 FROM staged_passages s
                        WHERE s.index_version = v.index_version AND s.text_hash = g.text_hash)
        """,
        {"space": space_id},
    ).rowcount
    connection.execute("DELETE FROM garbage_texts WHERE space_id = %s", (space_id,))
    return removed


def remove_orphaned_vectors(connection: Connection, space_id: UUID, index_version: UUID) -> int:
    """Removes the vectors of a version that no passage has, noted or not; returns how many.

    Who fills a version writes vectors before passages, and documents change meanwhile.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (str(space_id),))
    return connection.execute(
        """
        DELETE FROM vectors v WHERE v.index_version = %(version)s
        AND NOT EXISTS (SELECT 1 FROM passages p
                        WHERE p.index_version = %(version)s AND p.text_hash = v.text_hash)
        AND NOT EXISTS (SELECT 1 FROM staged_passages s
                        WHERE s.index_version = %(version)s AND s.text_hash = v.text_hash)
        """,
        {"version": index_version},
    ).rowcount


def open_receipts(connection: Connection, space_id: UUID) -> list[dict[str, Any]]:
    """Receipts of documents that are deleted but not yet checked in every store."""
    return connection.execute(
        "SELECT * FROM receipts WHERE space_id = %s AND NOT complete AND deleted_at IS NOT NULL ORDER BY deleted_at, id",
        (space_id,),
    ).fetchall()


def remaining_rows(connection: Connection, space_id: UUID, receipt: dict[str, Any]) -> dict[str, int]:
    """What is left of a deleted document: its rows, and vectors of texts that nothing else has."""
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM documents WHERE id = %(id)s) + (SELECT count(*) FROM blocks WHERE document_id = %(id)s)
             + (SELECT count(*) FROM passages WHERE document_id = %(id)s) AS rows,
               (SELECT count(*) FROM vectors v WHERE v.space_id = %(space)s AND v.text_hash = ANY(%(hashes)s)
                AND NOT EXISTS (SELECT 1 FROM passages p
                                WHERE p.index_version = v.index_version AND p.text_hash = v.text_hash)
                AND NOT EXISTS (SELECT 1 FROM staged_passages p
                                WHERE p.index_version = v.index_version AND p.text_hash = v.text_hash)) AS vectors,
               (SELECT count(DISTINCT v.text_hash) FROM vectors v
                WHERE v.space_id = %(space)s AND v.text_hash = ANY(%(hashes)s)) AS shared,
               (SELECT count(*) FROM documents WHERE space_id = %(space)s AND sha256 = %(sha)s)
             + (SELECT count(*) FROM staged_documents WHERE space_id = %(space)s AND sha256 = %(sha)s) AS same_bytes
        """,
        {
            "id": receipt["document_id"],
            "space": space_id,
            "hashes": receipt["text_hashes"],
            "sha": receipt["sha256"],
        },
    ).fetchone()
    assert row is not None
    return row


def complete_receipt(connection: Connection, receipt_id: UUID, stores: dict[str, Any]) -> None:
    """Writes what was found in each store; the receipt is complete when nothing remains in any."""
    from psycopg.types.json import Jsonb

    done = all(store["remaining"] == 0 for store in stores.values())
    connection.execute("UPDATE receipts SET stores = %s, complete = %s WHERE id = %s", (Jsonb(stores), done, receipt_id))

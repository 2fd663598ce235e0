"""Asking for a document to be removed: hidden at once, taken out of every store by the run that follows."""

from uuid import UUID, uuid4

import psycopg
from pydantic import BaseModel

from resources.access import Role
from resources.errors import NotFound
from resources.postgres import children, rights, sources, spaces
from resources.postgres.database import Connection


class Removal(BaseModel):
    """A removal that was asked for."""

    receipt_id: UUID
    space: str
    path: str


def request_removal(connection: Connection, document_id: UUID) -> Removal:
    """Hides a document from everyone, keeps it from being read again, and opens the receipt of its removal.

    Raises:
        NotFound: There is no such document, it is not visible, or its removal was asked for before.
        Forbidden: The caller may read it, but not remove it.
    """
    seen = connection.execute(
        "SELECT space_id FROM documents WHERE id = %(id)s UNION SELECT space_id FROM quarantine WHERE document_id = %(id)s",
        {"id": document_id},
    ).fetchone()
    if seen is None:
        raise _missing(document_id)
    rights.require(connection, seen["space_id"], Role.INGESTOR)
    row = connection.execute("SELECT moving_to FROM spaces WHERE id = %s", (seen["space_id"],)).fetchone()
    assert row is not None
    spaces.check_still(row)
    row = connection.execute(
        "UPDATE documents SET state = 'removing' WHERE id = %s AND state = 'live' RETURNING space_id, path, access_id",
        (document_id,),
    ).fetchone()
    if row is None:  # one that never became live waits in quarantine
        row = connection.execute(
            "SELECT q.space_id, q.path, q.access_id FROM quarantine q WHERE q.document_id = %s "
            "AND NOT EXISTS (SELECT FROM documents d WHERE d.id = q.document_id)",
            (document_id,),
        ).fetchone()
    if row is None:
        raise _missing(document_id)
    receipt_id = uuid4()
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO exclusions (document_id, space_id, receipt_id) VALUES (%s, %s, %s)",
                (document_id, row["space_id"], receipt_id),
            )
    except psycopg.errors.UniqueViolation as error:
        raise _missing(document_id) from error
    connection.execute(
        "INSERT INTO receipts (id, space_id, document_id, path, access_id) VALUES (%s, %s, %s, %s, %s)",
        (receipt_id, row["space_id"], document_id, row["path"], row["access_id"]),
    )
    children.hide_descendants(connection, [document_id])
    spaces.bump_epoch(connection, row["space_id"])  # a cached result may hold it
    space = connection.execute("SELECT name FROM spaces WHERE id = %s", (row["space_id"],)).fetchone()
    assert space is not None
    return Removal(receipt_id=receipt_id, space=space["name"], path=row["path"])


def readmit(connection: Connection, document_ids: list[UUID]) -> None:
    """Lets documents that were removed come back: somebody uploaded them again."""
    connection.execute("DELETE FROM exclusions WHERE document_id = ANY(%s)", (document_ids,))


def request_source_removal(connection: Connection, space_id: UUID, name: str) -> None:
    """Asks the next run to remove a source with all its documents.

    Raises:
        NotFound: The space has no source of that name.
    """
    source = sources.get(connection, space_id, name)
    connection.execute("UPDATE sources SET removing = true WHERE id = %s", (source.id,))


def _missing(document_id: UUID) -> NotFound:
    return NotFound(f"There is no document {document_id}.")

"""Quotas: how much a space may hold, and how much it holds."""

from uuid import UUID

from resources.errors import QuotaExceeded
from resources.postgres.database import Connection


class Quota:
    """What a space may still take in, counted down as documents come.

    Args:
        connection: A transaction that sees the space.
        space_id: The space.
    """

    def __init__(self, connection: Connection, space_id: UUID) -> None:
        row = connection.execute(
            """
            SELECT max_documents, max_bytes,
                   CASE WHEN max_documents IS NULL AND max_bytes IS NULL THEN 0
                        ELSE (SELECT count(*) FROM documents d WHERE d.space_id = s.id) END AS documents,
                   CASE WHEN max_bytes IS NULL THEN 0
                        ELSE (SELECT COALESCE(sum(size), 0)::bigint FROM documents d WHERE d.space_id = s.id) END AS bytes
            FROM spaces s WHERE s.id = %s
            """,
            (space_id,),
        ).fetchone()
        assert row is not None
        self._most_documents, self._most_bytes = row["max_documents"], row["max_bytes"]
        self._documents, self._bytes = row["documents"], row["bytes"]

    def problem(self, documents: int, size: int) -> str | None:
        """What these many new documents and additional bytes would exceed, None where they fit."""
        if documents and self._most_documents is not None and self._documents + documents > self._most_documents:
            return f"The space may hold {self._most_documents} documents, and holds {self._documents}."
        if size > 0 and self._most_bytes is not None and self._bytes + size > self._most_bytes:
            return f"The space may hold {self._most_bytes} bytes, and holds {self._bytes}."
        return None

    def take(self, documents: int, size: int) -> str | None:
        """Counts new documents and additional bytes, unless they do not fit: then says why and counts nothing."""
        problem = self.problem(documents, size)
        if problem is None:
            self._documents += documents
            self._bytes += size
        return problem

    def check(self, documents: int, size: int) -> None:
        """Makes sure that these fit.

        Raises:
            QuotaExceeded: They do not.
        """
        problem = self.problem(documents, size)
        if problem:
            raise QuotaExceeded(problem, hint="Remove documents, or ask an administrator of the platform for more.")


def set_quota(connection: Connection, space_id: UUID, documents: int | None, size: int | None) -> None:
    """Sets how many documents and bytes a space may hold; None is without a limit. What is there stays."""
    connection.execute("UPDATE spaces SET max_documents = %s, max_bytes = %s WHERE id = %s", (documents, size, space_id))

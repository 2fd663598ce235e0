"""What becomes of documents that a source does not show: kept, or found again under another name."""

from typing import Any
from uuid import UUID

from rage_assets.raw.sources import SeenFile
from rage_assets.work import Work
from resources.domain import Source
from resources.postgres import runs
from resources.postgres.database import Connection

# Of a site or bucket that fails as a whole the first of its failures say enough.
_MOST_PROBLEMS = 100


def keep_staged(work: Work, connection: Connection, source_id: UUID) -> None:
    """What was staged of a source before it failed goes on: it was read whole. Of removals, those from files that go on."""
    connection.execute(
        "UPDATE staged_documents SET run_id = %s WHERE source_id = %s AND change <> 'removed'", (work.run_id, source_id)
    )
    connection.execute(
        """
        WITH RECURSIVE gone AS (
            SELECT id FROM staged_documents WHERE source_id = %s AND change = 'removed' AND parent_id IS NULL
            UNION SELECT s.id FROM gone g JOIN staged_documents s ON s.parent_id = g.id
        )
        DELETE FROM staged_documents s USING gone WHERE s.id = gone.id
        """,
        (source_id,),
    )


def count_renamed(connection: Connection, work: Work) -> int:
    """New documents with the bytes of one that goes."""
    row = connection.execute(
        "SELECT count(*) AS n FROM staged_documents n WHERE n.space_id = %(s)s AND n.run_id = %(r)s AND n.change = 'new' "
        "AND EXISTS (SELECT 1 FROM staged_documents o WHERE o.space_id = %(s)s AND o.run_id = %(r)s "
        "AND o.change = 'removed' AND o.sha256 = n.sha256 AND o.source_id = n.source_id)",
        {"s": work.space_id, "r": work.run_id},
    ).fetchone()
    assert row is not None
    return int(row["n"])


class Problems:
    """What a source could not show, for the errors of the run.

    Args:
        work: The run.
        source: The source.
    """

    def __init__(self, work: Work, source: Source) -> None:
        self._work = work
        self._source = source
        self._named: list[dict[str, str]] = []
        self._more = 0

    def add(self, file: SeenFile, known: dict[str, Any] | None) -> None:
        """Notes one; where it is a document, only those who may see it read of it."""
        if len(self._named) >= _MOST_PROBLEMS:
            self._more += 1
            return
        error = {"path": file.path or self._source.name, "reason": file.problem}
        self._named.append(error | ({"document_id": str(known["id"])} if known else {}))

    def record(self) -> None:
        """Writes them to the run."""
        if self._more:
            self._named.append({"path": self._source.name, "reason": f"{self._more} more could not be read."})
        if self._named:
            with self._work.transaction() as connection:
                runs.add_errors(connection, self._work.run_id, self._named)

"""Quarantine: documents that could not be read or failed a gate, with their reasons. They stall nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from resources.postgres.access_rules import classes_of
from resources.postgres.database import Connection

# Files that are left out on purpose: known, so that they are not read again, and no failure of anything.
SKIPPED = frozenset(("generated",))
_COLUMNS = ("id", "source_id", "parent_id", "path", "shard", "size", "mtime_ns", "sha256", "parser")


@dataclass(frozen=True)
class Failure:
    """Why a document did not get through.

    Attributes:
        document: A row with `id, source_id, path, shard, size, mtime_ns, sha256, parser`.
        reason: A stable word, or the expectation that failed.
        detail: A sentence for a person.
        retryable: Whether the same bytes may well succeed another time.
    """

    document: dict[str, Any]
    reason: str
    detail: str
    retryable: bool = False


def put(connection: Connection, space_id: UUID, run_id: str, failures: Sequence[Failure]) -> None:
    """Moves documents from staging to quarantine; the same bytes failing again count as another attempt."""
    classes = classes_of(connection, (failure.document for failure in failures))
    for failure in failures:
        row = failure.document
        connection.execute(
            """
            INSERT INTO quarantine AS q (document_id, space_id, source_id, path, shard, size, mtime_ns, sha256, parser,
                                         reason, detail, retryable, last_run_id, access_id, parent_id)
            VALUES (%(id)s, %(space)s, %(source_id)s, %(path)s, %(shard)s, %(size)s, %(mtime_ns)s, %(sha256)s,
                    %(parser)s, %(reason)s, %(detail)s, %(retryable)s, %(run)s, %(access)s, %(parent_id)s)
            ON CONFLICT (document_id) DO UPDATE SET
                attempts = CASE WHEN q.last_run_id = EXCLUDED.last_run_id THEN q.attempts
                                WHEN q.sha256 IS NOT DISTINCT FROM EXCLUDED.sha256 THEN q.attempts + 1 ELSE 1 END,
                size = EXCLUDED.size, mtime_ns = EXCLUDED.mtime_ns, sha256 = EXCLUDED.sha256, parser = EXCLUDED.parser,
                reason = EXCLUDED.reason, detail = EXCLUDED.detail, retryable = EXCLUDED.retryable,
                retry_requested = false, last_run_id = EXCLUDED.last_run_id, access_id = EXCLUDED.access_id,
                parent_id = EXCLUDED.parent_id,
                updated_at = now()
            """,
            {name: row.get(name) for name in _COLUMNS}
            | {
                "space": space_id,
                "reason": failure.reason,
                "detail": failure.detail[:2000].replace("\0", ""),
                "retryable": failure.retryable,
                "run": run_id,
                "access": classes[row["id"]],
            },
        )
    connection.execute(
        "DELETE FROM staged_documents WHERE id = ANY(%s)", ([failure.document["id"] for failure in failures],)
    )


def release(connection: Connection, ids: Sequence[UUID]) -> None:
    """Takes documents out of quarantine: they are well, or gone."""
    connection.execute("DELETE FROM quarantine WHERE document_id = ANY(%s)", (list(ids),))

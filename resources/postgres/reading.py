"""What the API and the command line show of documents, blocks, receipts and quarantine, as their caller may see it.

Every function takes a transaction that names its caller; row-level security does the rest. A document that is being
removed is gone for every reader.
"""

from typing import Any
from uuid import UUID

from resources.domain import Block
from resources.errors import NotFound
from resources.postgres.database import Connection
from resources.postgres.quarantine import SKIPPED

_FILES = """
SELECT d.id, d.path, d.title, r.name AS source, d.media_type, d.size, encode(d.sha256, 'hex') AS version, d.state,
       d.updated_at, NULL::text AS reason, d.space_id
FROM documents d JOIN sources r ON r.id = d.source_id WHERE d.state = 'live' AND {where_document}
UNION ALL
SELECT q.document_id, q.path, '', r.name, '', q.size, encode(q.sha256, 'hex'),
       CASE q.reason WHEN 'generated' THEN 'skipped' ELSE 'quarantined' END, q.updated_at, q.reason,
       q.space_id
FROM quarantine q JOIN sources r ON r.id = q.source_id
WHERE NOT EXISTS (SELECT FROM documents d WHERE d.id = q.document_id) AND {where_quarantine}
"""
_BLOCK = """
SELECT b.id, b.document_id, b.source_id, b.type, b.text, b.language, b."order", b.page, b.section, b.metadata
FROM blocks b JOIN documents d ON d.id = b.document_id AND d.state = 'live'"""


def files(connection: Connection, space_id: UUID, after: tuple[str, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """The live and the quarantined documents of a space by path, from behind `after` (path, id)."""
    query = _FILES.format(where_document="d.space_id = %(space)s", where_quarantine="q.space_id = %(space)s")
    path, last = after or ("", UUID(int=0))
    return connection.execute(
        f"SELECT * FROM ({query}) f WHERE (path, id) > (%(path)s, %(last)s) ORDER BY path, id LIMIT %(limit)s",
        {"space": space_id, "path": path, "last": last, "limit": limit},
    ).fetchall()


def file(connection: Connection, document_id: UUID) -> dict[str, Any]:
    """One document, as in `files`.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    query = _FILES.format(where_document="d.id = %(id)s", where_quarantine="q.document_id = %(id)s")
    row = connection.execute(query, {"id": document_id}).fetchone()
    if row is None:
        raise NotFound(f"There is no document {document_id}.")
    return row


def blocks(connection: Connection, document_id: UUID, after: int, limit: int) -> list[Block]:
    """The blocks of a live document in reading order, from behind the order `after`."""
    rows = connection.execute(
        _BLOCK + ' WHERE b.document_id = %s AND b."order" > %s ORDER BY b."order" LIMIT %s',
        (document_id, after, limit),
    ).fetchall()
    return [Block(**row) for row in rows]


def block(connection: Connection, block_id: UUID) -> Block:
    """One block of a live document.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    row = connection.execute(_BLOCK + " WHERE b.id = %s", (block_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no block {block_id}.")
    return Block(**row)


def lineage(connection: Connection, block_id: UUID, dagster_url: str | None) -> dict[str, Any]:
    """From a block back to its document's bytes, its source and the run that made it.

    Args:
        connection: The caller's transaction.
        block_id: The block.
        dagster_url: Where Dagster's own page of the run is.

    Raises:
        NotFound: There is no such block, or it is not visible.
    """
    found = block(connection, block_id)
    row = connection.execute(
        "SELECT d.id AS document_id, d.path, encode(d.sha256, 'hex') AS sha256, b.run_id, b.code_version, "
        "r.id AS source_id, r.name, r.kind, r.location, s.live_index_version, u.job, u.started_at, u.dagster_run_id "
        "FROM blocks b JOIN documents d ON d.id = b.document_id JOIN sources r ON r.id = d.source_id "
        "JOIN spaces s ON s.id = b.space_id LEFT JOIN runs u ON u.space_id = b.space_id "
        "AND (u.dagster_run_id = b.run_id OR u.id::text = b.run_id) WHERE b.id = %s",
        (block_id,),
    ).fetchone()
    assert row is not None
    dagster_run = row["dagster_run_id"]
    return {
        "block": found,
        "document": {"id": row["document_id"], "path": row["path"], "version": row["sha256"], "sha256": row["sha256"]},
        "source": {"id": row["source_id"], "name": row["name"], "kind": row["kind"], "location": row["location"]},
        "run": {
            "id": row["run_id"],
            "job": row["job"],
            "started_at": row["started_at"],
            "code_version": row["code_version"],
            "url": f"{dagster_url.rstrip('/')}/runs/{dagster_run}" if dagster_url and dagster_run else None,
        },
        "index_version": row["live_index_version"],
        "raw_url": f"/api/v1/memory/file/{row['document_id']}/raw",
    }


def raw(connection: Connection, document_id: UUID) -> dict[str, Any]:
    """Where the bytes of a live document lie: `space_id`, `sha256`, `size`, `path` and `media_type`.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    row = connection.execute(
        "SELECT space_id, sha256, size, path, media_type FROM documents WHERE id = %s AND state = 'live'",
        (document_id,),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no document {document_id} whose bytes could be given.")
    return row


def job(connection: Connection, job_id: UUID) -> dict[str, Any]:
    """The record of a run. Of its errors only those are shown whose documents the caller may see.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    query = "SELECT r.*, rage_role_in(r.space_id) AS role FROM runs r WHERE r.id = %s"
    row = connection.execute(query, (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    if row["role"] != "admin":
        named = [error["document_id"] for error in row["errors"] if error.get("document_id")]
        visible = connection.execute(
            "SELECT document_id::text AS id FROM quarantine WHERE document_id = ANY(%(ids)s::uuid[]) "
            "UNION SELECT id::text FROM documents WHERE id = ANY(%(ids)s::uuid[])",
            {"ids": named},
        ).fetchall()
        shown = {each["id"] for each in visible}
        row["errors"] = [error for error in row["errors"] if error.get("document_id", "") in shown | {""}]
    return row


def receipt(connection: Connection, receipt_id: UUID) -> dict[str, Any]:
    """The receipt of a removal.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    row = connection.execute("SELECT * FROM receipts WHERE id = %s", (receipt_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no receipt {receipt_id}.")
    return row


def quarantine(connection: Connection, space_id: UUID, after: tuple[str, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """The documents of a space that could not be read, by path, from behind `after` (path, id)."""
    path, last = after or ("", UUID(int=0))
    return connection.execute(
        "SELECT q.document_id, q.path, r.name AS source, q.reason, q.detail, q.attempts, q.retryable, "
        "q.retry_requested, q.last_run_id, q.updated_at FROM quarantine q JOIN sources r ON r.id = q.source_id "
        "WHERE q.space_id = %s AND q.reason <> ALL(%s) AND (q.path, q.document_id) > (%s, %s) "
        "ORDER BY q.path, q.document_id LIMIT %s",
        (space_id, list(SKIPPED), path, last, limit),
    ).fetchall()


def request_retry(connection: Connection, space_id: UUID, document_ids: list[UUID]) -> int:
    """Asks for quarantined documents to be tried again, all of them where none is named; returns how many.

    Raises:
        NotFound: One that is named is not in quarantine.
    """
    rows = connection.execute(
        "UPDATE quarantine SET retry_requested = true WHERE space_id = %s AND (%s OR document_id = ANY(%s)) "
        "RETURNING document_id",
        (space_id, not document_ids, document_ids),
    ).fetchall()
    missing = set(document_ids) - {row["document_id"] for row in rows}
    if missing:
        raise NotFound(
            f"Not in quarantine: {', '.join(sorted(map(str, missing)))[:400]}.",
            hint="`rage quarantine list SPACE` shows what is.",
        )
    return len(rows)

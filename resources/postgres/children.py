"""Documents that stand inside others: members of archives and attachments of mails.

A child is staged, published and removed like any document. What differs is who sees that it changed: not the scan of its
source, but the reading of the file that holds it.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from resources.domain import WITHIN
from resources.postgres.database import Connection

_DESCENDANTS = """
WITH RECURSIVE inside AS (
    SELECT id FROM unnest(%(ids)s::uuid[]) AS t(id)
    UNION
    SELECT c.id FROM inside i JOIN (
        SELECT id, parent_id FROM documents WHERE parent_id IS NOT NULL
        UNION ALL SELECT document_id, parent_id FROM quarantine WHERE parent_id IS NOT NULL
    ) c ON c.parent_id = i.id
)
"""
_ROW = (
    "COALESCE(d.path, q.path) AS path, COALESCE(d.shard, q.shard) AS shard, "
    "COALESCE(d.parent_id, q.parent_id) AS parent_id, d.sha256, d.size"
)


def known(connection: Connection, parent: UUID) -> dict[UUID, dict[str, Any]]:
    """What is known of the files directly inside a document, live or in quarantine, by id; rows as `staging.known` gives."""
    rows = connection.execute(
        """
        SELECT COALESCE(d.path, q.path) AS path, COALESCE(d.id, q.document_id) AS id,
               d.size, d.mtime_ns, d.sha256, d.media_type, d.parser, d.state,
               q.size AS q_size, q.mtime_ns AS q_mtime_ns, q.sha256 AS q_sha256, q.parser AS q_parser,
               q.reason AS q_reason, q.retryable, q.retry_requested, q.attempts
        FROM (SELECT * FROM documents WHERE parent_id = %(parent)s) d
        FULL JOIN (SELECT * FROM quarantine WHERE parent_id = %(parent)s) q ON q.document_id = d.id
        """,
        {"parent": parent},
    )
    return {row["id"]: row for row in rows}


def holding(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these documents inside which files are known, live or in quarantine."""
    rows = connection.execute(
        "SELECT parent_id FROM documents WHERE parent_id = ANY(%(ids)s) "
        "UNION SELECT parent_id FROM quarantine WHERE parent_id = ANY(%(ids)s)",
        {"ids": list(ids)},
    )
    return {row["parent_id"] for row in rows}


def of_source(connection: Connection, source_id: UUID, shards: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every document of a source that stands inside another, streamed: where it was found, and how it was read."""
    with connection.cursor(name="children") as cursor:
        cursor.itersize = 5000
        cursor.execute(
            """
            SELECT COALESCE(d.id, q.document_id) AS id, COALESCE(d.path, q.path) AS path,
                   COALESCE(d.parent_id, q.parent_id) AS parent_id, d.media_type, d.parser, q.parser AS q_parser,
                   q.retryable, q.retry_requested, q.attempts,
                   EXISTS (SELECT 1 FROM exclusions e WHERE e.document_id = COALESCE(d.id, q.document_id)) AS excluded
            FROM (SELECT * FROM documents WHERE source_id = %(source)s AND shard = ANY(%(shards)s)
                  AND parent_id IS NOT NULL) d
            FULL JOIN (SELECT * FROM quarantine WHERE source_id = %(source)s AND shard = ANY(%(shards)s)
                       AND parent_id IS NOT NULL) q ON q.document_id = d.id
            """,
            {"source": source_id, "shards": list(shards)},
        )
        yield from cursor


def read_again(connection: Connection, parents: Sequence[UUID]) -> None:
    """Has these documents, and those that they stand in, read anew at the next look at their source."""
    connection.execute(
        """
        WITH RECURSIVE above AS (
            SELECT id, parent_id FROM documents WHERE id = ANY(%s)
            UNION SELECT d.id, d.parent_id FROM above a JOIN documents d ON d.id = a.parent_id
        )
        UPDATE documents d SET parser = '' FROM above WHERE d.id = above.id
        """,
        (list(parents),),
    )


def descendants(connection: Connection, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """All documents inside these, live or in quarantine: `id, path, shard, parent_id, sha256, size`.

    Those that were never live have no size.
    """
    return connection.execute(
        _DESCENDANTS + f"SELECT i.id, {_ROW} FROM inside i LEFT JOIN documents d ON d.id = i.id "
        "LEFT JOIN quarantine q ON q.document_id = i.id WHERE i.id <> ALL(%(ids)s::uuid[])",
        {"ids": list(ids)},
    ).fetchall()


def rows(connection: Connection, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Documents, live or in quarantine, as `descendants` gives them."""
    return connection.execute(
        f"SELECT t.id, {_ROW} FROM unnest(%s::uuid[]) AS t(id) LEFT JOIN documents d ON d.id = t.id "
        "LEFT JOIN quarantine q ON q.document_id = t.id",
        (list(ids),),
    ).fetchall()


def orphans(connection: Connection, source_id: UUID, shards: Sequence[int]) -> list[dict[str, Any]]:
    """Documents inside one that is not there any more, as `descendants` gives them: who removed that one was killed."""
    return connection.execute(
        f"""
        SELECT c.id, {_ROW} FROM (
            SELECT id, parent_id FROM documents
            WHERE source_id = %(source)s AND shard = ANY(%(shards)s) AND parent_id IS NOT NULL
            UNION SELECT document_id, parent_id FROM quarantine
            WHERE source_id = %(source)s AND shard = ANY(%(shards)s) AND parent_id IS NOT NULL
        ) c LEFT JOIN documents d ON d.id = c.id LEFT JOIN quarantine q ON q.document_id = c.id
        WHERE NOT EXISTS (SELECT 1 FROM documents p WHERE p.id = c.parent_id)
        AND NOT EXISTS (SELECT 1 FROM quarantine p WHERE p.document_id = c.parent_id)
        AND NOT EXISTS (SELECT 1 FROM staged_documents p WHERE p.id = c.parent_id)
        """,
        {"source": source_id, "shards": list(shards)},
    ).fetchall()


def hide_descendants(connection: Connection, ids: Sequence[UUID]) -> None:
    """Hides all documents inside these from readers, before a run removes them."""
    connection.execute(
        _DESCENDANTS + "UPDATE documents d SET state = 'removing' FROM inside i WHERE d.id = i.id", {"ids": list(ids)}
    )


def unstage(connection: Connection, parents: Sequence[UUID]) -> None:
    """Drops what was staged inside these documents, however deep: they are read anew, or go."""
    connection.execute(
        """
        WITH RECURSIVE inside AS (
            SELECT id FROM staged_documents WHERE parent_id = ANY(%s)
            UNION SELECT s.id FROM inside i JOIN staged_documents s ON s.parent_id = i.id
        )
        DELETE FROM staged_documents s USING inside i WHERE s.id = i.id
        """,
        (list(parents),),
    )


def adopt(connection: Connection, space_id: UUID, shards: Sequence[int], run_id: str) -> None:
    """Takes over what an earlier run staged inside documents that this run need not read again."""
    connection.execute(
        """
        WITH RECURSIVE kept AS (
            SELECT c.id, c.stage, c.change FROM staged_documents c
            WHERE c.space_id = %(space)s AND c.shard = ANY(%(shards)s) AND c.parent_id IS NOT NULL AND (
                EXISTS (SELECT 1 FROM staged_documents p WHERE p.id = c.parent_id AND p.parent_id IS NULL
                        AND p.run_id = %(run)s AND p.change <> 'removed' AND p.stage <> 'scanned')
                OR (EXISTS (SELECT 1 FROM documents p WHERE p.id = c.parent_id)
                    AND NOT EXISTS (SELECT 1 FROM staged_documents p WHERE p.id = c.parent_id)))
            UNION
            SELECT c.id, c.stage, c.change FROM kept k JOIN staged_documents c ON c.parent_id = k.id
            WHERE k.stage <> 'scanned' AND k.change <> 'removed'
        )
        UPDATE staged_documents s SET run_id = %(run)s FROM kept WHERE s.id = kept.id
        """,
        {"space": space_id, "shards": list(shards), "run": run_id},
    )


def count_unchanged(connection: Connection, source_id: UUID, shards: Sequence[int]) -> int:
    """How many live documents of a source stand inside others of which none is staged: nothing in them was looked at."""
    row = connection.execute(
        """
        WITH RECURSIVE inside AS (
            SELECT id FROM staged_documents WHERE source_id = %(source)s
            UNION SELECT d.id FROM inside i JOIN documents d ON d.parent_id = i.id
        )
        SELECT count(*) AS n FROM documents d WHERE d.source_id = %(source)s AND d.shard = ANY(%(shards)s)
        AND d.parent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM inside i WHERE i.id = d.id)
        """,
        {"source": source_id, "shards": list(shards)},
    ).fetchone()
    assert row is not None
    return int(row["n"])


def staged_inside(connection: Connection, source_id: UUID, root: str) -> tuple[int, int]:
    """How many files are staged inside the file at a path, however deep, and their bytes."""
    # `0` is what follows `/`: a range, which the index on the bytes of paths serves
    row = connection.execute(
        "SELECT count(*) AS files, COALESCE(sum(size), 0)::bigint AS bytes FROM staged_documents "
        """WHERE source_id = %s AND path COLLATE "C" >= %s AND path COLLATE "C" < %s""",
        (source_id, f"{root}{WITHIN}", f"{root}{WITHIN[:-1]}0"),
    ).fetchone()
    assert row is not None
    return row["files"], row["bytes"]

"""Live documents whose bytes and rules of reading are those of a staged one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from resources.postgres.database import Connection


def find(connection: Connection, ids: Sequence[UUID], shards: Sequence[int]) -> list[dict[str, Any]]:
    """For each of the staged documents `ids` one that equals it, where there is one with no files inside.

    Args:
        connection: Of the pipeline.
        ids: Staged documents.
        shards: Those in which to look.

    Returns:
        Rows `id, twin, path, title, media_type, language, parser, blocks`: the staged id, the twin's, the twin's facts, the
        parser that read it and how many blocks it has.
    """
    return connection.execute(
        """
        SELECT t.*, b.blocks, b.parser FROM (
            SELECT DISTINCT ON (s.id) s.id, d.id AS twin, d.path, d.title, d.media_type, d.language
            FROM staged_documents s JOIN documents d ON d.space_id = s.space_id AND d.sha256 = s.sha256
                AND d.parser = s.parser AND d.state = 'live' AND d.shard = ANY(%(shards)s) AND d.id <> s.id
            WHERE s.id = ANY(%(ids)s)
            AND NOT EXISTS (SELECT 1 FROM documents c WHERE c.parent_id = d.id)
            AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.parent_id = d.id)
            ORDER BY s.id, d.id
        ) t CROSS JOIN LATERAL (
            SELECT count(*) AS blocks, min(metadata ->> 'parser') AS parser FROM blocks WHERE document_id = t.twin
        ) b WHERE b.blocks > 0
        """,
        {"ids": list(ids), "shards": list(shards)},
    ).fetchall()

"""The one transaction in which documents' new versions become visible and their old ones go."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from resources.postgres.access_rules import classify_staged
from resources.postgres.database import Connection


def publish(connection: Connection, space_id: UUID, ids: Sequence[UUID]) -> None:
    """Makes staged documents live. What falls away is noted as garbage, for `resources.postgres.garbage`."""
    listed = list(ids)
    classify_staged(connection, listed)
    _note_garbage(connection, space_id, listed)
    connection.execute(
        """
        INSERT INTO documents AS d (id, space_id, source_id, path, shard, state, title, media_type, language, size,
                                    mtime_ns, sha256, version_id, parser, run_id, code_version, access_id, parent_id)
        SELECT id, space_id, source_id, path, shard, 'live', title, media_type, language, size, mtime_ns, sha256,
               version_id, parser, run_id, code_version, access_id, parent_id
        FROM staged_documents WHERE id = ANY(%s)
        ON CONFLICT (id) DO UPDATE SET state = 'live', title = EXCLUDED.title, media_type = EXCLUDED.media_type,
            language = EXCLUDED.language, size = EXCLUDED.size, mtime_ns = EXCLUDED.mtime_ns, sha256 = EXCLUDED.sha256,
            version_id = EXCLUDED.version_id, parser = EXCLUDED.parser, run_id = EXCLUDED.run_id,
            code_version = EXCLUDED.code_version, shard = EXCLUDED.shard, access_id = EXCLUDED.access_id,
            parent_id = EXCLUDED.parent_id, updated_at = now()
        """,
        (listed,),
    )
    connection.execute("DELETE FROM passages WHERE document_id = ANY(%s)", (listed,))
    connection.execute(
        "DELETE FROM blocks b WHERE b.document_id = ANY(%s) AND NOT EXISTS "
        "(SELECT 1 FROM staged_blocks s WHERE s.document_id = b.document_id AND s.id = b.id)",
        (listed,),
    )
    connection.execute(
        """
        INSERT INTO blocks (id, space_id, document_id, source_id, version_id, "order", type, text, language, page,
                            section, metadata, run_id, code_version, access_id)
        SELECT b.id, b.space_id, b.document_id, s.source_id, s.version_id, b."order", b.type, b.text, b.language, b.page,
               b.section, b.metadata, s.run_id, s.code_version, s.access_id
        FROM staged_blocks b JOIN staged_documents s ON s.id = b.document_id WHERE s.id = ANY(%s)
        ON CONFLICT (id) DO UPDATE SET version_id = EXCLUDED.version_id, "order" = EXCLUDED."order",
            text = EXCLUDED.text, language = EXCLUDED.language, page = EXCLUDED.page, section = EXCLUDED.section,
            metadata = EXCLUDED.metadata, run_id = EXCLUDED.run_id, code_version = EXCLUDED.code_version,
            access_id = EXCLUDED.access_id
        """,
        (listed,),
    )
    connection.execute(
        """
        INSERT INTO passages (id, space_id, index_version, document_id, source_id, version_id, "order", section, text,
                              text_hash, block_ids, types, languages, access_id)
        SELECT p.id, p.space_id, p.index_version, p.document_id, s.source_id, s.version_id, p."order", p.section, p.text,
               p.text_hash, p.block_ids, p.types, p.languages, s.access_id
        FROM staged_passages p JOIN staged_documents s ON s.id = p.document_id WHERE s.id = ANY(%s)
        """,
        (listed,),
    )
    connection.execute("DELETE FROM quarantine WHERE document_id = ANY(%s)", (listed,))
    connection.execute("DELETE FROM staged_documents WHERE id = ANY(%s)", (listed,))
    connection.execute("UPDATE spaces SET epoch = epoch + 1 WHERE id = %s", (space_id,))


def removals(connection: Connection, space_id: UUID, shards: Sequence[int], limit: int) -> list[dict[str, Any]]:
    """Staged removals: `id`, `path`, and the version that goes."""
    return connection.execute(
        "SELECT s.id, s.path, d.version_id FROM staged_documents s LEFT JOIN documents d ON d.id = s.id "
        "WHERE s.space_id = %s AND s.shard = ANY(%s) AND s.change = 'removed' ORDER BY s.id LIMIT %s",
        (space_id, list(shards), limit),
    ).fetchall()


def remove(connection: Connection, space_id: UUID, ids: Sequence[UUID], run_id: str) -> None:
    """Removes documents with all that stands on them, and leaves a receipt for each that was live."""
    listed = list(ids)
    _note_garbage(connection, space_id, listed)
    rows = connection.execute(
        """
        SELECT d.id, d.path, d.sha256, d.access_id,
               (SELECT count(*) FROM blocks b WHERE b.document_id = d.id) AS blocks,
               (SELECT count(*) FROM passages p WHERE p.document_id = d.id) AS passages,
               (SELECT array_agg(DISTINCT p.text_hash) FROM passages p WHERE p.document_id = d.id) AS hashes,
               (SELECT r.id FROM receipts r WHERE r.document_id = d.id AND r.deleted_at IS NULL LIMIT 1) AS receipt
        FROM documents d WHERE d.id = ANY(%s)
        """,
        (listed,),
    ).fetchall()
    for row in rows:
        connection.execute(
            """
            INSERT INTO receipts (id, space_id, document_id, path, run_id, deleted_at, removed, text_hashes, sha256,
                                  access_id)
            VALUES (%s, %s, %s, %s, %s, now(), jsonb_build_object('rows', %s, 'passages', %s), %s, %s, %s)
            ON CONFLICT (id) DO UPDATE SET run_id = EXCLUDED.run_id, deleted_at = EXCLUDED.deleted_at,
                removed = EXCLUDED.removed, text_hashes = EXCLUDED.text_hashes, sha256 = EXCLUDED.sha256
            """,
            (
                row["receipt"] or uuid4(),
                space_id,
                row["id"],
                row["path"],
                run_id,
                1 + row["blocks"] + row["passages"],
                row["passages"],
                row["hashes"] or [],
                row["sha256"],
                row["access_id"],
            ),
        )
    # a document that never became live has nothing but its row in quarantine; its receipt, if asked for, ends here
    connection.execute(
        "UPDATE receipts r SET run_id = %s, deleted_at = now(), removed = '{\"rows\": 1}', sha256 = q.sha256 "
        "FROM quarantine q WHERE q.document_id = r.document_id AND r.document_id = ANY(%s) AND r.deleted_at IS NULL",
        (run_id, listed),
    )
    connection.execute("DELETE FROM documents WHERE id = ANY(%s)", (listed,))
    connection.execute("DELETE FROM quarantine WHERE document_id = ANY(%s)", (listed,))
    connection.execute("DELETE FROM staged_documents WHERE id = ANY(%s)", (listed,))
    connection.execute("UPDATE spaces SET epoch = epoch + 1 WHERE id = %s", (space_id,))


def _note_garbage(connection: Connection, space_id: UUID, ids: list[UUID]) -> None:
    """Bytes and texts of the live versions may now be nobody's; whether they are is checked later."""
    connection.execute(
        "INSERT INTO garbage_objects (space_id, sha256) SELECT DISTINCT %s::uuid, sha256 FROM documents "
        "WHERE id = ANY(%s) ON CONFLICT DO NOTHING",
        (space_id, ids),
    )
    connection.execute(
        "INSERT INTO garbage_texts (space_id, text_hash) SELECT DISTINCT %s::uuid, text_hash FROM passages "
        "WHERE document_id = ANY(%s) ON CONFLICT DO NOTHING",
        (space_id, ids),
    )

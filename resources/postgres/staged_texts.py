"""The texts of staged documents, blocks and passages: written by COPY, and read in parts of bounded size."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.postgres.database import Connection, copy_rows


def save_blocks(connection: Connection, space_id: UUID, blocks: Iterable[tuple[Any, ...]]) -> int:
    """Writes staged blocks `(document_id, id, order, type, text, language, page, section, metadata)`."""
    columns = ("space_id", "document_id", "id", "order", "type", "text", "language", "page", "section", "metadata")
    return copy_rows(connection, "staged_blocks", columns, ((space_id, *row[:-1], Jsonb(row[-1])) for row in blocks))


def stream_blocks(
    connection_of: Callable[[], AbstractContextManager[Connection]],
    ids: Sequence[UUID],
    size: int = 5_000,
    octets: int = 8_000_000,
    *,
    live: bool = False,
) -> Iterator[dict[str, Any]]:
    """The staged blocks of documents of any length, by document and order: in parts, each in a transaction of its own.

    Args:
        connection_of: Gives a transaction.
        ids: The documents.
        size: The most blocks in a part.
        octets: A part ends with the block whose text goes beyond this.
        live: Whether the live blocks are read instead.
    """
    table: LiteralString = "blocks" if live else "staged_blocks"
    document, order = UUID(int=0), -1
    while True:
        with connection_of() as connection:
            rows = connection.execute(
                # the length in octets is known without reading the text
                "SELECT * FROM (SELECT *, count(*) OVER () AS there, "
                'sum(octet_length(text)) OVER (ORDER BY document_id, "order") - octet_length(text) AS before '
                f"FROM (SELECT * FROM {table} WHERE document_id = ANY(%s) "
                'AND (document_id, "order") > (%s, %s) ORDER BY document_id, "order" LIMIT %s) following) measured '
                'WHERE before < %s ORDER BY document_id, "order"',
                (list(ids), document, order, size, octets),
            ).fetchall()
        yield from rows
        if not rows or rows[-1]["there"] == len(rows) < size:
            return
        document, order = rows[-1]["document_id"], rows[-1]["order"]


def stream_passages(
    connection_of: Callable[[], AbstractContextManager[Connection]], ids: Sequence[UUID], size: int = 5_000
) -> Iterator[dict[str, Any]]:
    """The staged passages of documents with title, path and versions, by index version, document and order.

    They are read in parts, each in a transaction of its own; for the parameters see `stream_blocks`.
    """
    after: tuple[UUID, UUID, int] = (UUID(int=0), UUID(int=0), -1)
    while True:
        with connection_of() as connection:
            rows = connection.execute(
                "SELECT p.*, s.title, s.path, s.version_id, s.language FROM staged_passages p "
                "JOIN staged_documents s ON s.id = p.document_id "
                'WHERE p.document_id = ANY(%s) AND (p.index_version, p.document_id, p."order") > (%s, %s, %s) '
                'ORDER BY p.index_version, p.document_id, p."order" LIMIT %s',
                (list(ids), *after, size),
            ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        after = (rows[-1]["index_version"], rows[-1]["document_id"], rows[-1]["order"])


def save_passages(connection: Connection, space_id: UUID, rows: Iterable[tuple[Any, ...]]) -> int:
    """Writes staged passages.

    Args:
        connection: Of the pipeline.
        space_id: The space.
        rows: `(index_version, document_id, id, order, section, text, text_hash, block_ids, types, languages)`.
    """
    columns = (
        "space_id",
        "index_version",
        "document_id",
        "id",
        "order",
        "section",
        "text",
        "text_hash",
        "block_ids",
        "types",
        "languages",
    )
    return copy_rows(connection, "staged_passages", columns, ((space_id, *row) for row in rows))


def live_text_lengths(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many characters of text the live versions of these documents have."""
    rows = connection.execute(
        "SELECT document_id, sum(length(text)) AS characters FROM blocks WHERE document_id = ANY(%s) GROUP BY 1",
        (list(ids),),
    )
    return {row["document_id"]: int(row["characters"]) for row in rows}

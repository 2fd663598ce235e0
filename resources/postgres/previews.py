"""The candidates of a search as far as copies are told by it and named, under row-level security like every read."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from resources.postgres.database import Connection
from resources.postgres.search import Scope


class Preview(NamedTuple):
    """A passage, its text, and the document in which it stands: path, title and the name of its source."""

    id: UUID
    text: str
    text_hash: bytes
    document: UUID
    path: str
    title: str
    source: str


def previews(connection: Connection, where: Scope, ids: Sequence[UUID]) -> list[Preview]:
    """The passages `ids` in their order, as far as they are there, live, and visible to the caller."""
    rows = connection.execute(
        """
        SELECT p.id, p.text, p.text_hash, d.id AS document, d.path, d.title, s.name AS source
        FROM passages p JOIN documents d ON d.id = p.document_id JOIN sources s ON s.id = d.source_id
        WHERE p.id = ANY(%(ids)s) AND p.index_version = %(version)s AND d.state = 'live'
        """,
        {"ids": list(ids), "version": where.index_version},
    ).fetchall()
    found = {row["id"]: Preview(**row) for row in rows}
    return [found[each] for each in ids if each in found]

"""What is within a search's filters and its caller's rights, under row-level security in the caller's transaction."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row

from resources.postgres.database import Connection
from resources.postgres.search import JOINED, Narrowing, Scope

FEW = "SELECT rage_texts_within(%(version)s, %(types)s, %(languages)s, %(sources)s, %(path_prefix)s) AS hashes"
"""The texts within filters and rights; null where they are many, or all.

The database's owner looks them up: under row-level security no index serves the filters. Nothing but hashes comes from
there, so that whatever is shown has to be looked up again as the caller.
"""
_TOGETHER = 500
_MOST_NAMED = 20_000  # passages whose ids are named to another engine


class Within:
    """What is within, where that is little: looked up when it is first asked for.

    Args:
        connection: Of the caller's transaction.
        where: The space.
        narrowing: The filters.
    """

    def __init__(self, connection: Connection, where: Scope, narrowing: Narrowing) -> None:
        self.connection = connection
        self.where = where
        self.narrowing = narrowing
        self.condition, self.parameters = narrowing.condition()
        self.parameters |= {"version": where.index_version}

    @cached_property
    def passages(self) -> list[UUID] | None:
        """Those with texts that are within; None where they are many, or all."""
        rows = self._rows(
            f"""
            WITH few AS MATERIALIZED ({FEW})
            SELECT hashes IS NULL AS many, ARRAY(
                SELECT p.id FROM passages p WHERE p.index_version = %(version)s
                AND p.text_hash = ANY((SELECT hashes FROM few)::bytea[]) LIMIT %(most)s
            ) AS ids FROM few
            """,
            most=_MOST_NAMED + 1,
        )
        found: list[UUID] = rows[0]["ids"]
        return None if rows[0]["many"] or len(found) > _MOST_NAMED else found

    def texts(self, ids: Sequence[UUID] | None, limit: int) -> Iterator[tuple[UUID, str]]:
        """Yields id and text of what is within; of documents that are being removed, too.

        Args:
            ids: Of passages that may be within; None for all that are.
            limit: How many are read, where many are within; these are the first by id.
        """
        joined, condition = JOINED, self.condition
        if not self.narrowing.of_documents():
            # documents cost as much again, and whatever is shown is looked up once more, in a live one
            joined, condition = "", self.narrowing.condition_of_passages()
        select = f"SELECT p.id, p.text FROM passages p {joined} WHERE p.index_version = %(version)s AND {condition}"
        few = ids if ids is not None or self.passages is None else sorted(self.passages)
        if few is not None:
            for start in range(0, len(few), _TOGETHER):
                yield from self._pairs(f"{select} AND p.id = ANY(%(part)s)", part=list(few[start : start + _TOGETHER]))
        else:
            after = UUID(int=0)
            for _ in range(0, limit, _TOGETHER):
                page = self._pairs(f"{select} AND p.id > %(after)s ORDER BY p.id LIMIT %(n)s", after=after, n=_TOGETHER)
                yield from page
                if len(page) < _TOGETHER:
                    return
                after = page[-1][0]

    def _pairs(self, statement: str, **given: Any) -> list[tuple[UUID, str]]:
        with self.connection.cursor(binary=True, row_factory=tuple_row) as cursor:  # rows with names take twice as long
            return cursor.execute(statement, self.parameters | given).fetchall()

    def _rows(self, statement: str, **given: Any) -> list[dict[str, Any]]:
        return self.connection.execute(statement, self.parameters | given, binary=True).fetchall()

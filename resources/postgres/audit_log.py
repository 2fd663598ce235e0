"""The audit log's rows: added by the services one batch a statement, read and sealed by the owner alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, tuple_row

from resources.audit.chain import Head, Row, Segment
from resources.errors import InvalidInput, InvalidSettings, NotFound, ServiceUnavailable
from resources.postgres.database import Connection, Database

_STATEMENT_S = 5
_CAUTIOUS_BATCHES = 50
_SEALING = 0x5241474553454131  # "RAGESEA1"
_COLUMNS = ", ".join(Row._fields).replace("details", "details::text")
_TYPES = {
    "seq": "bigint[]",
    "at": "timestamptz[]",
    "status": "integer[]",
    "space_id": "uuid[]",
    "previous": "bytea[]",
    "hash": "bytea[]",
}
_INSERT = (
    f"INSERT INTO audit_log ({', '.join(Row._fields)}) "
    f"SELECT {', '.join(f'{name}::json' if name == 'details' else name for name in Row._fields)} FROM unnest("
    + ", ".join(f"%s::{_TYPES.get(name, 'text[]')}" for name in Row._fields)
    + f") AS given ({', '.join(Row._fields)}) ORDER BY seq"
)

Link = Callable[[Head], list[Row]]


class Filters(NamedTuple):
    """Which rows of the log are wanted; None and empty are no condition."""

    after: int = 0
    upto: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    action: str = ""
    space: str = ""
    document: UUID | None = None


def head(connection: Connection) -> Head:
    """The chain's end; nobody else adds to it until this transaction ends."""
    row = connection.execute("SELECT seq, hash, key_id FROM rage_audit_head()").fetchone()
    return Head(row["seq"], bytes(row["hash"]), row["key_id"]) if row else Head()


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    """Adds rows that continue the chain; anything else is refused as a serialization failure."""
    connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])


def holds(connection: Connection, seq: int, hash_: bytes) -> bool:
    """Whether the log has, or has sealed, this row with this hash."""
    row = connection.execute("SELECT rage_audit_holds(%s, %s) AS holds", (seq, hash_)).fetchone()
    return bool(row and row["holds"])


class Appender:
    """Adds batches through a connection of its own: one statement each while nobody else writes.

    It is not for several threads.

    Args:
        database: In the role of a service.
    """

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._head: Head | None = None  # as far as this process knows; the database refuses what does not continue it
        self._cautious = 0

    def append(self, link: Link) -> Head:
        """Adds the rows that `link` makes for the chain's end; returns the new end once it is durable.

        Raises:
            InvalidInput: A value cannot be stored.
            ServiceUnavailable: It cannot be done in time. The rows are not in the log, or their commit was not confirmed.
        """
        unsure: Row | None = None
        for attempt in (1, 2, 3):
            try:
                self._connection = self._connection or self._connected()
                if unsure and holds(self._connection, unsure.seq, unsure.hash):
                    return Head(unsure.seq, unsure.hash, unsure.key_id)
                unsure = None
                if self._head is None or self._cautious:
                    self._cautious = max(0, self._cautious - 1)
                    rows = []
                    with self._connection.transaction():
                        rows = link(head(self._connection))
                        insert(self._connection, rows)
                        unsure = rows[-1]
                else:
                    rows = link(self._head)
                    unsure = rows[-1]
                    insert(self._connection, rows)
                self._head = Head(rows[-1].seq, rows[-1].hash, rows[-1].key_id)
                return self._head
            except (psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation):
                self._head, self._cautious, unsure = None, _CAUTIOUS_BATCHES, None
            except psycopg.Error as error:
                lost = self._connection is None or self._connection.broken
                self.close()
                if isinstance(error, (psycopg.DataError, psycopg.IntegrityError)):
                    raise InvalidInput(f"The audit cannot hold a value: {_said(error)}.") from error
                if attempt == 3 or not lost:
                    raise unwritten(_said(error)) from error
        raise unwritten("others write without a pause")

    def close(self) -> None:
        """Closes the connection; the next batch opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._head = None

    def _connected(self) -> Connection:
        connection = self._database().dedicated()
        connection.execute(sql.SQL("SET statement_timeout = {}").format(sql.Literal(_STATEMENT_S * 1000)))
        return connection


def unwritten(why: str) -> ServiceUnavailable:
    """What to say where an entry cannot be written."""
    return ServiceUnavailable(
        f"The audit cannot be written: {why.rstrip('.')}.",
        hint="Nothing is answered that is not written down. Check the database (`rage doctor`) and try again.",
    )


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def owner(url: str, *, read_only: bool = True) -> Iterator[Connection]:
    """The owner's connection. If it only reads, everything that it reads is of one moment.

    Raises:
        ServiceUnavailable: The database does not answer.
        InvalidSettings: The login may not read the audit.
        NotFound: There is no audit.
    """
    try:
        with psycopg.connect(
            url, options="-c search_path=rage,public", row_factory=dict_row, connect_timeout=5, autocommit=not read_only
        ) as connection:
            if read_only:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
            yield connection
    except psycopg.OperationalError as error:
        raise ServiceUnavailable(
            f"The database does not answer: {_said(error)}.", hint="`rage doctor` says more."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise InvalidSettings(
            f"The audit cannot be read: {error.diag.message_primary}.",
            hint="The role of RAGE_DATABASE_URL must own the schema.",
        ) from error
    except psycopg.errors.UndefinedTable as error:
        raise NotFound(f"A table of the audit is not there: {error.diag.message_primary}.") from error


def rows(connection: Connection, wanted: Filters, *, newest: int | None = None) -> Iterator[Row]:
    """The wanted rows in order, streamed; with `newest`, so many of the latest, the latest first."""
    values: dict[str, Any] = wanted._asdict() | {"newest": newest}
    said = {
        "after": "seq > %(after)s",
        "upto": "seq <= %(upto)s",
        "since": "at >= %(since)s",
        "until": "at < %(until)s",
        "actor": "%(actor)s IN (actor, actor_name)",
        "action": "(action = %(action)s OR starts_with(action, %(action)s || '.'))",
        "space": "(space_id IN (SELECT id FROM spaces WHERE name = %(space)s) "
        "OR space_id::text = %(space)s OR details->>'space' = %(space)s "
        "OR (details::jsonb -> 'spaces') ? %(space)s)",
        "document": "(strpos(target, %(document)s::text) > 0 OR (details::jsonb -> 'documents') ? %(document)s::text)",
    }
    conditions = [said[name] for name, value in wanted._asdict().items() if value]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    end = "ORDER BY seq" if newest is None else "ORDER BY seq DESC LIMIT %(newest)s"
    with connection.cursor("audit_rows", row_factory=tuple_row) as cursor:
        cursor.itersize = 1000
        cursor.execute(f"SELECT {_COLUMNS} FROM audit_log {where} {end}", values)
        for row in cursor:
            yield Row(*row)


def before(connection: Connection, moment: datetime) -> int:
    """The last row of those, from the first on without a gap, that are older than `moment`; 0 if there is none."""
    row = connection.execute(
        "SELECT max(seq) AS seq FROM audit_log WHERE seq < COALESCE((SELECT min(seq) FROM audit_log WHERE at >= %s), "
        "9223372036854775807)",
        (moment,),
    ).fetchone()
    return int(row["seq"] or 0) if row else 0


def number_of(connection: Connection, hash_: bytes) -> int | None:
    """The number of the row with a hash, wherever it is now."""
    row = connection.execute("SELECT min(seq) AS seq FROM audit_log WHERE hash = %s", (hash_,)).fetchone()
    return row["seq"] if row else None


def segments(connection: Connection) -> list[Segment]:
    """The records of what was sealed, in order."""
    found = connection.cursor(row_factory=tuple_row).execute(
        f"SELECT {', '.join(Segment._fields)} FROM audit_segments ORDER BY first_seq, last_seq"
    )
    return [Segment(*row) for row in found]


def seal(connection: Connection, segment: Segment) -> None:
    """Records a segment, after which its rows may be deleted."""
    places = ", ".join(["%s"] * len(segment))
    connection.execute(f"INSERT INTO audit_segments ({', '.join(Segment._fields)}) VALUES ({places})", segment)


def count_in(connection: Connection, segment: Segment) -> int:
    """How many rows of a segment are still in the log."""
    row = connection.execute(
        "SELECT count(*) AS n FROM audit_log WHERE seq BETWEEN %s AND %s", (segment.first_seq, segment.last_seq)
    ).fetchone()
    return int(row["n"]) if row else 0


def delete_sealed(connection: Connection, segment: Segment, batch: int = 10_000) -> None:
    """Deletes the rows of a recorded segment, a batch a transaction."""
    for first in range(segment.first_seq, segment.last_seq + 1, batch):
        last = min(first + batch - 1, segment.last_seq)
        connection.execute("DELETE FROM audit_log WHERE seq BETWEEN %s AND %s", (first, last))


def try_seal_lock(connection: Connection) -> bool:
    """Takes the lock of sealing until the connection closes; False if another process seals."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", (_SEALING,)).fetchone()
    return bool(row and row["held"])

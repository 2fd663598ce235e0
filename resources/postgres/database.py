"""Connections: a pool per role, and transactions that name their caller or their space.

A transaction without a name sees no row: row-level security compares against what is set here.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from resources.access import Caller
from resources.errors import InvalidInput, ServiceUnavailable, Unauthorized
from resources.postgres.rights import Rights

Connection = psycopg.Connection[dict[str, Any]]
_WAIT_S = 10.0
_SETTINGS: LiteralString = (
    "SELECT set_config('statement_timeout', %s, true), set_config('rage.request_id', %s, true), "
    "set_config('application_name', %s, true), set_config('rage.space', %s, true)"
)


def _unavailable(error: Exception) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"The database does not answer: {str(error).strip().splitlines()[0] if str(error) else type(error).__name__}.",
        hint="Check that it runs (`rage doctor`) and try again.",
    )


class Database:
    """One role's way into the database.

    Args:
        url: A connection URL.
        role: `rage_worker` or `rage_api`; the session acts as this role even if `url` logs in as another member of it.
        pool_size: Least and most connections; the default serves an API, a run needs fewer.
    """

    def __init__(self, url: str, role: str, pool_size: tuple[int, int] = (5, 20)) -> None:
        self.url = url
        self.role = role
        # a pipeline's stream of known documents may rest while a large file is read; a request's transaction may not
        idle_ms = 60_000 if role == "rage_api" else 0
        self._options = f"-c search_path=rage,public -c role={role} -c idle_in_transaction_session_timeout={idle_ms}"
        self._pool = ConnectionPool(
            url,
            connection_class=psycopg.Connection[dict[str, Any]],
            min_size=pool_size[0],
            max_size=pool_size[1],
            timeout=_WAIT_S,
            kwargs={"row_factory": dict_row, "options": self._options, "connect_timeout": 5},
            configure=_configure,
            open=False,
        )

    def open(self) -> "Database":
        """Opens the pool and waits for its first connection.

        Raises:
            ServiceUnavailable: The database does not answer in time.
        """
        try:
            self._pool.open(wait=True, timeout=_WAIT_S)
        except (PoolTimeout, psycopg.OperationalError) as error:
            self._pool.close(timeout=1)
            raise _unavailable(error) from error
        return self

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close(timeout=5)

    @contextmanager
    def transaction(
        self,
        *,
        caller: Caller | None = None,
        rights: Rights | None = None,
        space: UUID | None = None,
        timeout_s: float = 0,
        withdrawn: Sequence[UUID] = (),
    ) -> Iterator[Connection]:
        """A transaction that sees what `caller` may see (API) or what lies in `space` (pipeline); without either, nothing.

        Args:
            caller: On whose behalf the API reads or writes; the database looks up what they are entitled to.
            rights: The same, looked up before in another database.
            space: The space on which the pipeline works.
            timeout_s: Each statement's time limit; 0 for none.
            withdrawn: Spaces that nobody may read now, because their key is not there.

        Raises:
            ServiceUnavailable: The database does not answer, or a statement took too long.
            Unauthorized: The caller's sign-in was revoked.
            InvalidInput: A value cannot be stored.
        """
        with _understood():
            connection = self._begun(lambda each: self._begin(each, caller, rights, space, timeout_s, withdrawn))
            try:
                with connection:
                    yield connection
            finally:
                self._pool.putconn(connection)

    @contextmanager
    def entered(
        self, caller: Caller, query: LiteralString, parameters: Sequence[Any], *, timeout_s: float = 0
    ) -> Iterator[tuple[Connection, dict[str, Any] | None]]:
        """A transaction of `caller` and the first row of a query, asked for together: one round trip for both.

        Raises as `transaction` does.
        """
        rows: list[dict[str, Any] | None] = []

        def begin(connection: Connection) -> None:
            rows[:] = [self._first(connection, caller, query, parameters, timeout_s)]

        with _understood():
            connection = self._begun(begin)
            try:
                with connection:
                    yield connection, rows[0]
            finally:
                self._pool.putconn(connection)

    def glance(
        self, caller: Caller | None, query: LiteralString, parameters: Sequence[Any], *, timeout_s: float = 0
    ) -> dict[str, Any] | None:
        """The first row of a query that only reads, as `caller` sees it: one round trip in all.

        The statements are one transaction without being told to be: in a pipeline they end together. Raises as
        `transaction` does.
        """
        rows: list[dict[str, Any] | None] = []

        def begin(connection: Connection) -> None:
            connection.autocommit = True
            try:
                rows[:] = [self._first(connection, caller, query, parameters, timeout_s)]
            finally:
                if not connection.closed:
                    connection.autocommit = False

        with _understood():
            connection = self._begun(begin)
            self._pool.putconn(connection)
        return rows[0]

    def _first(
        self,
        connection: Connection,
        caller: Caller | None,
        query: LiteralString,
        parameters: Sequence[Any],
        timeout_s: float,
    ) -> dict[str, Any] | None:
        with connection.pipeline():
            beginning = connection.execute(*_beginning(caller, None, None, timeout_s, ()))
            found = connection.execute(query, parameters)
        _check_begun(beginning.fetchone())
        return found.fetchone()

    def _begun(self, begin: Callable[[Connection], None]) -> Connection:
        """A connection of the pool on which `begin` was done; to be given back.

        One that was lost while it rested, as by a restart of the server, is found out here and replaced: nothing was done
        on it yet.
        """
        deadline = time.monotonic() + _WAIT_S
        while True:
            connection = self._pool.getconn(max(0.1, deadline - time.monotonic()))
            try:
                begin(connection)
            except BaseException as error:
                lost = isinstance(error, psycopg.OperationalError) and connection.closed
                self._pool.putconn(connection)  # rolls back, or replaces it
                if not lost or time.monotonic() > deadline:
                    raise
            else:
                return connection

    @staticmethod
    def _begin(
        connection: Connection,
        caller: Caller | None,
        rights: Rights | None,
        space: UUID | None,
        timeout_s: float,
        withdrawn: Sequence[UUID],
    ) -> None:
        """Names who acts, for this transaction alone: the settings end with it, whoever gets the connection next."""
        with connection.pipeline():
            beginning = connection.execute(*_beginning(caller, rights, space, timeout_s, withdrawn))
        _check_begun(beginning.fetchone())

    def dedicated(self) -> Connection:
        """A connection of its own outside the pool, in autocommit, for locks that live as long as it does."""
        try:
            connection = psycopg.connect(
                self.url,
                options=self._options,
                autocommit=True,
                connect_timeout=5,
                row_factory=dict_row,
                keepalives_idle=10,
            )
        except psycopg.OperationalError as error:
            raise _unavailable(error) from error
        return connection


def _beginning(
    caller: Caller | None, rights: Rights | None, space: UUID | None, timeout_s: float, withdrawn: Sequence[UUID]
) -> tuple[LiteralString, tuple[Any, ...]]:
    """What names, at the beginning of a transaction, who acts in it."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    # the server's own log and activity view show the name: a slow statement leads back to its request
    settings = (str(int(timeout_s * 1000)), request_id, f"rage {request_id}"[:63], str(space) if space else "")
    if rights is not None:
        parts = (rights.names, rights.members, rights.readable, rights.ingestable, rights.administered)
        return f"{_SETTINGS}, rage_enter(%s, %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])", (*settings, *parts)
    if caller is None:
        return _SETTINGS, settings
    who = (caller.principal, caller.principals, caller.platform_role, caller.session, caller.issued_at, list(withdrawn))
    return f"{_SETTINGS}, rage_begin(%s, %s, %s, %s, %s, %s::uuid[]) AS begun", (*settings, *who)


def _check_begun(row: dict[str, Any] | None) -> None:
    if not row or not row.get("begun", True):
        raise Unauthorized("The sign-in was revoked.", hint="Sign in again.")


@contextmanager
def _understood() -> Iterator[None]:
    """Turns what the driver raises into errors of the platform."""
    try:
        yield
    except (PoolTimeout, psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout) as error:
        raise _unavailable(error) from error
    except psycopg.DataError as error:
        raise InvalidInput(
            f"The database refuses a value: {str(error).strip().splitlines()[0]}.",
            hint="Text may hold no NUL character and no half of a surrogate pair.",
        ) from error


def _configure(connection: psycopg.Connection[Any]) -> None:
    from pgvector.psycopg import register_vector

    register_vector(connection)
    connection.execute("SET hnsw.iterative_scan = 'relaxed_order'")
    connection.commit()


def copy_rows(connection: Connection, table: LiteralString, columns: tuple[LiteralString, ...], rows: Any) -> int:
    """Writes `rows` (an iterable of tuples in the order of `columns`) by COPY; returns how many.

    PostgreSQL refuses COPY into a table under row-level security, so the rows go by a temporary table of this connection.
    """
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target, scratch = sql.Identifier(table), sql.Identifier(f"copy_{table}")
    connection.execute(
        sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WHERE false").format(
            scratch, names, target
        )
    )
    count = 0
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(scratch, names)) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    connection.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(target, names, names, scratch))
    connection.execute(sql.SQL("TRUNCATE {}").format(scratch))
    return count

"""The wrapped keys of encrypted spaces: rows, and the locks under which bytes are published and keys replaced."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from resources.postgres.database import Connection, Database

# The second numbers of advisory locks; garbage of a space has 1.
_PUBLISHING, _WRAPPING = 2, 3


@dataclass(frozen=True)
class KeyRow:
    """A key of a space under a key of a provider.

    Attributes:
        id: Its id, which encrypted files name.
        purpose: `data` or `names`.
        wrapped: The wrapped key; None once it was destroyed.
        provider: Who wrapped it.
        kek_id: Under which of the provider's keys.
        retired_at: Since when nothing lies under it any more.
        destroyed_at: When it was destroyed.
    """

    id: UUID
    purpose: str
    wrapped: bytes | None
    provider: str
    kek_id: str
    retired_at: datetime | None = None
    destroyed_at: datetime | None = None


@dataclass(frozen=True)
class Stored:
    """What the database says of a space: its isolation (None if there is no such space) and its keys, oldest first."""

    isolation: str | None
    keys: list[KeyRow]


class SpaceKeys:
    """Reads and writes the keys of spaces, each in a transaction that sees that one space only.

    Args:
        database: Gives the control database; asked on first use.
    """

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database

    def load(self, space: UUID) -> Stored:
        """The isolation and the keys of a space."""
        with self._named(space) as connection:
            row = connection.execute("SELECT rage_space_isolation(%s) AS isolation", (space,)).fetchone()
            isolation = (row or {}).get("isolation")
            return Stored(isolation, _rows(connection, space))

    def spaces(self) -> list[UUID]:
        """All spaces that have keys of their own or should have."""
        with self._database().transaction() as connection:
            return [row["id"] for row in connection.execute("SELECT rage_encrypted_spaces() AS id").fetchall()]

    def kek_ids(self, provider: str) -> set[str]:
        """The ids of the provider's keys that wrap anything, in any space."""
        with self._database().transaction() as connection:
            return {row["id"] for row in connection.execute("SELECT rage_kek_ids(%s) AS id", (provider,)).fetchall()}

    def add_first(self, space: UUID, keys: Sequence[KeyRow]) -> None:
        """Keeps the first keys of an encrypted space, unless another was first."""
        with self._named(space) as connection:
            for key in keys:
                connection.execute(
                    "SELECT rage_first_space_key(%s, %s, %s, %s, %s, %s)",
                    (key.id, space, key.purpose, key.wrapped, key.provider, key.kek_id),
                )

    def add(self, space: UUID, key: KeyRow) -> None:
        """Adds a data key, under which everything is published from now on; waits for whoever is publishing."""
        with self.changing(space, alone=True, connection_to=self._named(space)) as (connection, _):
            connection.execute(
                "SELECT rage_add_space_key(%s, %s, %s, %s, %s)", (key.id, space, key.wrapped, key.provider, key.kek_id)
            )

    def rewrap(self, space: UUID, old: KeyRow, new: KeyRow) -> bool:
        """Replaces what wraps a key, unless it was replaced since it was read; returns whether it was."""
        with self._named(space) as connection:
            row = connection.execute(
                "SELECT rage_rewrap_space_key(%s, %s, %s, %s, %s, %s) AS done",
                (old.id, space, old.wrapped, new.wrapped, new.provider, new.kek_id),
            ).fetchone()
            return bool(row and row["done"])

    def retire(self, space: UUID, older_than: UUID) -> int:
        """Notes of all data keys older than one that nothing lies under them; returns of how many."""
        with self._named(space) as connection:
            return _number(connection, "SELECT rage_retire_space_keys(%s, %s) AS n", (space, older_than))

    def destroy(self, space: UUID) -> tuple[int, datetime]:
        """Empties every key of a space at once; returns how many there were, and when that was."""
        with self.changing(space, alone=True, connection_to=self._named(space)) as (connection, _):
            row = connection.execute("SELECT * FROM rage_destroy_space_keys(%s)", (space,)).fetchone()
            assert row is not None
            return int(row["keys"]), cast(datetime, row["at"])

    @contextmanager
    def publishing(self, space: UUID, *, alone: bool = False) -> Iterator[UUID | None]:
        """The time in which something comes to its place in the store, or goes.

        Args:
            space: The space.
            alone: Whether nobody else may do so meanwhile.

        Yields:
            The data key under which bytes may be published; None where there is none any more.
        """
        with self.changing(space, alone=alone, connection_to=self._named(space)) as (_, newest):
            yield newest

    @contextmanager
    def changing(self, space: UUID, *, alone: bool, connection_to: Any) -> Iterator[tuple[Connection, UUID | None]]:
        """See `publishing`; gives the transaction, too."""
        with connection_to as connection:
            _lock(connection, str(space), _PUBLISHING, alone)
            keys = [row.id for row in _rows(connection, space) if row.purpose == "data" and row.wrapped is not None]
            yield connection, keys[-1] if keys else None

    @contextmanager
    def wrapping(self, *, alone: bool = False) -> Iterator[None]:
        """The time from wrapping a key to keeping it; alone, nobody has a wrapped key that is not kept yet."""
        with self._database().transaction() as connection:
            _lock(connection, "", _WRAPPING, alone)
            yield

    @contextmanager
    def _named(self, space: UUID) -> Iterator[Connection]:
        database = self._database()
        with database.transaction(space=space) as connection:
            # Not a caller's transaction: the caller's right was checked where the document was looked up. It sees no
            # other space, whatever the role.
            connection.execute("SELECT set_config('rage.readable', %s, true)", (str(space),))
            yield connection


def _rows(connection: Connection, space: UUID) -> list[KeyRow]:
    rows = connection.execute(
        "SELECT id, purpose, wrapped, provider, kek_id, retired_at, destroyed_at FROM space_keys "
        "WHERE space_id = %s ORDER BY number",
        (space,),
    )
    return [KeyRow(**row) for row in rows]


def _lock(connection: Connection, name: str, number: int, alone: bool) -> None:
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    connection.execute(f"SELECT {function}(hashtextextended(%s, %s))", (name, number))


def _number(connection: Connection, query: str, parameters: tuple[Any, ...]) -> int:
    row = connection.execute(query, parameters).fetchone()
    return int(row["n"]) if row else 0

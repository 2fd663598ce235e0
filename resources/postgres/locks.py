"""Locks on spaces, which end with the process that holds them."""

import zlib
from collections.abc import Callable
from uuid import UUID

from resources.postgres.database import Connection


class SpaceLocks:
    """Those that one process holds, each on a connection of its own.

    Args:
        connect: Opens a connection that nobody else uses.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._held: dict[tuple[UUID, str], Connection] = {}

    def take(self, space: UUID, name: str, *, wait: bool = True) -> bool:
        """Takes a lock on a space until `release`, `close` or the end of this process, however it ends.

        Args:
            space: The space.
            name: What of it; shards have locks of their own.
            wait: Whether to wait for whoever holds it.

        Returns:
            Whether it is held now. Taking it twice is taking it once.
        """
        if (space, name) in self._held:
            return True
        connection = self._connect()
        key = int.from_bytes(space.bytes[:4]) - 2**31, zlib.crc32(name.encode()) - 2**31
        if wait:
            connection.execute("SELECT pg_advisory_lock(%s, %s)", key)
        else:
            row = connection.execute("SELECT pg_try_advisory_lock(%s, %s) AS held", key).fetchone()
            if not row or not row["held"]:
                connection.close()
                return False
        self._held[space, name] = connection
        return True

    def release(self, space: UUID, name: str) -> None:
        """Gives a lock back."""
        connection = self._held.pop((space, name), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Gives all back."""
        for connection in self._held.values():
            connection.close()
        self._held.clear()

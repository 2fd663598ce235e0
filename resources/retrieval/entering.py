"""How a search comes to a space: whose rights it has there, and what its response will stand for."""

from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from resources.access import Caller
from resources.postgres import search as reads
from resources.postgres.database import Connection


class Enter(Protocol):
    """Begins a caller's transaction where a space's content lies."""

    def __call__(
        self, caller: Caller, space: str, *, timeout_s: float = 0
    ) -> AbstractContextManager[tuple[Connection, dict[str, Any]]]:
        """The transaction, and the space's row; raises `NotFound` where the caller does not see it."""
        ...


class Glance(Protocol):
    """Looks at a space on behalf of a caller, and at nothing in it."""

    def __call__(self, caller: Caller, space: str, *, timeout_s: float = 0) -> dict[str, Any]:
        """The space's row, as `Enter` gives it; raises as that does."""
        ...


class Place(NamedTuple):
    """Where a search looks, what its response answers, and whether other processes may remember it.

    Only content that lies in the shared database and is not encrypted goes to Redis.
    """

    where: reads.Scope
    key: bytes
    shared: bool

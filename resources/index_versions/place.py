"""Where the index versions of a space lie, and who alone may switch, drop or move them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from resources.errors import ServiceUnavailable
from resources.platform import Platform
from resources.postgres import index_versions, spaces
from resources.postgres.database import Connection


def place_of(platform: Platform, space: str, *, still: bool = True) -> dict[str, Any]:
    """The row of a space; by default only of one that is not being moved."""
    with platform.database.transaction() as connection:
        row = spaces.identify(connection, space)
    if still:
        spaces.check_still(row)
    return row


def transaction(platform: Platform, place: dict[str, Any]) -> AbstractContextManager[Connection]:
    """A transaction of the pipeline where the space's content lies."""
    return platform.content(place["database"]).transaction(space=place["id"])


@contextmanager
def alone(platform: Platform, place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lets nobody else switch or drop versions of the space, or move it; gives its row as it is now."""
    if not platform.locks.take(place["id"], index_versions.SWITCH_LOCK, wait=False):
        raise ServiceUnavailable(
            f"Another command switches or drops index versions of {place['name']}, or moves it.", hint="Try again soon."
        )
    try:
        yield place_of(platform, place["name"])
    finally:
        platform.locks.release(place["id"], index_versions.SWITCH_LOCK)

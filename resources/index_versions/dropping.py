"""The end of index versions: dropped by hand, or when their grace is over."""

import time
from contextlib import suppress
from typing import Any
from uuid import UUID

from resources.errors import ServiceUnavailable
from resources.index_versions.models import Dropped
from resources.index_versions.place import alone, place_of, transaction
from resources.lexical.opening import remove_unread
from resources.lexical.protocol import LexicalUnavailable
from resources.platform import Platform
from resources.postgres import index_versions, spaces

_LEXICAL_LOCK = "lexical"
_EMPTIED_TOGETHER = 10_000
_DROP_WITHIN_S, _PAUSE_S = 60.0, 0.5


def drop(platform: Platform, space: str, given: str) -> Dropped:
    """Removes a version that is not live, with its passages, vectors and lexical index.

    Args:
        platform: In the role `worker`.
        space: Its name.
        given: The version's id, or the beginning of it.

    Raises:
        NotFound: There is no such space or version.
        Conflict: It is live.
    """
    place = place_of(platform, space)
    with transaction(platform, place) as connection:
        version: UUID = index_versions.named(connection, place["id"], given)["id"]
    _drop(platform, place, version)
    return Dropped(place["id"], version)


def due_for_drop(platform: Platform) -> list[tuple[str, UUID]]:
    """The versions of all spaces whose grace after retirement is over, with their spaces' names."""
    with platform.database.transaction() as connection:
        names = spaces.names(connection)
    due = []
    for name in names:
        place = place_of(platform, name, still=False)
        if place["moving_to"]:
            continue
        with transaction(platform, place) as connection:
            hours = platform.settings.retired_hours
            due += [(name, version) for version in index_versions.retired_before(connection, place["id"], hours)]
    return due


def _drop(platform: Platform, place: dict[str, Any], version: UUID) -> None:
    with alone(platform, place) as now:
        platform.locks.take(now["id"], _LEXICAL_LOCK)  # nobody writes to its lexical index meanwhile, or makes it again
        try:
            _remove_rows(platform, now, version)
            # the rows are the truth: an index that is left behind is unreachable, and only takes up room
            with suppress(LexicalUnavailable):
                platform.destroy_lexical(now["id"], version)
                remove_unread(platform.settings, now["id"], version)  # a rebuild that is making one ends there
        finally:
            platform.locks.release(now["id"], _LEXICAL_LOCK)


def _remove_rows(platform: Platform, place: dict[str, Any], version: UUID) -> None:
    with transaction(platform, place) as connection:
        if index_versions.ground(connection, place["id"])["live"] == version:
            index_versions.drop(connection, version)  # says why not
        index_versions.give_up(connection, version, "It is being dropped.")
    while True:
        with transaction(platform, place) as connection:
            if not index_versions.empty(connection, version, _EMPTIED_TOGETHER):
                break
    deadline = time.monotonic() + _DROP_WITHIN_S
    while True:
        with transaction(platform, place) as connection:
            if index_versions.drop(connection, version):
                return
        if time.monotonic() > deadline:
            raise ServiceUnavailable(
                f"The vectors of the index version {version} are in use.", hint="Drop it again when less is going on."
            )
        time.sleep(_PAUSE_S)

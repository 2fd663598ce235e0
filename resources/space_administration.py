"""Spaces from birth to death, wherever their content lies: creating, listing, describing and deleting them."""

from typing import Any
from uuid import UUID, uuid4

from resources.access import Caller, Role
from resources.domain import Isolation, Space
from resources.errors import InvalidInput
from resources.platform import Platform
from resources.postgres import index_versions, quotas, rights, spaces


def create(
    platform: Platform,
    caller: Caller,
    name: str,
    *,
    shards: int = 1,
    isolation: Isolation = Isolation.SHARED,
    database: str | None = None,
) -> Space:
    """Creates a space; the caller administers it.

    Args:
        platform: In the role `api`.
        caller: A platform administrator.
        name: Of the space.
        shards: Over how many its documents are spread.
        isolation: How its content is kept apart.
        database: For a dedicated space on a server of one's own: the name of its URL in RAGE_DEDICATED_DATABASE_URLS.

    Raises:
        Unauthorized: The caller's sign-in was revoked.
        Forbidden: The caller is no platform administrator.
        Conflict: There is a space of that name.
        InvalidInput: The name cannot be used, or the database does not fit the isolation.
    """
    spaces.check_name(name)
    with platform.database.transaction(caller=caller):
        pass  # whose sign-in was revoked leaves no new database behind, either
    rights.require_platform(caller, Role.ADMIN)
    space_id = uuid4()
    place = database_of(platform, isolation, database, space_id)
    embedder = platform.embedder
    facts: dict[str, Any] = {
        "shards": shards,
        "model": embedder.model,
        "dimension": embedder.dimension,
        "creator": caller.principal,
    }
    if place is not None:
        platform.prepare_dedicated(place)
        with platform.content(place).transaction(caller=caller) as connection:
            spaces.create(connection, name, space_id=space_id, isolation=isolation, **facts)
    with platform.database.transaction(caller=caller) as connection:
        # last, so that a row never points to a database that is not ready
        spaces.create(connection, name, space_id=space_id, isolation=isolation, database=place, **facts)
    return describe(platform, caller, name)


def describe(platform: Platform, caller: Caller, name: str, timeout_s: float = 0) -> Space:
    """A space with its counts.

    Raises:
        NotFound: There is none, or the caller does not see it.
    """
    with platform.enter(caller, name, timeout_s=timeout_s) as (connection, _):
        return spaces.by_name(connection, name)


def listing(platform: Platform, caller: Caller, after: str = "", limit: int = 100, timeout_s: float = 0) -> list[Space]:
    """The spaces that the caller sees, by name, with their counts."""
    with platform.database.transaction(caller=caller, timeout_s=timeout_s) as connection:
        found = spaces.listing(connection, after, limit)
    return [
        describe(platform, caller, space.name, timeout_s) if space.isolation is Isolation.DEDICATED else space
        for space in found
    ]


def set_quota(platform: Platform, caller: Caller, name: str, documents: int | None, size: int | None) -> Space:
    """Sets how many documents and bytes a space may hold, None without a limit.

    Raises:
        NotFound: There is no such space, or the caller does not see it.
        Forbidden: The caller is no platform administrator.
    """
    with platform.enter(caller, name) as (connection, row):
        rights.require_platform(caller, Role.ADMIN)
        quotas.set_quota(connection, row["id"], documents, size)
    return describe(platform, caller, name)


def delete(platform: Platform, name: str) -> None:
    """Deletes a space with everything in it, once the runs on it have ended.

    Args:
        platform: In the role `worker`.
        name: Of the space.

    Raises:
        NotFound: There is none.
        LexicalUnavailable: The server with its lexical index does not answer; nothing is deleted.
    """
    with platform.database.transaction() as connection:
        row = spaces.identify(connection, name)
    for shard in range(row["shards"]):
        platform.locks.take(row["id"], f"shard-{shard}")
    for lock in (index_versions.BUILD_LOCK, index_versions.SWITCH_LOCK):
        platform.locks.take(row["id"], lock)
    # First what lies on a server that may not answer: then nothing is deleted yet, and the space goes on without it.
    platform.destroy_lexical(row["id"])
    with platform.database.transaction(space=row["id"]) as connection:
        spaces.delete(connection, row["id"])
    # Rows are the truth: what is left behind by a crash from here on is unreachable, and only takes up room.
    if row["database"] is not None:
        platform.empty_dedicated(row["database"], row["id"])
    platform.objects.delete_space(row["id"])


def database_of(platform: Platform, isolation: Isolation, given: str | None, space_id: UUID) -> str | None:
    """The name of the database in which a space's content will lie, None for the shared one.

    Raises:
        InvalidInput: `given` does not fit the isolation.
    """
    if isolation is not Isolation.DEDICATED:
        if given:
            raise InvalidInput("Only a dedicated space has a database of its own.", hint="Choose the isolation dedicated.")
        return None
    if platform.settings.database_url and not given:
        raise InvalidInput(
            "A dedicated space needs a database of its own.",
            hint="Create one, name its URL in RAGE_DEDICATED_DATABASE_URLS, and say which with --database.",
        )
    if given and not platform.settings.database_url:
        raise InvalidInput("The embedded server makes the database by itself.", hint="Leave --database out.")
    return given or space_id.hex

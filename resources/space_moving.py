"""Moving a space from one isolation to another. Killed anywhere, it has lost nothing: given again, it goes on."""

import time
from collections.abc import Callable
from uuid import UUID

from resources.domain import Isolation
from resources.errors import Conflict, InvalidInput
from resources.platform import Platform
from resources.postgres import index_versions, moving, spaces
from resources.space_administration import database_of

Progress = Callable[[str, int, int | None], None]


def move(platform: Platform, name: str, isolation: Isolation, database: str | None, progress: Progress) -> dict[str, int]:
    """Moves a space. Searches go on meanwhile; changes of the space are refused with a word to try again.

    Args:
        platform: In the role `worker`.
        name: Of the space.
        isolation: The new one.
        database: Of a dedicated space on a server of one's own: its name in RAGE_DEDICATED_DATABASE_URLS.
        progress: Told what is being done.

    Returns:
        How many rows, by table, or files were moved.

    Raises:
        NotFound: There is no such space.
        Conflict: It is so isolated already.
        InvalidInput: The database does not fit the isolation.
    """
    with platform.database.transaction() as connection:
        row = spaces.identify(connection, name)
    space, now = row["id"], Isolation(row["isolation"])
    if now is isolation:
        if row["moving_to"]:  # somebody thought better of it
            moving.open_for_changes(platform.url("owner"), space)
            return {}
        raise Conflict(f"The space {name} is {isolation} already.")
    target = database_of(platform, isolation, database, space)
    if Isolation.DEDICATED in (now, isolation) and Isolation.ENCRYPTED in (now, isolation):
        raise InvalidInput(
            f"A space moves from {now} to {isolation} in two steps.", hint=f"Move it to {Isolation.SHARED} first."
        )
    progress("Waiting for runs to end", 0, None)
    locks = [f"shard-{shard}" for shard in range(row["shards"])]
    locks += [index_versions.BUILD_LOCK, index_versions.SWITCH_LOCK]
    try:
        for lock in locks:
            platform.locks.take(space, lock)
        moving.close_for_changes(platform.url("owner"), space, isolation)
        if target is not None:
            return _to_dedicated(platform, space, target, progress)
        if now is Isolation.DEDICATED:
            return _to_shared(platform, space, row["database"], progress)
        return _encryption(platform, space, isolation, progress)
    finally:
        for lock in locks:
            platform.locks.release(space, lock)


def _to_dedicated(platform: Platform, space: UUID, target: str, progress: Progress) -> dict[str, int]:
    platform.prepare_dedicated(target)
    progress("Copying rows", 0, None)
    with (
        moving.connect(platform.url("owner")) as source,
        moving.connect(platform.dedicated_url(target, "owner")) as destination,
    ):
        counts = moving.copy_space(source, destination, space, database=None)
        destination.execute("UPDATE spaces SET isolation = %s WHERE id = %s", (Isolation.DEDICATED, space))
    with moving.connect(platform.url("owner")) as owner:
        moving.switch_over(owner, space, Isolation.DEDICATED, target)
        moving.remove_rows(owner, space)
    return counts


def _to_shared(platform: Platform, space: UUID, origin: str, progress: Progress) -> dict[str, int]:
    progress("Copying rows", 0, None)
    with (
        moving.connect(platform.dedicated_url(origin, "owner")) as source,
        moving.connect(platform.url("owner")) as destination,
    ):
        counts = moving.copy_space(source, destination, space, database=None)
        moving.switch_over(destination, space, Isolation.SHARED, None)
    platform.empty_dedicated(origin, space)
    return counts


def _encryption(platform: Platform, space: UUID, isolation: Isolation, progress: Progress) -> dict[str, int]:
    """Files are copied while others still read the old ones, and once more after everybody knows of the new ones."""
    from resources.encryption.keyring import CACHE_S
    from resources.objects.moving import into_encryption, out_of_encryption

    copy = into_encryption if isolation is Isolation.ENCRYPTED else out_of_encryption
    progress("Copying files", 0, None)
    copied = copy(platform.objects, platform.keyring, space, keep=True)
    with moving.connect(platform.url("owner")) as owner:
        moving.switch_over(owner, space, isolation, None)
    progress("Waiting until every process knows", 0, None)
    time.sleep(CACHE_S)
    copied += copy(platform.objects, platform.keyring, space, keep=False)
    return {"files": copied}

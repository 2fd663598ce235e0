"""Spaces: rows, the index version that answers, and the epoch that caches carry."""

import re
import unicodedata
from typing import Any
from uuid import UUID, uuid4

import psycopg

from resources.domain import Space
from resources.errors import Conflict, InvalidInput, NotFound
from resources.postgres.database import Connection

# Dagster's partition keys may not hold | , [ ] and a name becomes part of URLs and paths.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")

_SELECT = """
SELECT s.id, s.name, s.shards, s.created_at, s.live_index_version::text,
       (SELECT count(*) FROM documents d WHERE d.space_id = s.id AND d.state = 'live') AS documents,
       (SELECT count(*) FROM blocks b WHERE b.space_id = s.id) AS blocks,
       (SELECT count(*) FROM passages p WHERE p.space_id = s.id) AS passages,
       (SELECT count(*) FROM quarantine q WHERE q.space_id = s.id) AS quarantined
FROM spaces s
"""


def check_name(name: str) -> str:
    """The name, if it may name a space.

    Raises:
        InvalidInput: It may not.
    """
    if not NAME.fullmatch(name) or ".." in name:
        raise InvalidInput(
            f"{unicodedata.normalize('NFC', name)[:80]!r} cannot name a space.",
            hint="Use 1 to 64 letters (a–z), digits, '.', '_' and '-', starting and ending with a letter or digit.",
        )
    return name


def create(connection: Connection, name: str, *, shards: int, model: str, dimension: int, creator: str) -> UUID:
    """Creates a space with its first index version, live, and entitles its creator.

    Raises:
        InvalidInput: The name cannot name a space.
        Conflict: There is one of that name.
    """
    space_id, version = uuid4(), uuid4()
    try:
        with connection.transaction():
            connection.execute(
                "SELECT rage_create_space(%s, %s, %s, %s, %s, %s, %s)",
                (space_id, check_name(name), shards, version, model, dimension, creator),
            )
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(f"There is a space {name!r} already.") from error
    return space_id


def listing(connection: Connection, after: str = "", limit: int = 100) -> list[Space]:
    """The spaces that this transaction may see, by name, with their counts where it may count."""
    rows = connection.execute(_SELECT + " WHERE s.name > %s ORDER BY s.name LIMIT %s", (after, limit)).fetchall()
    return [Space(**row) for row in rows]


def by_name(connection: Connection, name: str) -> Space:
    """The space of that name with its counts.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    row = connection.execute(_SELECT + " WHERE s.name = %s", (name,)).fetchone()
    if row is None:
        raise _missing(name)
    return Space(**row)


def identify(connection: Connection, name: str) -> dict[str, Any]:
    """`id`, `shards`, `epoch` and `live_index_version` of the space, without counting.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    row = connection.execute(
        "SELECT id, name, shards, epoch, live_index_version FROM spaces WHERE name = %s", (name,)
    ).fetchone()
    if row is None:
        raise _missing(name)
    return row


def names(connection: Connection) -> list[str]:
    """The names of all spaces that this transaction may see."""
    return [row["name"] for row in connection.execute("SELECT name FROM spaces ORDER BY name").fetchall()]


def delete(connection: Connection, space_id: UUID) -> None:
    """Removes a space with all its rows and vectors."""
    connection.execute("SELECT rage_delete_space(%s)", (space_id,))


def bump_epoch(connection: Connection, space_id: UUID) -> None:
    """Makes every cached result of the space unreachable."""
    connection.execute("UPDATE spaces SET epoch = epoch + 1 WHERE id = %s", (space_id,))


def _missing(name: str) -> NotFound:
    return NotFound(f"There is no space {name[:80]!r}.", hint="`rage space list` shows those there are.")

"""Spaces: rows, the index version that answers, and the epoch that caches carry."""

import re
import unicodedata
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg

from resources.domain import Isolation, Space
from resources.errors import Conflict, Forbidden, InvalidInput, NotFound, ServiceUnavailable
from resources.postgres.database import Connection

# Dagster's partition keys may not hold | , [ ] and a name becomes part of URLs and paths.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")

_SELECT = """
SELECT s.id, s.name, s.shards, s.created_at, s.live_index_version::text, s.isolation, s.max_documents, s.max_bytes,
       rage_role_in(s.id) AS role,
       (SELECT count(*) FROM documents d WHERE d.space_id = s.id AND d.state = 'live') AS documents,
       (SELECT count(*) FROM blocks b WHERE b.space_id = s.id) AS blocks,
       (SELECT count(*) FROM passages p WHERE p.index_version = s.live_index_version) AS passages,
       (SELECT count(*) FROM quarantine q WHERE q.space_id = s.id AND q.reason <> 'generated') AS quarantined
FROM spaces s
"""

IDENTIFY: LiteralString = (
    "SELECT s.id, s.name, s.shards, s.epoch, s.live_index_version, s.isolation, s.database, s.max_documents, "
    "s.max_bytes, s.moving_to, rage_role_in(s.id) AS role, v.id AS index_version, v.model, v.dimension, "
    "current_setting('rage.rights', true) AS rights, rage_lexical_behind(s.id) AS lexical_behind, "
    "(SELECT r.profile FROM ranking_profiles r WHERE r.index_version = v.id) AS ranking "
    "FROM spaces s LEFT JOIN index_versions v ON v.id = s.live_index_version WHERE s.name = %s"
)
"""Finds the row that `identify` gives, by a space's name."""


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


def create(
    connection: Connection,
    name: str,
    *,
    shards: int,
    model: str,
    dimension: int,
    creator: str,
    isolation: Isolation = Isolation.SHARED,
    database: str | None = None,
    space_id: UUID | None = None,
) -> UUID:
    """Creates a space with its first index version, live, and entitles its creator as its administrator.

    Args:
        connection: A transaction of a platform administrator.
        name: Of the space.
        shards: Over how many its documents are spread.
        model: The embedding model of its first index version.
        dimension: The length of that model's vectors.
        creator: A principal.
        isolation: How its content is kept apart.
        database: The database of a dedicated space; None in that database itself.
        space_id: Its id, where it has one already in another database.

    Raises:
        InvalidInput: The name cannot name a space.
        Conflict: There is one of that name.
        Forbidden: The transaction's caller is no platform administrator.
    """
    space_id, version = space_id or uuid4(), uuid4()
    try:
        with connection.transaction():
            connection.execute(
                "SELECT rage_create_space(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (space_id, check_name(name), shards, version, model, dimension, creator, isolation, database),
            )
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(f"There is a space {name!r} already.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Forbidden(
            "Only platform administrators create spaces.", hint="Ask one of them, or for the role admin of the platform."
        ) from error
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
    """The space's row, without counting: `id`, `shards`, `epoch`, `isolation`, `database`, its live index version and more.

    `rights` stands for all that the transaction's caller may see.

    Raises:
        NotFound: There is none, or it is not visible.
    """
    return found(connection.execute(IDENTIFY, (name,)).fetchone(), name)


def found(row: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """The row that `IDENTIFY` found.

    Raises:
        NotFound: It found none.
    """
    if row is None:
        raise _missing(name)
    return row


def check_still(row: dict[str, Any]) -> None:
    """Makes sure that a space is not being moved, for then nothing in it may change.

    Raises:
        ServiceUnavailable: It is.
    """
    if row["moving_to"]:
        raise ServiceUnavailable("The space is being moved; it can be read, not changed.", hint="Try again soon.")


def dedicated_databases(connection: Connection) -> list[str]:
    """The databases of those dedicated spaces that this transaction may see."""
    rows = connection.execute("SELECT database FROM spaces WHERE database IS NOT NULL ORDER BY database").fetchall()
    return [row["database"] for row in rows]


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

"""Sources: where a space's documents come from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from resources.domain import Source
from resources.errors import Conflict, NotFound
from resources.postgres.database import Connection

_SELECT = """
SELECT r.id, s.name AS space, r.name, r.kind, r.location, r.every_seconds, r.include, r.exclude, r.created_at,
       r.last_scan_at, r.last_error
FROM sources r JOIN spaces s ON s.id = r.space_id
"""


def add(
    connection: Connection,
    space_id: UUID,
    *,
    name: str,
    kind: str,
    location: str,
    every_seconds: int | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> UUID:
    """Adds a source.

    Raises:
        Conflict: The space has a source of that name.
    """
    source_id = uuid4()
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO sources (id, space_id, name, kind, location, every_seconds, include, exclude) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (source_id, space_id, name, kind, location, every_seconds, list(include), list(exclude)),
            )
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(f"The space has a source {name!r} already.", hint="Choose another --name.") from error
    return source_id


def listing(connection: Connection, space_id: UUID) -> list[Source]:
    """The sources of a space by name."""
    rows = connection.execute(_SELECT + " WHERE r.space_id = %s ORDER BY r.name", (space_id,)).fetchall()
    return [Source(**row) for row in rows]


def find(connection: Connection, space_id: UUID, *, name: str = "", location: str = "") -> Source | None:
    """The source of that name or at that location, None where there is none."""
    row = connection.execute(
        _SELECT + " WHERE r.space_id = %s AND (r.name = %s OR r.location = %s) ORDER BY r.created_at LIMIT 1",
        (space_id, name or None, location or None),
    ).fetchone()
    return Source(**row) if row else None


def get(connection: Connection, space_id: UUID, name: str) -> Source:
    """The source of that name.

    Raises:
        NotFound: There is none.
    """
    source = find(connection, space_id, name=name)
    if source is None:
        raise NotFound(f"The space has no source {name[:80]!r}.", hint="`rage source list SPACE` shows those there are.")
    return source


def select(connection: Connection, source_id: UUID, *, include: Sequence[str], exclude: Sequence[str]) -> None:
    """Says anew which files of a source become documents; the next run follows."""
    connection.execute(
        "UPDATE sources SET include = %s, exclude = %s WHERE id = %s", (list(include), list(exclude), source_id)
    )


def remember_scan(connection: Connection, source_id: UUID, *, device: str | None, error: str | None) -> None:
    """Notes how the last scan went; a failed one keeps the time of the last good one."""
    connection.execute(
        "UPDATE sources SET last_error = %s, last_scan_at = CASE WHEN %s THEN now() ELSE last_scan_at END, "
        "device = COALESCE(%s, device) WHERE id = %s",
        (error, error is None, device, source_id),
    )


def device(connection: Connection, source_id: UUID) -> str | None:
    """What the source's root lay on at its last good scan."""
    row = connection.execute("SELECT device FROM sources WHERE id = %s", (source_id,)).fetchone()
    return row["device"] if row else None


def due(connection: Connection, space_id: UUID, now: datetime | None = None) -> list[dict[str, Any]]:
    """The sources with a schedule whose time has come: `id`, `name`, `every_seconds`, `created_at`, `due_at`."""
    return connection.execute(
        "SELECT id, name, every_seconds, created_at, last_scan_at + make_interval(secs => every_seconds) AS due_at "
        "FROM sources WHERE space_id = %s AND every_seconds IS NOT NULL "
        "AND COALESCE(last_scan_at + make_interval(secs => every_seconds), created_at) <= %s",
        (space_id, now or datetime.now(UTC)),
    ).fetchall()


def resting(connection: Connection, space_id: UUID) -> set[UUID]:
    """The sources with an interval that is not over yet, but for those that are being removed."""
    rows = connection.execute(
        "SELECT id FROM sources WHERE space_id = %s AND NOT removing "
        "AND last_scan_at + make_interval(secs => every_seconds) > now()",
        (space_id,),
    )
    return {row["id"] for row in rows}


def delete(connection: Connection, source_id: UUID) -> None:
    """Removes a source's row; its documents must be gone before."""
    connection.execute("DELETE FROM sources WHERE id = %s", (source_id,))

"""Index versions of a space: which there are, which answers, and which every ingestion keeps current."""

from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from resources.errors import Conflict, InvalidInput, NotFound
from resources.postgres.database import Connection

# Locks on a space (`SpaceLocks`): held by whoever builds a version of it, and by whoever switches or drops one.
BUILD_LOCK = "index-version"
SWITCH_LOCK = "index-switch"


class IndexVersion(NamedTuple):
    """One embedding model's passages and vectors of a space.

    Attributes:
        live: Whether it is the one that answers.
        building: Whether it is still being filled with what was live before it.
    """

    id: UUID
    model: str
    dimension: int
    live: bool
    building: bool = False


def kept(connection: Connection, space_id: UUID) -> list[IndexVersion]:
    """The versions that every ingestion keeps current, the live one first."""
    rows = connection.execute(
        "SELECT v.id, v.model, v.dimension, v.id = s.live_index_version AS live, v.state = 'building' AS building "
        "FROM index_versions v JOIN spaces s ON s.id = v.space_id WHERE v.space_id = %s AND v.stale IS NULL "
        "ORDER BY live DESC, v.id",
        (space_id,),
    )
    return [IndexVersion(**row) for row in rows]


def every(connection: Connection, space_id: UUID) -> list[UUID]:
    """The ids of all versions of a space, whatever their state."""
    rows = connection.execute("SELECT id FROM index_versions WHERE space_id = %s ORDER BY id", (space_id,))
    return [row["id"] for row in rows]


def give_up(connection: Connection, version: UUID, reason: str) -> None:
    """Says why a version that does not answer is no longer kept current; it cannot be promoted then."""
    connection.execute(
        "UPDATE index_versions v SET stale = %s FROM spaces s "
        "WHERE v.id = %s AND s.id = v.space_id AND s.live_index_version <> v.id",
        (reason, version),
    )


def share(connection: Connection, space_id: UUID) -> None:
    """Until this transaction ends, no version of the space is created, promoted or dropped."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 2))", (str(space_id),))


def create(connection: Connection, version: UUID, model: str, dimension: int) -> None:
    """Creates a version in the state `building`; from now on every ingestion keeps it current.

    What is staged and not made for it goes back to be embedded for it, too.
    """
    connection.execute("SELECT rage_create_index_version(%s, %s, %s)", (version, model, dimension))


def described(connection: Connection, space_id: UUID) -> list[dict[str, Any]]:
    """Every version of a space with its counts, the live one first, then the newest first."""
    return connection.execute(
        "SELECT v.id AS version, v.model, v.dimension, v.state, v.stale, v.metrics AS gate, v.created_at, v.evaluated_at, "
        "v.promoted_at, v.retired_at, (SELECT count(*) FROM passages p WHERE p.index_version = v.id) AS passages, "
        "(SELECT count(DISTINCT p.document_id) FROM passages p WHERE p.index_version = v.id) AS documents "
        "FROM index_versions v WHERE v.space_id = %s ORDER BY v.state = 'live' DESC, v.created_at DESC, v.id",
        (space_id,),
    ).fetchall()


def measured(connection: Connection, space_id: UUID) -> list[dict[str, Any]]:
    """The newest measurement of each version, evaluation set and mode: `index_version`, `name`, `mode`, `metrics`."""
    return connection.execute(
        "SELECT DISTINCT ON (r.index_version, s.name, r.mode) r.index_version, s.name, r.mode, r.metrics "
        "FROM evaluation_results r JOIN evaluation_sets s ON s.id = r.set_id WHERE r.space_id = %s "
        "ORDER BY r.index_version, s.name, r.mode, r.measured_at DESC",
        (space_id,),
    ).fetchall()


def named(connection: Connection, space_id: UUID, given: str) -> dict[str, Any]:
    """The row of the version whose id is `given`, or begins with it.

    Raises:
        NotFound: No version of the space does.
        InvalidInput: Several do.
    """
    wanted = given.strip().lower().replace("-", "")
    rows = connection.execute(
        "SELECT * FROM index_versions WHERE space_id = %s AND starts_with(replace(id::text, '-', ''), %s) ORDER BY id",
        (space_id, wanted),
    ).fetchall()
    if not wanted or not rows:
        raise NotFound(
            f"The space has no index version {given[:40]!r}.", hint="`rage index list SPACE` shows those there are."
        )
    if len(rows) > 1:
        raise InvalidInput(f"{len(rows)} index versions begin with {given[:40]!r}.", hint="Give more of the id.")
    return rows[0]


def resumable(connection: Connection, space_id: UUID, model: str, dimension: int) -> UUID | None:
    """The newest version of that model that is not yet live and still kept current: a build that was not ended."""
    row = connection.execute(
        "SELECT id FROM index_versions WHERE space_id = %s AND model = %s AND dimension = %s AND stale IS NULL "
        "AND state IN ('building', 'evaluated') ORDER BY created_at DESC, id LIMIT 1",
        (space_id, model, dimension),
    ).fetchone()
    return row["id"] if row else None


def ground(connection: Connection, space_id: UUID) -> dict[str, Any]:
    """On what a comparison rests: the space's `epoch`, its `live` version, and its evaluation `sets` by id."""
    row = connection.execute(
        "SELECT s.epoch, s.live_index_version AS live, "
        "ARRAY(SELECT e.id::text FROM evaluation_sets e WHERE e.space_id = s.id ORDER BY 1) AS sets "
        "FROM spaces s WHERE s.id = %s",
        (space_id,),
    ).fetchone()
    assert row is not None
    return row


def evaluated(connection: Connection, space_id: UUID, version: UUID, metrics: dict[str, Any]) -> bool:
    """Keeps what the gate said of a version; one that was building is evaluated then, if nothing is missing in it.

    Returns:
        Whether it was complete; if not, nothing is kept.
    """
    from psycopg.types.json import Jsonb

    connection.execute("SELECT rage_lock_versions(%s)", (space_id,))
    if count_lacking(connection, space_id, version):
        return False
    connection.execute(
        "UPDATE index_versions SET metrics = %s, evaluated_at = now(), "
        "state = CASE state WHEN 'building' THEN 'evaluated' ELSE state END WHERE id = %s AND space_id = %s",
        (Jsonb(metrics), version, space_id),
    )
    return True


def count_lacking(connection: Connection, space_id: UUID, version: UUID) -> int:
    """How many live documents are not in a version."""
    row = connection.execute(
        "SELECT count(*) AS n FROM documents d WHERE d.space_id = %s AND d.state = 'live' AND NOT EXISTS "
        "(SELECT 1 FROM passages p WHERE p.document_id = d.id AND p.index_version = %s)",
        (space_id, version),
    ).fetchone()
    return int(row["n"]) if row else 0


def promote(connection: Connection, space_id: UUID, version: UUID, instead_of: UUID) -> None:
    """Makes a version the one that answers, in place of `instead_of`.

    Raises:
        Conflict: Another version became live meanwhile, or this one may not.
    """
    connection.execute("SELECT rage_lock_versions(%s)", (space_id,))
    row = connection.execute("SELECT live_index_version AS live FROM spaces WHERE id = %s", (space_id,)).fetchone()
    if row is None or row["live"] != instead_of:
        raise Conflict("Another index version became live meanwhile.", hint="Look at `rage index list`, and try again.")
    try:
        with connection.transaction():
            connection.execute("SELECT rage_promote(%s)", (version,))
    except psycopg.errors.CheckViolation as error:
        raise Conflict(
            "Only a complete version that is kept current becomes live.", hint="`rage index list` shows each one's state."
        ) from error


def retired_last(connection: Connection, space_id: UUID) -> UUID | None:
    """The version that answered before the live one, if it is still there and kept current."""
    row = connection.execute(
        "SELECT id FROM index_versions WHERE space_id = %s AND state = 'retired' AND stale IS NULL "
        "ORDER BY retired_at DESC, id LIMIT 1",
        (space_id,),
    ).fetchone()
    return row["id"] if row else None


def retired_before(connection: Connection, space_id: UUID, hours: float) -> list[UUID]:
    """The versions that were retired more than so many hours ago."""
    rows = connection.execute(
        "SELECT id FROM index_versions WHERE space_id = %s AND state = 'retired' "
        "AND retired_at < now() - make_interval(secs => %s * 3600) ORDER BY retired_at, id",
        (space_id, hours),
    )
    return [row["id"] for row in rows]


def empty(connection: Connection, version: UUID, limit: int) -> bool:
    """Removes some passages of a version that is to be dropped; returns whether there may be more."""
    removed = connection.execute(
        "DELETE FROM passages WHERE id IN (SELECT id FROM passages WHERE index_version = %s LIMIT %s)", (version, limit)
    )
    return removed.rowcount == limit


def drop(connection: Connection, version: UUID) -> bool:
    """Removes a version with what is left of its passages, and its vectors.

    Returns:
        Whether it did. It does not wait for long transactions, since searches would wait behind it.

    Raises:
        Conflict: It is live.
    """
    try:
        with connection.transaction():
            connection.execute("SELECT rage_drop_index_version(%s)", (version,))
    except psycopg.errors.LockNotAvailable:
        return False
    except psycopg.errors.CheckViolation as error:
        raise Conflict(
            "The live version is not dropped.", hint="Promote another one first, or roll back: `rage index rollback`."
        ) from error
    return True


def models_in_use(connection: Connection) -> list[str]:
    """The embedding models of all versions that are kept current, whoever may see them."""
    return [row["model"] for row in connection.execute("SELECT rage_models_in_use() AS model")]


def dedicated_databases(connection: Connection) -> list[str]:
    """The databases of all dedicated spaces, whoever may see them."""
    return [row["name"] for row in connection.execute("SELECT rage_dedicated_databases() AS name")]

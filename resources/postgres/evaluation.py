"""Evaluation in the database: sets of judged queries, and what was measured on them."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from resources.errors import Conflict, NotFound
from resources.evaluation.models import JudgedQuery, Judgement, Result, SetInfo, check_queries, check_set_name
from resources.postgres.database import Connection, copy_rows

# Of each set and mode: everything of the last days, for a check that looks back two weeks. Of every day before, the last of
# each version. A space that changes all the time is measured about a hundred times a day, so that there is room for a year.
KEPT_RESULTS = 2_000
_EVERYTHING_DAYS = 15

_INFO = "name, origin, queries, judgements, created_by, created_at"
_COLUMNS = (
    "r.id, r.mode, r.index_version, r.model, r.was_live, r.occasion, r.run_id, r.code_version, r.measured_at, r.metrics, "
    "r.missing, r.degraded"
)


def create(connection: Connection, space_id: UUID, name: str, queries: Sequence[JudgedQuery], *, created_by: str) -> SetInfo:
    """Stores a set. It does not change afterwards: its results compare because the questions stay the same.

    Args:
        connection: A transaction of an administrator of the space.
        space_id: The space.
        name: Of the set.
        queries: With their judgements.
        created_by: The principal who gives it.

    Raises:
        InvalidInput: The name cannot name a set, or the queries make none.
        Conflict: There is one of that name.
    """
    check_set_name(name)
    check_queries(queries)
    set_id, judged = uuid4(), sum(len(each.judgements) for each in queries)
    try:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO evaluation_sets (id, space_id, name, origin, queries, judgements, created_by) "
                f"VALUES (%s, %s, %s, 'given', %s, %s, %s) RETURNING {_INFO}",
                (set_id, space_id, name, len(queries), judged, created_by),
            ).fetchone()
    except psycopg.errors.UniqueViolation:
        raise Conflict(
            f"There is an evaluation set {name!r} already.",
            hint="A set does not change, so that its results compare: choose another name, or delete it first.",
        ) from None
    copy_rows(
        connection,
        "evaluation_queries",
        ("set_id", "id", "space_id", "order", "text"),
        ((set_id, each.id, space_id, order, each.text) for order, each in enumerate(queries)),
    )
    copy_rows(
        connection,
        "evaluation_judgements",
        ("set_id", "query_id", "path", "space_id", "grade"),
        ((set_id, each.id, judged.path, space_id, judged.grade) for each in queries for judged in each.judgements),
    )
    assert row is not None
    return SetInfo(**row)


def listing(connection: Connection, space_id: UUID, after: str = "", limit: int = 1_000) -> list[SetInfo]:
    """The sets of a space by name; none where the caller does not administer it."""
    rows = connection.execute(
        f"SELECT {_INFO} FROM evaluation_sets WHERE space_id = %s AND name > %s ORDER BY name LIMIT %s",
        (space_id, after, limit),
    ).fetchall()
    return [SetInfo(**row) for row in rows]


def get(connection: Connection, space_id: UUID, name: str) -> tuple[UUID, SetInfo]:
    """A set of that name, and its id.

    Raises:
        NotFound: There is none.
    """
    row = connection.execute(
        f"SELECT id, {_INFO} FROM evaluation_sets WHERE space_id = %s AND name = %s", (space_id, name)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no evaluation set {name[:100]!r} in the space.")
    return row.pop("id"), SetInfo(**row)


def delete(connection: Connection, space_id: UUID, name: str) -> None:
    """Removes a set with its results.

    Raises:
        NotFound: There is none.
    """
    gone = connection.execute("DELETE FROM evaluation_sets WHERE space_id = %s AND name = %s", (space_id, name)).rowcount
    if not gone:
        raise NotFound(f"There is no evaluation set {name[:100]!r} in the space.")


def queries_of(connection: Connection, set_id: UUID) -> list[JudgedQuery]:
    """The queries of a set in their order."""
    rows = connection.execute(
        "SELECT q.id, q.text, array_agg(j.path ORDER BY j.path) AS paths, array_agg(j.grade ORDER BY j.path) AS grades "
        "FROM evaluation_queries q JOIN evaluation_judgements j ON j.set_id = q.set_id AND j.query_id = q.id "
        'WHERE q.set_id = %s GROUP BY q.set_id, q.id, q.text, q."order" ORDER BY q."order"',
        (set_id,),
    ).fetchall()
    return [
        JudgedQuery(
            id=row["id"],
            text=row["text"],
            judgements=[Judgement(path=path, grade=grade) for path, grade in zip(row["paths"], row["grades"], strict=True)],
        )
        for row in rows
    ]


def texts_of(connection: Connection, set_id: UUID, ids: Iterable[str]) -> dict[str, str]:
    """The texts of some queries of a set by id."""
    rows = connection.execute(
        "SELECT id, text FROM evaluation_queries WHERE set_id = %s AND id = ANY(%s)", (set_id, list(ids))
    ).fetchall()
    return {row["id"]: row["text"] for row in rows}


def absent(connection: Connection, space_id: UUID, paths: Iterable[str]) -> list[str]:
    """Those of the paths at which the space has no live document."""
    rows = connection.execute(
        "SELECT given.path FROM unnest(%s::text[]) AS given(path) WHERE NOT EXISTS "
        "(SELECT FROM documents d WHERE d.space_id = %s AND d.path = given.path AND d.state = 'live') ORDER BY 1",
        (sorted(set(paths)), space_id),
    ).fetchall()
    return [row["path"] for row in rows]


def save(connection: Connection, space_id: UUID, set_id: UUID, epoch: int, results: Sequence[Result]) -> None:
    """Stores what was measured on a set, and forgets what was measured long ago.

    Args:
        connection: A transaction of an administrator of the space.
        space_id: The space.
        set_id: The set; nothing is stored if it was deleted meanwhile.
        epoch: The space's when the measurement began.
        results: What was measured.
    """
    for each in results:
        connection.execute(
            "INSERT INTO evaluation_results (id, space_id, set_id, index_version, model, was_live, mode, occasion, epoch, "
            "run_id, code_version, metrics, per_query, missing, degraded, measured_at) "
            "SELECT %s, space_id, id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM evaluation_sets "
            "WHERE id = %s AND space_id = %s",
            (
                each.id,
                each.index_version,
                each.model,
                each.was_live,
                each.mode,
                each.occasion,
                epoch,
                each.run_id,
                each.code_version,
                Jsonb(each.metrics.model_dump()),
                Jsonb(each.per_query),
                each.missing,
                each.degraded,
                each.measured_at,
                set_id,
                space_id,
            ),
        )
        _forget(connection, set_id, each.mode)


def _forget(connection: Connection, set_id: UUID, mode: str) -> None:
    given = {"set": set_id, "mode": mode, "days": _EVERYTHING_DAYS, "kept": KEPT_RESULTS}
    connection.execute(
        "DELETE FROM evaluation_results r WHERE set_id = %(set)s AND mode = %(mode)s "
        "AND measured_at < now() - make_interval(days => %(days)s) AND EXISTS (SELECT FROM evaluation_results later "
        "WHERE later.set_id = r.set_id AND later.mode = r.mode AND later.measured_at > r.measured_at "
        "AND later.measured_at < date_trunc('day', r.measured_at, 'UTC') + interval '1 day' "
        "AND later.index_version = r.index_version AND later.was_live = r.was_live)",
        given,
    )
    connection.execute(
        "DELETE FROM evaluation_results WHERE id IN (SELECT id FROM evaluation_results WHERE set_id = %(set)s "
        "AND mode = %(mode)s ORDER BY measured_at DESC, id OFFSET %(kept)s)",
        given,
    )


def history(
    connection: Connection,
    space_id: UUID,
    name: str,
    *,
    mode: str | None = None,
    live: bool | None = None,
    limit: int = 100,
    by_query: bool = True,
) -> list[Result]:
    """The newest results of a set.

    Args:
        connection: A transaction of the pipeline, or of an administrator of the space.
        space_id: The space.
        name: The set's name.
        mode: Only of this mode.
        live: Only of versions that were live then, or only of others.
        limit: At most so many.
        by_query: Whether with the queries' own results.
    """
    rows = connection.execute(
        f"SELECT {_COLUMNS}{', r.per_query' if by_query else ''} "
        "FROM evaluation_results r JOIN evaluation_sets s ON s.id = r.set_id "
        "WHERE s.space_id = %(space)s AND s.name = %(name)s "
        "AND (%(mode)s::text IS NULL OR r.mode = %(mode)s) AND (%(live)s::boolean IS NULL OR r.was_live = %(live)s) "
        "ORDER BY r.measured_at DESC, r.id LIMIT %(limit)s",
        {"space": space_id, "name": name, "mode": mode, "live": live, "limit": limit},
    ).fetchall()
    return [Result(**row) for row in rows]


def by_query(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, dict[str, float]]:
    """nDCG@10 of each query, by the result's id."""
    rows = connection.execute("SELECT id, per_query FROM evaluation_results WHERE id = ANY(%s)", (list(ids),))
    return {row["id"]: row["per_query"] for row in rows}


def latest(connection: Connection, space_id: UUID, name: str) -> list[Result]:
    """The newest result of a set in each mode on a version that was live then."""
    rows = connection.execute(
        f"SELECT DISTINCT ON (r.mode) {_COLUMNS}, r.per_query "
        "FROM evaluation_results r JOIN evaluation_sets s ON s.id = r.set_id "
        "WHERE s.space_id = %s AND s.name = %s AND r.was_live ORDER BY r.mode, r.measured_at DESC, r.id",
        (space_id, name),
    ).fetchall()
    return [Result(**row) for row in rows]


def unmeasured(connection: Connection, space_id: UUID) -> tuple[int, list[str]]:
    """The space's epoch, and its sets that were not measured on what it answers from now."""
    row = connection.execute("SELECT epoch FROM spaces WHERE id = %s", (space_id,)).fetchone()
    rows = connection.execute(
        "SELECT e.name FROM evaluation_sets e JOIN spaces s ON s.id = e.space_id WHERE e.space_id = %s AND NOT EXISTS "
        "(SELECT FROM evaluation_results r WHERE r.set_id = e.id AND r.occasion = 'pipeline' AND r.epoch = s.epoch "
        "AND r.index_version = s.live_index_version) ORDER BY e.name",
        (space_id,),
    ).fetchall()
    return (row or {"epoch": 0})["epoch"], [each["name"] for each in rows]


def titles(connection: Connection, space_id: UUID, limit: int) -> dict[str, list[str]]:
    """The titles of some live documents that have one of their own, and the paths of all documents of that title.

    They are the same ones as long as the documents are there.
    """
    rows = connection.execute(
        "SELECT title, array_agg(path ORDER BY path) AS paths FROM documents WHERE space_id = %s AND state = 'live' "
        "AND title <> '' AND right(path, length(title)) <> title "
        "GROUP BY title ORDER BY sha256(convert_to(title, 'UTF8')) LIMIT %s",
        (space_id, limit),
    ).fetchall()
    return {row["title"]: row["paths"] for row in rows}

"""A space's rows on their way from one database to another, as the owner of both.

While a space is being moved nobody changes anything in it: the pipeline's locks are held by whoever moves it, and its row
says so to the query layer. Rows arrive in one transaction, and the old ones go in the one that switches over.
"""

import time
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from resources.errors import ServiceUnavailable
from resources.postgres import vectors

# in the order in which they refer to each other
TABLES = (
    *("index_versions", "sources", "access_classes", "access_files", "documents", "blocks", "passages", "vectors"),
    *("quarantine", "exclusions", "lexical_outbox", "garbage_objects", "garbage_texts", "receipts", "runs"),
    *("staged_documents", "staged_blocks", "staged_passages"),
    *("evaluation_sets", "evaluation_queries", "evaluation_judgements", "evaluation_results"),
    *("ranking_profiles",),
)
_PIECE = 1 << 20
_SETTLE_S = 120.0

Owner = psycopg.Connection[dict[str, Any]]


def connect(url: str) -> Owner:
    """A connection as owner; commits at the end of its `with`, unless it fails."""
    return psycopg.connect(url, options="-c search_path=rage,public", row_factory=dict_row, connect_timeout=5)


def close_for_changes(url: str, space: UUID, target: str) -> None:
    """Tells everybody that the space moves to `target`, and waits until all who did not know have ended.

    Raises:
        ServiceUnavailable: A transaction does not end.
    """
    with connect(url) as connection:
        connection.execute("UPDATE spaces SET moving_to = %s WHERE id = %s", (target, space))
        row = connection.execute("SELECT pg_current_xact_id()::text AS mark").fetchone()
        assert row is not None
        mark = row["mark"]
    deadline = time.monotonic() + _SETTLE_S
    with connect(url) as connection:
        connection.autocommit = True
        while True:
            row = connection.execute(
                "SELECT pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8 AS settled", (mark,)
            ).fetchone()
            if row and row["settled"]:
                return
            if time.monotonic() > deadline:
                raise ServiceUnavailable(
                    f"A transaction that began before the move has not ended for {_SETTLE_S:.0f} s.",
                    hint="See pg_stat_activity; then give the command again.",
                )
            time.sleep(0.1)


def open_for_changes(url: str, space: UUID) -> None:
    """Says that the space stays where it is."""
    with connect(url) as connection:
        connection.execute("UPDATE spaces SET moving_to = NULL WHERE id = %s", (space,))


def copy_space(source: Owner, target: Owner, space: UUID, *, database: str | None) -> dict[str, int]:
    """Copies a space's rows in the transaction of `target`, in place of any that an earlier attempt left.

    Args:
        source: A transaction in the old database.
        target: A transaction in the new one.
        space: The space.
        database: What the space's row in the target says of where its content lies.

    Returns:
        How many rows each table got.
    """
    source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    remove_rows(target, space)
    row = source.execute("SELECT * FROM spaces WHERE id = %s", (space,)).fetchone()
    assert row is not None
    row |= {"database": database, "moving_to": None}
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    changes = sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in row if name != "id")
    target.execute(
        sql.SQL("INSERT INTO spaces ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}").format(
            columns, sql.SQL(", ").join(sql.Placeholder() * len(row)), changes
        ),
        list(row.values()),
    )
    counts = {table: _copy_table(source, target, table, space) for table in TABLES}
    for version in _versions(target, space):
        vectors.build(target, version)
    return counts


def remove_rows(owner: Owner, space: UUID) -> None:
    """Removes a space's content from a database; its row and its members stay."""
    for version in _versions(owner, space):
        owner.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(_partition(version))))
    for table in reversed(TABLES):
        owner.execute(sql.SQL("DELETE FROM {} WHERE space_id = %s").format(sql.Identifier(table)), (space,))


def switch_over(owner: Owner, space: UUID, isolation: str, database: str | None) -> None:
    """Points the space's row to where its content lies now; every cached result is out of reach."""
    owner.execute(
        "UPDATE spaces SET isolation = %s, database = %s, moving_to = NULL, epoch = epoch + 1 WHERE id = %s",
        (isolation, database, space),
    )


def _copy_table(source: Owner, target: Owner, table: str, space: UUID) -> int:
    # by name, so that databases whose columns came in another order agree
    rows = source.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attgenerated = ''",
        (f"rage.{table}",),
    ).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(row["attname"]) for row in rows)
    scratch, name = sql.Identifier(f"moving_{table}"), sql.Identifier(table)
    # PostgreSQL refuses COPY into a table under row-level security, its owner's included
    target.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WHERE false").format(scratch, columns, name)
    )
    query = sql.SQL("COPY (SELECT {} FROM {} WHERE space_id = {}) TO STDOUT (FORMAT binary)").format(
        columns, name, sql.Literal(space)
    )
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(scratch, columns)
    with source.cursor().copy(query) as reading, target.cursor().copy(into) as writing:
        for piece in reading:
            writing.write(piece)
    if table == "vectors":
        for version in _versions(target, space):
            target.execute(
                sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF vectors FOR VALUES IN ({})").format(
                    sql.Identifier(_partition(version)), sql.Literal(str(version))
                )
            )
    count = target.execute(sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(name, columns, columns, scratch)).rowcount
    target.execute(sql.SQL("DROP TABLE {}").format(scratch))
    return count


def _versions(owner: Owner, space: UUID) -> list[UUID]:
    return [row["id"] for row in owner.execute("SELECT id FROM index_versions WHERE space_id = %s", (space,)).fetchall()]


def _partition(version: UUID) -> str:
    return f"vectors_{version.hex}"

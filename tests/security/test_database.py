"""Behind the routes: what the database itself lets each caller see, and each service role do."""

from collections import defaultdict
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb

from resources.access import Caller
from resources.errors import NotFound
from tests.security import rights
from tests.security.world import World

pytestmark = pytest.mark.real

SHARED = ("A", "B", "E")
# Rows that belong to a document carry its class; the others belong to the space as a whole.
OF_DOCUMENTS = ("documents", "blocks", "passages", "quarantine", "receipts")


def caller(kind: str, letter: str, world: World) -> Caller:
    """As the test's tokens say it."""
    groups = (f"{letter}-reader", world.spaces[letter].insiders) if kind == "insider" else (f"{letter}-{kind}",)
    return Caller(f"user:{kind}-{letter}", groups=groups)


def carrying(world: World, column: str, role: str = "rage_api") -> list[str]:
    """The tables with such a column of which a role may read."""
    with world.owner() as connection:
        rows = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a "
            "ON a.attrelid = c.oid AND a.attname = %s WHERE n.nspname = 'rage' AND c.relkind IN ('r', 'p') "
            "AND NOT c.relispartition AND has_table_privilege(%s, c.oid, 'SELECT') ORDER BY 1",
            (column, role),
        ).fetchall()
    return [name for (name,) in rows]


@pytest.mark.parametrize("kind", ["reader", "ingestor", "admin"])
@pytest.mark.parametrize("letter", SHARED)
def test_no_table_with_a_space_shows_a_row_of_another_space(world, letter, kind):
    tables = carrying(world, "space_id")
    assert {"documents", "vectors", "receipts", "runs", "entitlements", "space_keys", "access_files"} <= set(tables)
    with world.platform.database.transaction(caller=caller(kind, letter, world)) as connection:
        for table in tables:
            rows = connection.execute(f"SELECT DISTINCT space_id FROM {table}").fetchall()
            assert {row["space_id"] for row in rows} <= {world.spaces[letter].id}, table
        named = connection.execute("SELECT name FROM spaces").fetchall()
        assert [row["name"] for row in named] == [world.spaces[letter].name]


@pytest.mark.parametrize("letter", ["A", "D", "E"])
def test_closed_rows_are_for_insiders_and_administrators_in_every_table(world, letter):
    space = world.spaces[letter]
    with world.owner(space) as connection:
        (closed,) = connection.execute(
            "SELECT array_agg(id) FROM access_classes WHERE space_id = %s", (space.id,)
        ).fetchone()
        assert len(closed) == 1
    assert set(OF_DOCUMENTS) == set(carrying(world, "access_id")), "a new table with rows of documents needs a look"
    for kind, sees in {"reader": False, "ingestor": False, "insider": True, "admin": True}.items():
        with world.platform.enter(caller(kind, letter, world), space.name) as (connection, _):
            for table in OF_DOCUMENTS:
                query = f"SELECT count(*) FILTER (WHERE access_id = ANY(%s)) AS closed, count(*) AS n FROM {table}"
                row = connection.execute(query, (closed,)).fetchone()
                assert row["n"] > 0, table
                assert (row["closed"] > 0) is sees, (kind, table)
            classes = connection.execute("SELECT count(*) AS n FROM access_files").fetchone()["n"]
            assert (classes > 0) is (kind == "admin")


def test_no_text_of_a_closed_folder_is_in_any_column_that_a_reader_can_read(world):
    """Whatever tables and columns there will be: every row that a reader reads is searched as text."""
    space = world.spaces["A"]
    with world.platform.enter(caller("reader", "A", world), space.name) as (connection, _):
        seen = ""
        for table in carrying(world, "space_id"):
            if table != "runs":  # whose errors the query layer filters, since one row tells of many documents
                rows = connection.execute(f"SELECT t::text AS row FROM {table} t").fetchall()
                seen += "\n".join(row["row"] for row in rows)
    mine = space.words | space.zones["open"].words
    assert all(word in seen for word in space.zones["open"].words)
    assert world.canaries.found_in(seen, but=mine) == []


def test_rights_in_one_database_are_none_in_another(world):
    """A member of the dedicated space alone has rows in its own database, and none in the shared one."""
    space = world.spaces["D"]
    with world.platform.database.transaction(caller=caller("admin", "D", world)) as connection:
        for table in OF_DOCUMENTS:
            assert connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"] == 0, table
    with pytest.raises(NotFound), world.platform.enter(caller("admin", "A", world), space.name):
        pass
    with world.platform.content(space.database).transaction(caller=caller("admin", "A", world)) as connection:
        assert connection.execute("SELECT count(*) AS n FROM blocks").fetchone()["n"] == 0


def test_an_ingestor_changes_no_access_rules_even_where_the_query_layer_forgets_to_ask(world):
    for letter in ("A", "D"):
        space = world.spaces[letter]
        for kind, allowed in {"ingestor": False, "admin": True}.items():
            with world.platform.enter(caller(kind, letter, world), space.name) as (connection, _):
                harmless = "UPDATE sources SET removing = false WHERE id = %s"
                assert connection.execute(harmless, (space.source_id,)).rowcount == 1
                try:
                    with connection.transaction(force_rollback=True):
                        rules = Jsonb([{"pattern": "x", "groups": []}])
                        connection.execute("UPDATE sources SET access_rules = %s WHERE id = %s", (rules, space.source_id))
                    assert allowed
                except psycopg.errors.InsufficientPrivilege:
                    assert not allowed


def test_a_run_finds_every_space_and_changes_only_its_own(world):
    worker = world.home.platform("worker")
    a, b = world.spaces["A"], world.spaces["B"]
    try:
        with worker.database.transaction(space=a.id) as connection:
            assert connection.execute("SELECT count(*) AS n FROM spaces").fetchone()["n"] >= len(world.spaces)
            assert connection.execute("UPDATE spaces SET epoch = epoch WHERE id = %s", (a.id,)).rowcount == 1
            assert connection.execute("UPDATE spaces SET epoch = epoch WHERE id = %s", (b.id,)).rowcount == 0
            for table in carrying(world, "space_id", "rage_worker"):
                rows = connection.execute(f"SELECT DISTINCT space_id FROM {table}").fetchall()
                assert {row["space_id"] for row in rows} <= {a.id}, table
        for statement in (
            "DELETE FROM spaces",
            "UPDATE spaces SET name = 'x'",
            "UPDATE alembic_version SET version_num = '1'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), worker.database.transaction(space=a.id) as connection:
                connection.execute(statement)
    finally:
        worker.close()


def owned(world: World) -> Iterator[psycopg.Connection]:
    """The owner in every database that holds content."""
    for letter in ("A", "D"):
        with world.owner(world.spaces[letter]) as connection:
            yield connection


def test_every_right_on_a_table_is_one_of_those_listed(world):
    for connection in owned(world):
        rows = connection.execute(
            "SELECT c.relname, COALESCE(r.rolname, 'PUBLIC'), x.privilege_type, x.attname, x.is_grantable "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'rage' CROSS JOIN LATERAL ("
            " SELECT a.*, NULL::name AS attname FROM aclexplode(c.relacl) a UNION ALL"
            " SELECT a.*, t.attname FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = c.oid) x "
            "LEFT JOIN pg_roles r ON r.oid = x.grantee WHERE x.grantee <> c.relowner"
        ).fetchall()
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for table, role, privilege, column, grantable in rows:
            letter = privilege[0] if privilege in {"SELECT", "INSERT", "UPDATE", "DELETE"} else privilege
            found[table, role].add((f"{letter}({column})" if column else letter) + ("*" if grantable else ""))
        names = {"rage_api": 0, "rage_worker": 1}
        assert {role for _, role in found} <= names.keys()
        there = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'rage' "
            "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"
        ).fetchall()
        assert {name for (name,) in there} == rights.TABLES.keys()
        for table, expected in rights.TABLES.items():
            for role, place in names.items():
                assert " ".join(sorted(found.pop((table, role), set()))) == expected[place], (table, role)
        assert not found  # partitions, sequences and views give nobody anything


def test_every_function_is_executable_by_those_listed_and_nobody_else(world):
    expected = {
        **{name: {"rage_api"} for name in rights.API_FUNCTIONS},
        **{name: {"rage_worker"} for name in rights.WORKER_FUNCTIONS},
        **{name: {"rage_api", "rage_worker"} for name in rights.FUNCTIONS_OF_BOTH},
        **{name: set() for name in rights.OWNERS_FUNCTIONS},
    }
    for connection in owned(world):
        rows = connection.execute(
            "SELECT p.proname, COALESCE(array_agg(COALESCE(r.rolname, 'PUBLIC')::text) "
            "FILTER (WHERE a.grantee IS NOT NULL), '{}'), "
            "bool_and(NOT p.prosecdef OR p.proconfig @> ARRAY['search_path=rage, public, pg_temp']) "
            "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'rage' "
            "LEFT JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a ON a.grantee <> p.proowner "
            "LEFT JOIN pg_roles r ON r.oid = a.grantee GROUP BY 1"
        ).fetchall()
        assert {name: set(grantees) for name, grantees, _ in rows} == expected
        assert all(fixed for _, _, fixed in rows), "a function with the owner's rights has a search path of its own"


def test_the_service_roles_can_become_nobody_else_and_make_nothing_that_lasts(world):
    for connection in owned(world):
        for role in ("rage_api", "rage_worker", "rage_dagster"):
            row = connection.execute(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, "
                "EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid), "
                "has_schema_privilege(rolname, 'rage', 'CREATE'), has_schema_privilege(rolname, 'public', 'CREATE') "
                "FROM pg_roles r WHERE rolname = %s",
                (role,),
            ).fetchone()
            assert row == (False,) * 8, role
        dagster = connection.execute("SELECT has_schema_privilege('rage_dagster', 'rage', 'USAGE')").fetchone()
        assert dagster == (False,)

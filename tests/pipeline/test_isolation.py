"""Another space's rows do not exist for a connection that is not entitled to it."""

import psycopg
import pytest

from resources.access import Caller
from resources.evaluation.models import JudgedQuery, Judgement
from resources.postgres import evaluation

pytestmark = pytest.mark.real
ME, SOMEBODY, NOBODY = (Caller(f"user:{name}") for name in ("me", "somebody", "nobody"))


@pytest.fixture(scope="module")
def two_spaces(shared_home, tmp_path_factory):
    """The spaces `mine` and `theirs`, with a document each; the second belongs to somebody else."""
    ids = {}
    for name in ("mine", "theirs"):
        folder = tmp_path_factory.mktemp(name)
        (folder / f"{name}.md").write_text(f"# {name}\n\nThe secret of {name} is canary-{name}.\n")
        ids[name] = shared_home.space(name, folder=folder)
        shared_home.ingest(name)
    (folder / "broken.txt").write_bytes(b"")
    (folder / "closed").mkdir()
    (folder / "closed" / "a.md").write_text("# Closed\n\nFor few.\n")
    (folder / "closed" / ".rage-access.yaml").write_text("groups: [few]\n")
    shared_home.ingest("theirs")
    (folder / "theirs.md").rename(folder / "theirs2.md")
    shared_home.ingest("theirs")
    platform = shared_home.platform()
    with psycopg.connect(platform.url("owner"), options="-c search_path=rage,public") as connection:
        for principal, name in (("user:me", "mine"), ("user:somebody", "theirs")):
            connection.execute("UPDATE entitlements SET principal = %s WHERE space_id = %s", (principal, ids[name]))
        connection.execute(
            "INSERT INTO exclusions (document_id, space_id, receipt_id) VALUES (gen_random_uuid(), %s, gen_random_uuid())",
            (ids["theirs"],),
        )
        connection.execute(
            "INSERT INTO space_keys (id, space_id, purpose, wrapped, provider, kek_id) "
            "VALUES (gen_random_uuid(), %s, 'data', 'wrapped', 'file', 'k')",
            (ids["theirs"],),
        )
    _evaluate(platform, ids["theirs"])
    platform.close()
    return shared_home, ids


def _evaluate(platform, space):
    """What evaluation keeps of a space: a set with a query, a result, and the ranking that was learned."""
    queries = [JudgedQuery(id="q", text="the secret", judgements=[Judgement(path="theirs.md")])]
    with platform.database.transaction(caller=SOMEBODY) as connection:
        evaluation.create(connection, space, "asked", queries, created_by=SOMEBODY.principal)
    with psycopg.connect(platform.url("owner"), options="-c search_path=rage,public") as connection:
        connection.execute(
            "INSERT INTO evaluation_results (id, space_id, set_id, index_version, model, was_live, mode, occasion, epoch, "
            "run_id, code_version, metrics, per_query, missing, degraded) SELECT gen_random_uuid(), space_id, id, "
            "gen_random_uuid(), 'm', true, 'hybrid', 'command', 1, 'r', 'c', '{}', '{}', 0, '{}' FROM evaluation_sets "
            "WHERE space_id = %s",
            (space,),
        )
        connection.execute(
            "INSERT INTO ranking_profiles (index_version, space_id, profile, evidence, fingerprint, documents, run_id) "
            "SELECT id, space_id, '{}', '{}', 'f', 1, 'r' FROM index_versions WHERE space_id = %s",
            (space,),
        )


def tables(home):
    platform = home.platform()
    with psycopg.connect(platform.url("owner")) as connection:
        rows = connection.execute(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname = 'rage' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        ).fetchall()
    platform.close()
    return rows


def test_every_table_stands_under_forced_row_level_security(two_spaces):
    home, _ = two_spaces
    assert {name for name, on, forced in tables(home) if not (on and forced)} == {"alembic_version"}


def test_the_roles_that_serve_own_nothing_and_are_no_superusers(two_spaces):
    home, _ = two_spaces
    rows = home.rows(
        "SELECT r.rolname, r.rolsuper, r.rolbypassrls, (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned "
        "FROM pg_roles r WHERE r.rolname IN ('rage_api', 'rage_worker') ORDER BY 1"
    )
    assert [tuple(row.values()) for row in rows] == [("rage_api", False, False, 0), ("rage_worker", False, False, 0)]


def readable(home):
    rows = home.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'rage' "
        "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND has_table_privilege('rage_api', c.oid, 'SELECT') "
        "AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'space_id')"
    )
    return [row["relname"] for row in rows]


def test_a_caller_sees_no_row_of_a_space_to_which_it_is_not_entitled(two_spaces):
    home, ids = two_spaces
    listed = readable(home)
    assert {"documents", "blocks", "passages", "vectors", "receipts", "quarantine", "runs"} <= set(listed)
    for table in listed:
        theirs = home.rows(f"SELECT count(*) AS n FROM {table} WHERE space_id = %s", ids["theirs"], caller=SOMEBODY)
        mine = home.rows(f"SELECT count(*) AS n FROM {table} WHERE space_id = %s", ids["theirs"], caller=ME)
        assert theirs[0]["n"] > 0, table
        assert mine[0]["n"] == 0, table


def test_a_transaction_that_names_nobody_sees_nothing(two_spaces):
    home, _ = two_spaces
    for table in readable(home):
        assert home.rows(f"SELECT count(*) AS n FROM {table}", caller=None)[0]["n"] == 0


def test_the_name_of_a_caller_ends_with_its_transaction(two_spaces):
    home, _ = two_spaces
    platform = home.platform()
    for caller, expected in ((ME, 1), (SOMEBODY, 1), (None, 0), (NOBODY, 0)) * 5:
        with platform.database.transaction(caller=caller) as connection:
            assert connection.execute("SELECT count(*) AS n FROM spaces").fetchone()["n"] == expected
    platform.close()


def test_a_run_of_one_space_sees_and_writes_no_other(two_spaces):
    home, ids = two_spaces
    assert (
        home.rows("SELECT count(*) AS n FROM documents WHERE space_id = %s", ids["theirs"], space=ids["mine"])[0]["n"] == 0
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        home.rows(
            "INSERT INTO sources (id, space_id, name, kind, location) VALUES (gen_random_uuid(), %s, 'x', 'folder', '/') "
            "RETURNING 1",
            ids["theirs"],
            space=ids["mine"],
        )


def test_vectors_cannot_be_read_around_the_policy_by_their_partition(two_spaces):
    home, _ = two_spaces
    partition = home.rows("SELECT relname FROM pg_class WHERE relname LIKE 'vectors\\_%%' AND relkind = 'r' LIMIT 1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        home.rows(f"SELECT 1 FROM {partition[0]['relname']}")


def test_passwords_guard_the_embedded_server(two_spaces):
    home, _ = two_spaces
    platform = home.platform()
    socket = platform._embedded._socket
    platform.close()
    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(f"host={socket} user=postgres dbname=rage")
    assert (home.path / "keys" / "database.json").stat().st_mode & 0o077 == 0

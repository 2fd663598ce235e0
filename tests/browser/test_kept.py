"""What is kept of sessions: nothing that could be used, and nothing that a service role could read."""

import base64
import os

import pytest

from resources.errors import InvalidSettings
from resources.settings import Settings
from resources.sign_in.seal import Seal

TABLES = ("sessions", "login_attempts", "logout_tokens")


def test_what_is_sealed_opens_at_its_place_and_for_its_purpose_only():
    seal = Seal(os.urandom(32))
    sealed = seal.seal("tokens", b"here", {"access": "secret"})
    assert b"secret" not in sealed
    assert seal.open("tokens", b"here", sealed) == {"access": "secret"}
    assert seal.open("tokens", b"there", sealed) is None
    assert seal.open("login", b"here", sealed) is None
    assert Seal(os.urandom(32)).open("tokens", b"here", sealed) is None
    assert seal.open("tokens", b"here", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert seal.open("tokens", b"here", b"") is None


def test_the_same_is_sealed_differently_each_time():
    seal = Seal(os.urandom(32))
    assert seal.seal("tokens", b"here", {}) != seal.seal("tokens", b"here", {})


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    sealed = Seal.load(Settings(home=tmp_path)).seal("tokens", b"x", {"a": 1})
    assert Seal.load(Settings(home=tmp_path)).open("tokens", b"x", sealed) == {"a": 1}
    file = tmp_path / "keys" / "session.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["session.key"]


def test_a_configured_key_is_the_key(tmp_path):
    key = base64.b64encode(os.urandom(32)).decode()
    sealed = Seal.load(Settings(home=tmp_path / "a", session_key=key)).seal("tokens", b"x", {})
    assert Seal.load(Settings(home=tmp_path / "b", session_key=key)).open("tokens", b"x", sealed) == {}
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("key", ["short", base64.b64encode(b"x" * 31).decode(), "é"])
def test_a_key_of_another_form_is_named_and_not_shown(tmp_path, key):
    with pytest.raises(InvalidSettings, match="RAGE_SESSION_KEY") as caught:
        Seal.load(Settings(home=tmp_path, session_key=key))
    assert key not in str(caught.value)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ["api", "worker"])
def test_no_service_role_reads_or_changes_the_tables(shared_home, table, role):
    import psycopg

    platform = shared_home.platform(role)
    try:
        for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), platform.database.transaction() as connection:
                connection.execute(statement)
    finally:
        platform.close()


@pytest.mark.parametrize(
    "call",
    [
        "rage_session_read('x')",
        "rage_sessions(now(), gen_random_uuid(), 5)",
        "rage_end_sessions_of('user:x')",
        "rage_end_one_session(gen_random_uuid())",
        "rage_session_close('x', true)",
    ],
)
def test_the_worker_reaches_no_session(shared_home, call):
    import psycopg

    platform = shared_home.platform("worker")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), platform.database.transaction() as connection:
            connection.execute(f"SELECT {call}")
    finally:
        platform.close()


def test_only_platform_administrators_end_the_sign_ins_of_others(shared_home):
    import psycopg

    from resources.access import Caller
    from resources.postgres import sessions

    platform = shared_home.platform()
    try:
        someone = Caller("user:someone")
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            platform.database.transaction(caller=someone) as connection,
        ):
            sessions.end_all(connection, "user:other")
        with platform.database.transaction() as connection:
            assert sessions.listing(connection) == []
    finally:
        platform.close()


@pytest.mark.real
def test_the_database_holds_no_token_in_the_clear(site, ann):
    row = site.rows("SELECT s::text AS whole, sealed FROM sessions s ORDER BY created_at DESC LIMIT 1")[0]
    assert ann.cookies["rage_session"] not in row["whole"]
    assert b"eyJ" not in bytes(row["sealed"])


@pytest.mark.real
def test_a_session_sealed_with_another_key_is_over(site, ann):
    site.rows("UPDATE sessions SET sealed = %s", b"x" * 200)
    assert ann.get("/auth/me").status_code == 401

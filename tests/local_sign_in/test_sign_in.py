"""Signing in and out with a name and a password."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from resources.access import Role
from resources.errors import InvalidInput
from resources.postgres import sign_in_attempts, users
from resources.sign_in.passwords import hash_password
from tests.api.conftest import error_of
from tests.local_sign_in.conftest import PASSWORD, known_hash, me, refresh, sign_in


def test_a_password_brings_tokens_of_15_minutes_and_7_days(at, person):
    user = person()
    answer = sign_in(at(), user.name)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert (issued["token_type"], issued["expires_in"]) == ("bearer", 900)
    week = datetime.fromisoformat(issued["refresh_expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < week <= timedelta(days=7)
    assert me(at(), issued["access_token"]).json()["principal"] == user.principal


def test_who_one_is_with_groups_role_and_spaces(at, person, sign_in_home, owner):
    user, name = person(groups=("/staff/search", "all")), f"space-{uuid4().hex[:8]}"
    space = sign_in_home.space(name)
    token = sign_in(at(), user.name).json()["access_token"]
    assert me(at(), token).json()["spaces"] == []
    with owner() as connection:
        connection.execute("INSERT INTO entitlements VALUES (%s, 'group:staff', 'reader')", (space,))
    said = me(at(), token).json()
    assert (said["name"], said["groups"], said["platform_role"]) == (user.name, ["all", "staff", "staff/search"], None)
    assert said["spaces"] == [{"name": name, "role": "reader"}]
    assert me(at(), sign_in(at(), person(Role.INGESTOR).name).json()["access_token"]).json()["platform_role"] == "ingestor"


def test_a_name_signs_in_whatever_its_case_and_form(at, person):
    unique = uuid4().hex[:6]
    person(name=f"Zo\u00eb{unique}")
    for written in (f"zo\u00eb{unique}", f"ZOE\u0308{unique.upper()}"):
        assert sign_in(at(), written).status_code == 200, written


def test_a_wrong_password_an_unknown_and_a_disabled_name_get_the_same_answer(at, person, owner):
    wrong, disabled = person(), person()
    with owner() as connection:
        users.disable(connection, disabled.name)
    said = [
        error_of(sign_in(at(), name, password), 401, "unauthorized")["message"]
        for name, password in (
            (wrong.name, PASSWORD + "!"),
            (disabled.name, PASSWORD),
            ("nobody", PASSWORD),
            ("no\0body", PASSWORD),
            ("x" * 256, PASSWORD),
        )
    ]
    assert len(set(said)) == 1


def test_unknown_disabled_and_waiting_names_take_as_long_as_a_wrong_password(at, person, owner):
    """Compares medians: what it shows is that no kind of refusal saves the bcrypt, not that every microsecond is equal."""
    known, disabled, waiting = person(), person(), person()
    with owner() as connection:
        users.disable(connection, disabled.name)
    busy = at()
    for _ in range(7):
        last = sign_in(busy, waiting.name, "wrong password")
    assert last.status_code == 429

    def seconds(name, client):
        began = time.perf_counter()
        assert sign_in(client, name, "wrong password").status_code in {401, 429}
        return time.perf_counter() - began

    # in turns, so that whatever else this machine does meets all of them
    kinds = {known.name: at, f"nobody-{uuid4()}": at, disabled.name: at, waiting.name: lambda: busy}
    taken = [[seconds(name, client()) for name, client in kinds.items()] for _ in range(9)]
    medians = [statistics.median(column) for column in zip(*taken, strict=True)]
    assert max(medians) / min(medians) < 1.5, medians


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": "password"},
        {"grant_type": "password", "username": "a"},
        {"grant_type": "refresh_token"},
        {"grant_type": "client_credentials", "username": "a", "password": "b"},
        {"grant_type": "password", "username": "a", "password": "the-password " * 100},
    ],
)
def test_a_form_that_is_not_whole_is_refused_and_not_repeated(at, form):
    answer = at().post("/auth/token", data=form)
    error_of(answer, 422, "invalid")
    assert "the-password" not in answer.text


def test_a_password_in_the_address_counts_for_nothing(at, person):
    form = {"grant_type": "password", "username": person().name, "password": PASSWORD}
    assert at().post("/auth/token", params=form).status_code == 422


def test_signing_out_ends_the_access_token_and_the_refresh_token_at_once(at, person):
    user = person()
    here, there = sign_in(at(), user.name).json(), sign_in(at(), user.name).json()
    gone = at().post("/auth/logout", headers={"Authorization": f"Bearer {here['access_token']}"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert me(at(), here["access_token"]).status_code == 401
    assert refresh(at(), here["refresh_token"]).status_code == 401
    assert me(at(), there["access_token"]).status_code == 200, "another sign-in goes on"
    assert refresh(at(), there["refresh_token"]).status_code == 200


def test_nobody_ends_the_session_of_another(at, person, platform, owner):
    victim, attacker = person(), person()
    tokens = sign_in(at(), victim.name).json()
    session = me(at(), tokens["access_token"]).json()["session"]
    from resources.access import Caller
    from resources.postgres import refresh_tokens

    with platform.database.transaction(caller=Caller(attacker.principal)) as connection:
        refresh_tokens.end_session(connection, session)
    assert refresh(at(), tokens["refresh_token"]).status_code == 200


def test_a_disabled_user_is_dead_at_once_and_alive_again_when_enabled(at, person, owner):
    user = person()
    tokens = sign_in(at(), user.name).json()
    with owner() as connection:
        users.disable(connection, user.name)
    assert me(at(), tokens["access_token"]).status_code == 401
    assert refresh(at(), tokens["refresh_token"]).status_code == 401
    with owner() as connection:
        users.enable(connection, user.name)
    assert me(at(), tokens["access_token"]).status_code == 401, "what was ended stays ended"
    assert me(at(), sign_in(at(), user.name).json()["access_token"]).status_code == 200


def test_another_password_ends_every_sign_in(at, person, owner):
    user = person()
    tokens = sign_in(at(), user.name).json()
    with owner() as connection:
        users.set_password(connection, user.name, hash_password("another good password"))
    assert me(at(), tokens["access_token"]).status_code == 401
    assert refresh(at(), tokens["refresh_token"]).status_code == 401
    assert sign_in(at(), user.name).status_code == 401
    assert sign_in(at(), user.name, "another good password").status_code == 200


def test_a_role_that_is_taken_away_is_gone_at_once_and_a_refresh_brings_what_is_left(at, person, owner):
    user = person(Role.ADMIN, ("staff",))
    tokens = sign_in(at(), user.name).json()
    with owner() as connection:
        users.set_rights(connection, user.name, None, ["guests"])
    assert me(at(), tokens["access_token"]).status_code == 401
    said = me(at(), refresh(at(), tokens["refresh_token"]).json()["access_token"]).json()
    assert (said["platform_role"], said["groups"]) == (None, ["guests"])


def test_a_password_that_changes_while_it_is_compared_does_not_count(person, owner, platform):
    user = person()
    with platform.database.transaction() as connection:
        attempt = sign_in_attempts.begin(connection, user.name, "192.0.2.1")
    assert attempt.password_hash == known_hash()
    with owner() as connection:
        users.set_password(connection, user.name, hash_password("another good password"))
    with platform.database.transaction() as connection:
        assert sign_in_attempts.succeed(connection, attempt, "192.0.2.1", uuid4(), bytes(32)) is None


@pytest.mark.parametrize(
    "table", ["users", "sign_in_attempts", "known_addresses", "sign_in_sessions", "refresh_tokens", "api_keys"]
)
@pytest.mark.parametrize("role", ["api", "worker"])
def test_no_service_role_can_read_or_change_what_signs_people_in(sign_in_home, role, table):
    opened = sign_in_home.platform(role)
    try:
        for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), opened.database.transaction() as connection:
                connection.execute(statement)
    finally:
        opened.close()


def test_the_pipelines_role_may_call_no_function_of_sign_in(sign_in_home):
    opened = sign_in_home.platform("worker")
    try:
        with opened.database.transaction() as connection:
            callable_ = connection.execute(
                "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'rage'::regnamespace "
                "AND p.proname ~ 'sign_in|refresh|session|key' AND has_function_privilege(p.oid, 'EXECUTE')"
            ).fetchall()
        assert not [row for row in callable_ if "space" not in row["proname"]]
    finally:
        opened.close()


@pytest.mark.parametrize("name", ["", " a", "a\u0000b", "x" * 65, "local-admin", "LOCAL-ADMIN", "a\nb"])
def test_names_that_cannot_be_are_refused(name):
    with pytest.raises(InvalidInput):
        users.check_name(name)


def test_the_password_stands_in_no_log_line(at, person, capfd):
    from resources.logs import configure_logs

    configure_logs("DEBUG")
    name = person().name
    for password in (PASSWORD, "a wrong password indeed"):
        sign_in(at(), name, password)
    logged = capfd.readouterr().err
    assert "signed_in" in logged and "sign_in_failed" in logged
    assert PASSWORD not in logged and "a wrong password indeed" not in logged and name not in logged

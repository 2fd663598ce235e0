"""Refresh tokens: each works once; a second use ends the sign-in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from resources.postgres import refresh_tokens
from tests.api.conftest import error_of
from tests.local_sign_in.conftest import me, refresh, sign_in


def test_a_refresh_brings_other_tokens_of_the_same_session(at, person):
    first = sign_in(at(), person().name).json()
    second = refresh(at(), first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"] and second["refresh_token"] != first["refresh_token"]
    assert me(at(), second["access_token"]).json()["session"] == me(at(), first["access_token"]).json()["session"]
    assert refresh(at(), second["refresh_token"]).status_code == 200


def test_a_token_that_comes_twice_ends_its_sign_in_for_thief_and_owner(at, person):
    first = sign_in(at(), person().name).json()
    second = refresh(at(), first["refresh_token"]).json()
    error_of(refresh(at(), first["refresh_token"]), 401, "unauthorized")
    assert refresh(at(), second["refresh_token"]).status_code == 401
    assert me(at(), second["access_token"]).status_code == 401, "what the thief got does not count either"


def test_of_many_that_bring_one_token_at_once_one_gets_the_next_and_none_keeps_it(at, person):
    token = sign_in(at(), person().name).json()["refresh_token"]
    clients = [at() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: refresh(client, token), clients))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    winner = next(answer for answer in answers if answer.status_code == 200).json()
    assert refresh(at(), winner["refresh_token"]).status_code == 401
    assert me(at(), winner["access_token"]).status_code == 401


def test_other_sign_ins_of_the_same_person_go_on(at, person):
    name = person().name
    here, there = sign_in(at(), name).json(), sign_in(at(), name).json()
    for _ in range(2):
        refresh(at(), here["refresh_token"])
    assert refresh(at(), there["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "unknown", "x" * 256, "\0", "é"])
def test_an_unknown_token_is_refused(at, token):
    error_of(refresh(at(), token), 401 if token else 422, "unauthorized" if token else "invalid")


def test_a_token_expires_after_seven_days(at, person, owner):
    token = sign_in(at(), person().name).json()["refresh_token"]
    with owner() as connection:
        connection.execute(
            "UPDATE refresh_tokens SET expires_at = expires_at - interval '7 days' WHERE hash = %s",
            (refresh_tokens.sha256(token),),
        )
    assert refresh(at(), token).status_code == 401


def test_a_sign_in_ends_after_thirty_days_however_often_it_was_refreshed(at, person, owner):
    user = person()
    token = sign_in(at(), user.name).json()["refresh_token"]
    with owner() as connection:
        connection.execute(
            "UPDATE sign_in_sessions SET created_at = created_at - interval '28 days' WHERE user_id = %s", (user.id,)
        )
        end = connection.execute(
            "SELECT created_at + interval '30 days' AS at FROM sign_in_sessions WHERE user_id = %s", (user.id,)
        ).fetchone()
    assert datetime.fromisoformat(refresh(at(), token).json()["refresh_expires_at"]) == end["at"]


def test_the_database_holds_only_the_hash_of_a_token(at, person, owner):
    user = person()
    token = sign_in(at(), user.name).json()["refresh_token"]
    with owner() as connection:
        rows = connection.execute(
            "SELECT t.* FROM refresh_tokens t JOIN sign_in_sessions s ON s.id = t.session_id WHERE s.user_id = %s",
            (user.id,),
        ).fetchall()
    assert [row["hash"] for row in rows] == [refresh_tokens.sha256(token)]
    assert token not in str(rows)


def test_what_has_expired_is_cleared_away_by_later_sign_ins(at, person, owner):
    user = person()
    sign_in(at(), user.name)
    with owner() as connection:
        connection.execute("UPDATE sign_in_sessions SET expires_at = now() - interval '1 s' WHERE user_id = %s", (user.id,))
    sign_in(at(), person().name)
    with owner() as connection:
        left = connection.execute("SELECT count(*) AS n FROM sign_in_sessions WHERE user_id = %s", (user.id,)).fetchone()
    assert left["n"] == 0

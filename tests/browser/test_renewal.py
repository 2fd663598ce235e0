"""Renewal: rights follow the issuer within a token's life; of many requests one renews; a lost issuer is waited for."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.browser.conftest import error_of, set_cookies

pytestmark = pytest.mark.real


def renewals(site, name, kind="REFRESH_TOKEN"):
    """How often the issuer itself says that it has renewed a user's tokens."""
    return site.keycloak.admin.get_events({"type": kind, "user": site.keycloak.subject(name)})


def test_whoever_leaves_a_group_sees_its_space_no_more_after_the_next_renewal(site, person, short_tokens):
    name = person()
    client = site.signed_in(name)
    assert client.get("/api/v1/spaces/handbook").status_code == 200
    site.keycloak.remove_from_group(name, "/engineering")
    time.sleep(short_tokens)
    error_of(client.get("/api/v1/spaces/handbook"), 404, "not_found")
    body = {"space": "handbook", "query": "leave", "mode": "lexical"}
    error_of(client.post("/api/v1/memory/search", json=body), 404, "not_found")
    assert client.get("/auth/me").json()["groups"] == []


def test_a_role_that_is_taken_away_is_gone_with_the_next_renewal(site, person, short_tokens):
    name = person(groups=(), roles=("admin",))
    client = site.signed_in(name)
    assert client.get("/auth/me").json()["platform_role"] == "admin"
    site.keycloak.remove_role(name, "admin")
    time.sleep(short_tokens)
    assert client.get("/auth/me").json()["platform_role"] is None


def test_requests_at_once_renew_once(site, person, short_tokens):
    name = person()
    client = site.signed_in(name)
    cookie, token = client.cookies["rage_session"], client.headers["X-CSRF-Token"]
    time.sleep(short_tokens)

    def ask(_):
        with httpx.Client(base_url=site.url, headers={"Cookie": f"rage_session={cookie}"}, timeout=60) as one:
            return one.get("/auth/me")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert {answer.json()["csrf_token"] for answer in answers} == {token}
    assert len(renewals(site, name)) == 1
    assert not renewals(site, name, "REFRESH_TOKEN_ERROR")


def test_an_issuer_that_is_away_is_a_503_and_the_session_goes_on_after_it(site, person, short_tokens):
    client = site.signed_in(person())
    time.sleep(short_tokens)
    site.forwarder.stop()
    try:
        answer = client.get("/auth/me")
        error_of(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert not set_cookies(answer)
    finally:
        site.forwarder.start()
    deadline = time.monotonic() + 20
    while (answer := client.get("/auth/me")).status_code == 503:  # as long as the circuit breaker rests
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert answer.status_code == 200


def test_an_issuer_that_is_away_disturbs_nobody_whose_token_lives(site, person):
    client = site.signed_in(person())
    site.forwarder.stop()
    try:
        assert client.get("/auth/me").status_code == 200
        assert client.get("/api/v1/spaces/handbook").status_code == 200
    finally:
        site.forwarder.start()


def test_a_user_who_was_disabled_is_out_with_the_next_renewal(site, person, short_tokens):
    name = person()
    client = site.signed_in(name)
    site.keycloak.admin.update_user(site.keycloak.subject(name), {"enabled": False})
    time.sleep(short_tokens)
    answer = client.get("/auth/me")
    assert error_of(answer, 401, "unauthorized")["details"] == {"reason": "session_ended"}
    assert "Max-Age=0" in set_cookies(answer)["rage_session"]
    assert not site.rows("SELECT id FROM sessions WHERE principal = %s", f"user:{site.keycloak.subject(name)}")


def test_whoever_died_while_renewing_keeps_others_waiting_for_a_bounded_time(site, person, short_tokens):
    name = person()
    client = site.signed_in(name)
    site.rows("UPDATE sessions SET refreshing_until = clock_timestamp() + interval '7 seconds' WHERE name = %s", name)
    time.sleep(short_tokens)
    assert client.get("/auth/me").status_code == 200

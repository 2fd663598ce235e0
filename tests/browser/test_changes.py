"""Changes in a browser's name: only by pages of this server, and only with the session's own CSRF token."""

import pytest

from tests.browser.conftest import error_of

pytestmark = pytest.mark.real
SEARCH = {"space": "handbook", "query": "leave", "mode": "lexical"}


def test_a_change_with_the_sessions_token_passes(ann):
    assert ann.post("/api/v1/memory/search", json=SEARCH).status_code == 200


def test_reading_needs_none(ann):
    del ann.headers["X-CSRF-Token"]
    assert ann.get("/api/v1/spaces").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/memory/search"),
        ("POST", "/auth/logout"),
        ("DELETE", "/api/v1/sessions/9a7b330a-0000-4000-8000-000000000000"),
        ("PUT", "/api/v1/spaces/handbook/quota"),
        ("PATCH", "/api/v1/spaces/handbook"),
    ],
)
@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_change_without_the_token_is_refused(ann, method, path, token):
    del ann.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    error_of(ann.request(method, path, headers=headers), 403, "forbidden")
    assert ann.get("/auth/me").status_code == 200


def test_the_token_of_another_session_is_refused(ann, boss):
    headers = {"X-CSRF-Token": boss.headers["X-CSRF-Token"]}
    error_of(ann.post("/auth/logout", headers=headers), 403, "forbidden")


def test_two_tokens_are_refused(ann):
    token = ann.headers["X-CSRF-Token"]
    headers = [("X-CSRF-Token", token), ("X-CSRF-Token", token)]
    error_of(ann.post("/auth/logout", headers=headers), 403, "forbidden")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_page_of_another_site_changes_nothing_even_with_the_token(ann, headers):
    error_of(ann.post("/api/v1/memory/search", json=SEARCH, headers=headers), 403, "forbidden")


def test_a_page_of_this_server_does(site, ann):
    headers = {"Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    assert ann.post("/api/v1/memory/search", json=SEARCH, headers=headers).status_code == 200


def test_a_token_in_the_header_is_meant_and_the_cookie_is_not(site, ann):
    bearer = {"Authorization": f"Bearer {site.keycloak.token('boss')}"}
    del ann.headers["X-CSRF-Token"]
    me = ann.get("/auth/me", headers=bearer).json()
    assert me["name"] == "boss"
    assert me["csrf_token"] is None
    assert ann.post("/api/v1/memory/search", json=SEARCH, headers=bearer).status_code == 200


@pytest.mark.parametrize("value", ["Bearer nonsense", "Basic eDp5", ""])
def test_a_bad_header_is_not_made_good_by_a_cookie(ann, value):
    error_of(ann.get("/auth/me", headers={"Authorization": value}), 401, "unauthorized")

"""The end of a session: by the person, by the issuer, by an operator, by time; and who may see and end which."""

import json
import time
from uuid import uuid4

import pytest

from tests.browser.conftest import admin_token, error_of, set_cookies
from tests.sign_in.conftest import Forger

pytestmark = pytest.mark.real
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(scope="module")
def forger(keycloak):
    return Forger(keycloak)


def logout_token(forger, **changes):
    """A logout token as the realm would sign it."""
    claims = {"typ": "Logout", "aud": "rage-portal", "azp": None, "jti": str(uuid4()), "events": {EVENT: {}}}
    return forger.sign(forger.claims(**claims | {"preferred_username": None} | changes))


def post_logout(site, token):
    return site.visitor().post("/auth/backchannel-logout", data={"logout_token": token})


def sid_of(site, client):
    return client.get("/auth/me").json()["session"]


def again(site, client):
    """The same cookie, as somebody sends it who copied it before."""
    return site.visitor(Cookie=f"rage_session={client.cookies['rage_session']}")


def test_signing_out_ends_the_session_here_and_at_the_issuer(site, person):
    name = person()
    client = site.signed_in(name)
    copied = again(site, client)
    bearer = site.visitor(Authorization=f"Bearer {site.keycloak.token(name)}")
    answer = client.post("/auth/logout")
    assert answer.status_code == 200
    assert "Max-Age=0" in set_cookies(answer)["rage_session"]
    error_of(copied.get("/auth/me"), 401, "unauthorized")
    url = answer.json()["logout_url"]
    assert url.startswith(site.keycloak.issuer) and "id_token_hint=" in url
    user = site.keycloak.subject(name)
    before = len(site.keycloak.admin.get_sessions(user))
    assert site.keycloak.browser().http.get(url).headers["location"] == f"{site.url}/?state=signed-out"
    assert len(site.keycloak.admin.get_sessions(user)) == before - 1
    assert bearer.get("/auth/me").status_code == 200  # another sign-in of the same person


def test_signing_out_at_the_issuer_ends_the_session_here(site, person):
    name = person()
    visitor = site.visitor()
    browser = site.keycloak.browser()
    start = visitor.get("/auth/login").headers["location"]
    assert visitor.get(browser.sign_in(start, name)).status_code == 303
    answer = browser.http.get(f"{site.keycloak.endpoint}/logout")  # the issuer's own page asks whether one means it
    assert "Do you want to log out" in answer.text
    import html
    import re

    form = re.search(r'<form[^>]+action="([^"]+)"', answer.text)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    browser.http.post(str(answer.url.join(html.unescape(form[1]))), data=fields | {"confirmLogout": "Logout"})
    error_of(visitor.get("/auth/me"), 401, "unauthorized")


def test_an_administrator_of_the_issuer_ends_the_session_at_once(site, person):
    name = person()
    client = site.signed_in(name)
    site.keycloak.logout_user(name)
    answer = client.get("/auth/me")
    assert error_of(answer, 401, "unauthorized")["details"] == {"reason": "session_ended"}


def test_the_end_of_a_sign_in_ends_its_bearer_tokens_too(site, forger, person):
    name = person()
    answer = site.keycloak.answer(name)
    bearer = site.visitor(Authorization=f"Bearer {answer['access_token']}")
    sid = bearer.get("/auth/me").json()["session"]
    assert post_logout(site, logout_token(forger, sub=site.keycloak.subject(name), sid=sid)).status_code == 200
    error_of(bearer.get("/auth/me"), 401, "unauthorized")


def test_a_logout_token_without_a_session_ends_all_of_the_person(site, forger, person):
    name = person()
    one, two, other = site.signed_in(name), site.signed_in(name), site.signed_in(person())
    assert post_logout(site, logout_token(forger, sub=site.keycloak.subject(name), sid=None)).status_code == 200
    for client in (one, two):
        error_of(client.get("/auth/me"), 401, "unauthorized")
    assert other.get("/auth/me").status_code == 200


def test_a_logout_token_counts_once(site, forger, person):
    name = person()
    token = logout_token(forger, sub=site.keycloak.subject(name), sid=None)
    assert post_logout(site, token).status_code == 200
    time.sleep(1.1)
    client = site.signed_in(name)
    error_of(post_logout(site, token), 400, "invalid")
    assert client.get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"events": {}},
        {"events": None},
        {"nonce": "n"},
        {"jti": None},
        {"iat": 1, "exp": 2},
        {"sub": None, "sid": None},
    ],
)
def test_what_is_no_logout_token_ends_nothing(site, forger, ann, changes):
    token = logout_token(forger, **{"sub": site.keycloak.subject("ann"), "sid": sid_of(site, ann)} | changes)
    error_of(post_logout(site, token), 400, "invalid")
    assert ann.get("/auth/me").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 20_000])
def test_nonsense_is_no_logout_token(site, token):
    error_of(post_logout(site, token), 400, "invalid")


def test_an_access_token_is_no_logout_token(site, ann):
    error_of(post_logout(site, site.keycloak.token("ann")), 400, "invalid")


def test_one_sees_and_ends_ones_own_sessions_only(site, person, ann, boss):
    name = person()
    client, second = site.signed_in(name), site.signed_in(name)
    items = client.get("/api/v1/sessions").json()["items"]
    assert [item["name"] for item in items] == [name, name]
    assert set(items[0]) == {
        *("id", "kind", "principal", "name", "created_at", "last_seen_at", "expires_at", "address", "user_agent")
    }
    error_of(ann.delete(f"/api/v1/sessions/{items[1]['id']}"), 404, "not_found")
    error_of(client.delete(f"/api/v1/sessions/{uuid4()}"), 404, "not_found")
    assert client.delete(f"/api/v1/sessions/{items[1]['id']}").status_code == 204
    error_of(second.get("/auth/me"), 401, "unauthorized")
    assert client.get("/auth/me").status_code == 200
    assert boss.delete(f"/api/v1/sessions/{items[0]['id']}").status_code == 204
    error_of(client.get("/auth/me"), 401, "unauthorized")


def test_the_list_is_paged(site, boss, person):
    for _ in range(3):
        site.signed_in(person())
    whole = boss.get("/api/v1/sessions", params={"limit": 100}).json()["items"]
    assert len({item["principal"] for item in whole}) > 3
    seen, cursor = [], None
    while True:
        page = boss.get("/api/v1/sessions", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [item["id"] for item in seen] == [item["id"] for item in whole]
    for wrong in ("x", "WyJhIiwiYiJd"):
        error_of(boss.get("/api/v1/sessions", params={"cursor": wrong}), 422, "invalid")


def test_an_operator_ends_a_session_by_its_id(site, person):
    client = site.signed_in(person())
    mine = client.get("/api/v1/sessions").json()["items"][0]["id"]
    listed = site.rage("session", "list", "--json")
    assert mine in [item["id"] for item in json.loads(listed.stdout)]
    done = site.rage("session", "revoke", mine)
    assert done.returncode == 0, done.stderr
    error_of(client.get("/auth/me"), 401, "unauthorized")
    assert site.rage("session", "revoke", mine).returncode == 2


def test_an_operator_ends_all_sign_ins_of_a_user_by_name(site, person):
    name = person()
    client = site.signed_in(name)
    bearer = site.visitor(Authorization=f"Bearer {site.keycloak.token(name)}")
    assert bearer.get("/auth/me").status_code == 200
    done = site.rage("session", "revoke", "--user", name, "--json")
    principal = f"user:{site.keycloak.subject(name)}"
    assert json.loads(done.stdout) == {"principal": principal, "ended": 1, "revoked": True}
    for each in (client, bearer):
        error_of(each.get("/auth/me"), 401, "unauthorized")
    time.sleep(1.1)
    assert site.signed_in(name).get("/auth/me").status_code == 200


def test_a_revocation_by_whatever_way_ends_the_session_for_good(site, person, short_tokens):
    name = person()
    client = site.signed_in(name)
    site.rows("SELECT rage_revoke(%s)", f"user:{site.keycloak.subject(name)}")
    time.sleep(short_tokens)
    error_of(client.get("/auth/me"), 401, "unauthorized")


def test_wrong_use_of_the_command_is_told(site):
    assert site.rage("session", "revoke").returncode == 2
    assert site.rage("session", "revoke", "x").returncode == 2
    assert site.rage("session", "revoke", "--user", "nobody-of-that-name").returncode == 2
    assert site.rage("session", "revoke", "--user", "user:local-admin").returncode == 2


@pytest.mark.parametrize("column", ["last_seen_at = last_seen_at - interval '31 minutes'", "expires_at = now()"])
def test_a_session_ends_with_time(site, person, column):
    name = person()
    client = site.signed_in(name)
    site.rows(f"UPDATE sessions SET {column} WHERE name = %s", name)
    answer = client.get("/auth/me")
    assert error_of(answer, 401, "unauthorized")["details"] == {"reason": "session_ended"}


def test_a_session_that_is_used_goes_on(site, person):
    name = person()
    client = site.signed_in(name)
    site.rows("UPDATE sessions SET last_seen_at = last_seen_at - interval '29 minutes' WHERE name = %s", name)
    assert client.get("/auth/me").status_code == 200
    (row,) = site.rows("SELECT last_seen_at > now() - interval '1 minute' AS lately FROM sessions WHERE name = %s", name)
    assert row["lately"]


def test_a_sign_in_that_takes_too_long_is_refused(site):
    visitor = site.visitor()
    back = site.away(visitor, "ann")
    site.rows("UPDATE login_attempts SET expires_at = now()")
    error_of(visitor.get(back), 422, "invalid")


def test_the_local_administrators_token_counts_where_no_issuer_is_configured_only(site):
    error_of(site.visitor(Authorization=f"Bearer {admin_token(site)}").get("/api/v1/sessions"), 401, "unauthorized")

"""The way in: away to the real Keycloak and back, and what must not get through."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from api.browser_sign_in import own_path
from tests.browser.conftest import error_of, set_cookies

pytestmark = pytest.mark.real


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_a_browser_is_sent_away_with_pkce_state_and_nonce(site):
    visitor = site.visitor()
    answer = visitor.get("/auth/login")
    given = query_of(answer.headers["location"])
    assert answer.headers["location"].startswith(site.keycloak.issuer)
    assert given["code_challenge_method"] == "S256"
    assert given["response_type"] == "code"
    assert given["redirect_uri"] == f"{site.url}/auth/callback"
    assert len(given["state"]) == len(given["nonce"]) == len(given["code_challenge"]) == 43
    (name, value), *others = set_cookies(answer).items()
    assert not others
    assert re.fullmatch(r"rage_login_[0-9a-f]{8}", name)
    assert re.fullmatch(r"[\w-]{43}; HttpOnly; Max-Age=600; Path=/; SameSite=lax", value)


def test_signing_in_opens_a_session(site):
    visitor = site.visitor()
    answer = visitor.get(site.away(visitor, "ann", "/docs?x=1"))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/docs?x=1"
    cookies = set_cookies(answer)
    assert re.fullmatch(r"[\w-]{43}; HttpOnly; Path=/; SameSite=lax", cookies.pop("rage_session"))
    ((_, forgotten),) = cookies.items()
    assert "Max-Age=0" in forgotten
    me = visitor.get("/auth/me").json()
    assert me["name"] == "ann"
    assert me["principal"] == f"user:{site.keycloak.subject('ann')}"
    assert me["groups"] == ["engineering", "engineering/search"]
    assert me["spaces"] == [{"name": "handbook", "role": "reader"}]
    assert visitor.get("/api/v1/spaces/handbook").status_code == 200


def test_a_person_is_known_by_name_from_then_on(site, ann):
    ann.get("/auth/me")
    rows = site.rows("SELECT name FROM known_users WHERE principal = %s", f"user:{site.keycloak.subject('ann')}")
    assert rows == [{"name": "ann"}]


def test_whoever_sends_the_issuers_token_is_known_by_name_soon(site, person):
    import time

    name = person()
    token = site.keycloak.token(name)
    assert site.visitor(Authorization=f"Bearer {token}").get("/auth/me").status_code == 200
    for _ in range(50):
        if site.rows("SELECT name FROM known_users WHERE name = %s", name):
            return
        time.sleep(0.1)
    raise AssertionError("nobody remembered the name")


@pytest.mark.parametrize(
    "following",
    [
        *(
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "evil.example",
            "javascript:alert(1)",
        ),
        *("/%2Fevil.example", "/%2f/evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "/%252Fevil.example"),
        *(
            "/\t/evil.example",
            "/\n/evil.example",
            "/%09/evil.example",
            "/\0",
            " //evil.example",
            "/x//evil.example",
            "",
            None,
        ),
        *("/" + "x" * 3000, "/auth/login", "/auth/logout", "/%61uth/login", "/%25252525252Fevil.example", "/\u2028x"),
    ],
)
def test_a_browser_is_never_sent_on_to_another_site(following):
    assert own_path(following) == "/"


@pytest.mark.parametrize("following", ["/", "/docs", "/?space=a&q=b%20c", "/caf%C3%A9", "/x?u=https://example.com/"])
def test_a_path_of_this_server_is_kept(following):
    assert own_path(following) == following


def test_another_sites_address_leads_to_the_first_page(site):
    visitor = site.visitor()
    answer = visitor.get(site.away(visitor, "ann", "//evil.example/x"))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_callback_that_another_browser_began_is_refused(site):
    mallory, victim = site.visitor(), site.visitor()
    answer = victim.get(site.away(mallory, "ann"))
    error_of(answer, 422, "invalid")
    assert "rage_session" not in set_cookies(answer)
    error_of(victim.get("/auth/me"), 401, "unauthorized")


def test_a_callback_with_the_cookie_of_another_attempt_is_refused(site):
    visitor, other = site.visitor(), site.visitor()
    back = site.away(visitor, "ann")
    other.get("/auth/login")
    (own,) = visitor.cookies.keys()
    ((_, value),) = other.cookies.items()
    visitor.cookies.clear()
    visitor.cookies.set(own, value)
    error_of(visitor.get(back), 422, "invalid")


def test_two_tabs_may_sign_in_at_once(site):
    visitor = site.visitor()
    first, second = site.away(visitor, "ann"), site.away(visitor, "ann")
    assert visitor.get(first).status_code == 303
    assert visitor.get(second).status_code == 303


def test_a_browser_keeps_only_some_attempts(site):
    visitor = site.visitor()
    for _ in range(8):
        visitor.get("/auth/login")
    assert len(visitor.cookies) <= 4


def test_a_callback_counts_once(site):
    visitor = site.visitor()
    back = site.away(visitor, "ann")
    kept = dict(visitor.cookies)
    assert visitor.get(back).status_code == 303
    error_of(site.visitor(Cookie="; ".join(f"{name}={value}" for name, value in kept.items())).get(back), 422, "invalid")


def test_a_code_counts_once(site):
    visitor = site.visitor()
    old = query_of(site.away(visitor, "ann"))
    visitor.get("/auth/callback", params=old)
    new = query_of(visitor.get("/auth/login").headers["location"])
    answer = visitor.get("/auth/callback", params=old | {"state": new["state"]})
    error_of(answer, 401, "unauthorized")


def test_a_code_of_another_sign_in_is_refused(site):
    victim, mallory = site.visitor(), site.visitor()
    stolen = query_of(site.away(victim, "ann"))
    mine = query_of(mallory.get("/auth/login").headers["location"])
    answer = mallory.get("/auth/callback", params=stolen | {"state": mine["state"]})
    error_of(answer, 401, "unauthorized")
    assert "rage_session" not in mallory.cookies


@pytest.mark.parametrize("state", [None, "", "x", "x" * 43, "x" * 5000, "é" * 43])
def test_a_state_that_nobody_gave_out_is_refused(site, state):
    given = {"code": "c"} | ({"state": state} if state is not None else {})
    error_of(site.visitor().get("/auth/callback", params=given), 422, "invalid")


@pytest.mark.parametrize("iss", [None, "https://evil.example/realms/rage"])
def test_the_answer_of_another_issuer_is_refused(site, iss):
    visitor = site.visitor()
    given = query_of(site.away(visitor, "ann"))
    given = {name: value for name, value in (given | {"iss": iss}).items() if value is not None}
    error_of(visitor.get("/auth/callback", params=given), 401, "unauthorized")


def test_a_refusal_by_the_issuer_is_shown_without_its_words(site):
    visitor = site.visitor(Accept="text/html")
    state = query_of(visitor.get("/auth/login").headers["location"])["state"]
    given = {
        "state": state,
        "error": "access_denied",
        "error_description": "<script>x</script>",
        "iss": site.keycloak.issuer,
    }
    answer = visitor.get("/auth/callback", params=given)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "refused or given up" in answer.text
    assert "<script" not in answer.text and "access_denied" not in answer.text


def test_a_redirect_that_the_realm_does_not_know_is_refused_by_keycloak(site):
    visitor = site.visitor(site.url.replace("127.0.0.1", "localhost"))
    page = site.keycloak.browser().sign_in(visitor.get("/auth/login").headers["location"], "ann")
    assert "Invalid parameter: redirect_uri" in page


def test_a_session_planted_before_is_not_the_one_after(site):
    planted = "A" * 43
    visitor = site.visitor(Cookie=f"rage_session={planted}")
    answer = visitor.get("/auth/login")
    (name,) = set_cookies(answer)
    visitor.headers["Cookie"] += f"; {name}={visitor.cookies[name]}"
    visitor.cookies.clear()
    answer = visitor.get(site.keycloak.browser().sign_in(answer.headers["location"], "ann"))
    assert answer.status_code == 303
    assert planted not in set_cookies(answer)["rage_session"]
    error_of(site.visitor(Cookie=f"rage_session={planted}").get("/auth/me"), 401, "unauthorized")


def test_signing_in_again_ends_the_session_that_the_browser_had(site, ann):
    old = ann.cookies["rage_session"]
    assert ann.get(site.away(ann, "ann")).status_code == 303
    assert ann.cookies["rage_session"] != old
    assert ann.get("/auth/me").status_code == 200
    error_of(site.visitor(Cookie=f"rage_session={old}").get("/auth/me"), 401, "unauthorized")


def test_two_cookies_that_both_claim_to_be_the_session_are_none(site, ann):
    token = ann.cookies["rage_session"]
    both = site.visitor(Cookie=f"rage_session={token}; rage_session={'B' * 43}")
    error_of(both.get("/auth/me"), 401, "unauthorized")


def test_the_log_holds_no_secret(site):
    visitor = site.visitor()
    back = site.away(visitor, "ann")
    visitor.get(back)
    given = query_of(back)
    log = site.log.read_text()
    for secret in (given["code"], given["state"], visitor.cookies["rage_session"], site.keycloak.client_secret(), "eyJ"):
        assert secret not in log


def test_without_an_issuer_nobody_signs_in_with_a_browser(local_site):
    import httpx

    with httpx.Client(base_url=local_site) as visitor:
        error_of(visitor.get("/auth/login"), 404, "not_found")
        error_of(visitor.get("/auth/callback"), 404, "not_found")
        error_of(visitor.post("/auth/backchannel-logout", data={"logout_token": "x"}), 404, "not_found")
        error_of(visitor.get("/auth/me", headers={"Cookie": f"rage_session={'A' * 43}"}), 401, "unauthorized")
        page = visitor.get("/")
        assert 'data-sign-in="local"' in page.text and "rage token" in page.text

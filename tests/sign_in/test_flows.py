"""The flows against the real Keycloak: by code in a browser, refresh, sign-out, and what must not get through."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from resources.errors import ServiceUnavailable, Unauthorized
from resources.sign_in.client import OidcClient
from resources.sign_in.oidc import OidcVerifier

pytestmark = pytest.mark.real
CALLBACK = "http://127.0.0.1:8000/auth/callback"


@pytest.fixture(scope="module")
def verifier(keycloak):
    return OidcVerifier(keycloak.issuer, "rage-api")


@pytest.fixture(scope="module")
def client(keycloak, verifier):
    return OidcClient(verifier, "rage-portal", keycloak.client_secret())


@pytest.fixture
def browser(keycloak):
    return keycloak.browser()


def came_back(address):
    assert address.startswith(CALLBACK), address[:500]
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def signed_in(client, browser, ann):
    """Tokens of ann, by the whole flow."""
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, ann))
    assert answer["state"] == start.state
    return client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])


def test_a_browser_signs_in_by_code(signed_in, verifier, keycloak, ann):
    verified = verifier.inspect(signed_in.access_token)
    assert verified.caller.principal == f"user:{keycloak.subject(ann)}"
    assert verified.caller.session == signed_in.claims["sid"]
    assert signed_in.claims["sub"] == keycloak.subject(ann)
    assert 0 < signed_in.expires_in <= 900
    assert verified.expires_at.timestamp() - time.time() <= 900


def test_tokens_do_not_show_themselves(signed_in):
    shown = repr(signed_in)
    assert not any(token in shown for token in (signed_in.access_token, signed_in.refresh_token, signed_in.id_token))


def test_each_start_is_different(client):
    one, two = client.start(CALLBACK), client.start(CALLBACK)
    assert not set(one) & set(two)
    query = parse_qs(urlsplit(one.url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert one.code_verifier not in one.url


def test_another_nonce_is_refused(client, browser, ann):
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, ann))
    with pytest.raises(Unauthorized):
        client.exchange(answer["code"], start.code_verifier, CALLBACK, "another", iss=answer["iss"])


def test_another_verifier_is_refused(client, browser, ann):
    start, other = client.start(CALLBACK), client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, ann))
    with pytest.raises(Unauthorized):
        client.exchange(answer["code"], other.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])


def test_a_code_counts_once(client, browser, ann):
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, ann))
    client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])
    with pytest.raises(Unauthorized):
        client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])


@pytest.mark.parametrize("iss", [None, "https://evil.example/realms/rage"])
def test_an_answer_of_another_issuer_is_refused(client, iss):
    with pytest.raises(Unauthorized, match="another"):
        client.exchange("code", "v" * 43, CALLBACK, "n", iss=iss)


def test_a_foreign_redirect_is_refused_by_the_realm(client, browser, ann):
    for redirect in ("https://evil.example/auth/callback", CALLBACK + "/../x", "http://127.0.0.1:8001/auth/callback"):
        page = browser.sign_in(client.start(redirect).url, ann)
        assert "Invalid parameter: redirect_uri" in page


def test_the_realm_insists_on_pkce(client, browser, ann):
    url = client.start(CALLBACK).url
    without = "&".join(part for part in url.split("&") if not part.startswith("code_challenge"))
    answer = came_back(browser.sign_in(without, ann))
    assert answer["error"] == "invalid_request"
    assert "code" not in answer


def test_a_wrong_password_gets_no_code(client, browser, ann):
    page = browser.sign_in(client.start(CALLBACK).url, ann, "wrong-password-123")
    assert "Invalid username or password" in page


def test_a_refresh_gives_new_tokens_and_ends_the_old_one(client, signed_in, verifier):
    renewed = client.refresh(signed_in.refresh_token)
    assert verifier.verify(renewed.access_token).session == signed_in.claims["sid"]
    assert renewed.refresh_token != signed_in.refresh_token
    with pytest.raises(Unauthorized):
        client.refresh(signed_in.refresh_token)


def test_what_changed_at_keycloak_is_in_the_next_token(client, browser, keycloak, verifier):
    keycloak.user("mover", groups=["/left"])
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, "mover"))
    tokens = client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])
    assert verifier.verify(tokens.access_token).groups == ("left",)
    keycloak.remove_from_group("mover", "/left")
    keycloak.add_to_group("mover", "/right")
    assert verifier.verify(client.refresh(tokens.refresh_token).access_token).groups == ("right",)


def test_a_session_that_an_administrator_ended_is_not_refreshed(client, browser, keycloak):
    keycloak.user("leaver")
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, "leaver"))
    tokens = client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])
    keycloak.logout_user("leaver")
    with pytest.raises(Unauthorized):
        client.refresh(tokens.refresh_token)


def test_a_revoked_refresh_token_ends_the_sign_in(client, signed_in):
    client.revoke(signed_in.refresh_token)
    with pytest.raises(Unauthorized):
        client.refresh(signed_in.refresh_token)
    client.revoke(signed_in.refresh_token)  # again is no error


def test_sign_out_in_the_browser_ends_the_session(client, browser, signed_in):
    url = client.end_session_url(signed_in.id_token, "http://127.0.0.1:8000/")
    assert browser.sign_in(url, "ann").startswith("http://127.0.0.1:8000/")
    with pytest.raises(Unauthorized):
        client.refresh(signed_in.refresh_token)


def test_a_wrong_secret_is_the_operators_mistake_not_the_persons(verifier, signed_in):
    with pytest.raises(ServiceUnavailable, match="refused the client"):
        OidcClient(verifier, "rage-portal", "wrong").refresh(signed_in.refresh_token)
    with pytest.raises(ServiceUnavailable, match="refused the client"):
        OidcClient(verifier, "rage-portal").refresh(signed_in.refresh_token)


def test_an_issuer_that_is_down_is_told_from_a_session_that_ended(front, keycloak):
    verifier = OidcVerifier(f"{front.url}/realms/{keycloak.realm}", "rage-api")
    client = OidcClient(verifier, "rage-portal", keycloak.client_secret())
    client.start(CALLBACK)
    front.down = True
    for _ in range(20):
        with pytest.raises(ServiceUnavailable):
            client.refresh("whatever")
    assert front.requests["token"] <= 5  # then the breaker keeps the rest away
    front.down = False
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            client.refresh("whatever")
        except ServiceUnavailable:
            time.sleep(0.5)
        except Unauthorized:
            return
    pytest.fail("the breaker does not close again")


def test_an_id_token_counts_only_for_its_client_and_its_sign_in(signed_in, verifier, client):
    start_nonce = signed_in.claims["nonce"]
    assert verifier.verify_id_token(signed_in.id_token, start_nonce, "rage-portal")
    for nonce, name in (("another", "rage-portal"), (start_nonce, "rage-cli")):
        with pytest.raises(Unauthorized):
            verifier.verify_id_token(signed_in.id_token, nonce, name)
    with pytest.raises(Unauthorized):
        verifier.verify_id_token(signed_in.access_token, start_nonce, "rage-portal")


class Receiver:
    """Where Keycloak sends logout tokens."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        received = self.tokens

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                received.append(parse_qs(body)["logout_token"][0])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/auth/backchannel"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_keycloak_tells_of_a_session_that_ended(client, browser, keycloak, verifier):
    receiver = Receiver()
    keycloak.configure_client("rage-portal", attributes={"backchannel.logout.url": receiver.url})
    keycloak.user("outgoing")
    start = client.start(CALLBACK)
    answer = came_back(browser.sign_in(start.url, "outgoing"))
    tokens = client.exchange(answer["code"], start.code_verifier, CALLBACK, start.nonce, iss=answer["iss"])
    keycloak.logout_user("outgoing")
    keycloak.configure_client("rage-portal", attributes={"backchannel.logout.url": ""})
    end = time.monotonic() + 10
    while not receiver.tokens and time.monotonic() < end:
        time.sleep(0.05)
    receiver.server.shutdown()
    told = verifier.verify_logout_token(receiver.tokens[0], "rage-portal")
    assert told.subject == keycloak.subject("outgoing")
    assert told.session == tokens.claims["sid"]
    assert told.jti
    with pytest.raises(Unauthorized):
        verifier.verify(receiver.tokens[0])
    with pytest.raises(Unauthorized):
        verifier.verify_logout_token(receiver.tokens[0], "rage-cli")


EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"jti": None},
        {"aud": "rage-api"},
        {"iss": "https://evil.example"},
        {"iat": 1},
        {"exp": 1},
    ],
    ids=str,
)
def test_what_is_no_logout_token_ends_nothing(forger, verifier, changes):
    good = {"aud": "rage-portal", "jti": "j-1", "events": EVENT, "typ": "Logout"}
    assert verifier.verify_logout_token(forger.sign(forger.claims(**good), typ="logout+jwt"), "rage-portal").jti == "j-1"
    with pytest.raises(Unauthorized):
        verifier.verify_logout_token(forger.sign(forger.claims(**(good | changes)), typ="logout+jwt"), "rage-portal")


def test_an_access_token_is_no_logout_token(keycloak, ann, verifier):
    with pytest.raises(Unauthorized):
        verifier.verify_logout_token(keycloak.token(ann), "rage-portal")

"""The issuer's keys: rotated without a failed request, asked for with measure, served for a while when nobody answers."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from resources.errors import InvalidSettings, ServiceUnavailable, Unauthorized
from resources.sign_in.issuer import KEYS_FRESH_S, KEYS_STALE_S, Issuer
from resources.sign_in.oidc import OidcVerifier
from tests.sign_in.front import Front

pytestmark = pytest.mark.real


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def behind(front, keycloak):
    """The realm's issuer as it is behind the counting server."""
    return f"{front.url}/realms/{keycloak.realm}"


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.01)


def test_many_requests_need_the_keys_once(front, behind, forger):
    verifier = OidcVerifier(behind, "rage-api")
    token = forger.sign(forger.claims(iss=behind))
    front.delay_s = 0.05
    with ThreadPoolExecutor(16) as pool:
        callers = list(pool.map(verifier.verify, [token] * 64))
    assert len(callers) == 64
    assert front.requests == {"openid-configuration": 1, "certs": 1}


def test_keys_rotate_under_load_without_a_failed_request(other_realm):
    other_realm.user("ann")
    server = Front(other_realm.url)
    verifier = OidcVerifier(f"{server.url}/realms/{other_realm.realm}", "rage-api")
    token_url = f"{server.url}/realms/{other_realm.realm}/protocol/openid-connect/token"
    form = {"grant_type": "password", "client_id": "rage-tests", "username": "ann", "password": "correct-horse-battery-9"}
    latest = [other_realm.http.post(token_url, data=form).json()["access_token"]]
    verifier.verify(latest[0])
    stop, checked, failures = threading.Event(), [0], []

    def load():
        while not stop.is_set():
            try:
                verifier.verify(latest[0])
                checked[0] += 1
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    kids = set()
    for _ in range(3):
        kids.add(other_realm.rotate_keys())
        # from its first token on, the new key must count; tokens of the old one are still sent meanwhile
        latest[0] = other_realm.http.post(token_url, data=form).json()["access_token"]
        time.sleep(0.6)
        other_realm.withdraw_old_keys()
        time.sleep(0.6)
    stop.set()
    for thread in threads:
        thread.join()
    server.close()
    assert len(kids) == 3
    assert not failures
    assert checked[0] > 100
    assert server.requests["certs"] <= 8


def test_made_up_keys_cause_few_requests(front, behind, forger):
    verifier = OidcVerifier(behind, "rage-api")
    good = forger.sign(forger.claims(iss=behind))
    verifier.verify(good)
    before = front.requests["certs"]
    forged = [forger.sign(forger.claims(iss=behind), kid=f"made-up-{number}") for number in range(120)]
    began = time.monotonic()

    def refused(token):
        with pytest.raises(Unauthorized):
            verifier.verify(token)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(refused, forged))
    assert front.requests["certs"] - before <= 6 + (time.monotonic() - began)
    assert verifier.verify(good)


def test_tokens_that_cannot_count_cause_no_request(front, behind, forger):
    verifier = OidcVerifier(behind, "rage-api")
    for changes in ({"iss": "https://evil.example"}, {"aud": "account"}, {"exp": 1}):
        with pytest.raises(Unauthorized):
            verifier.verify(forger.sign(forger.claims(**{"iss": behind, **changes}), kid="made-up"))
    with pytest.raises(Unauthorized):
        verifier.verify("a.b.c")
    assert not front.requests


def test_old_keys_serve_while_the_issuer_is_down_but_not_for_ever(front, behind, forger):
    clock = Clock()
    verifier = OidcVerifier(Issuer(behind, clock=clock), "rage-api")
    token = forger.sign(forger.claims(iss=behind))
    verifier.verify(token)
    front.down = True
    clock.now += KEYS_STALE_S - 1
    assert verifier.verify(token)
    clock.now += 2
    with pytest.raises(ServiceUnavailable) as error:
        verifier.verify(token)
    assert error.value.retry_after_s >= 1
    front.down = False
    clock.now += 120
    assert verifier.verify(token)


def test_a_new_key_cannot_be_judged_while_the_issuer_is_down(front, behind, forger):
    clock = Clock()
    verifier = OidcVerifier(Issuer(behind, clock=clock), "rage-api")
    verifier.verify(forger.sign(forger.claims(iss=behind)))
    front.down = True
    clock.now += 1
    token = forger.sign(forger.claims(iss=behind), kid="perhaps-new")
    for _ in range(20):
        with pytest.raises(ServiceUnavailable):
            verifier.verify(token)
    assert front.requests["certs"] == 3  # the first, and one attempt with its repetition; then the back-off holds
    front.down = False
    clock.now += 1.5
    with pytest.raises(Unauthorized):
        verifier.verify(token)


def test_nobody_at_the_issuers_address_is_unavailable_soon(forger):
    verifier = OidcVerifier("http://127.0.0.1:9/realms/rage", "rage-api")
    token = forger.sign(forger.claims(iss="http://127.0.0.1:9/realms/rage"))
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(ServiceUnavailable):
            verifier.verify(token)
    assert time.monotonic() - began < 5


def test_keys_are_renewed_in_the_background_when_they_age(front, behind, forger):
    clock = Clock()
    verifier = OidcVerifier(Issuer(behind, clock=clock), "rage-api")
    token = forger.sign(forger.claims(iss=behind))
    verifier.verify(token)
    clock.now += KEYS_FRESH_S + 1
    front.delay_s = 0.5
    began = time.monotonic()
    verifier.verify(token)
    assert time.monotonic() - began < 0.4
    until(lambda: front.requests["certs"] == 2)


def test_a_key_that_was_taken_away_counts_no_more_after_the_renewal(front, behind, forger, keycloak):
    clock = Clock()
    verifier = OidcVerifier(Issuer(behind, clock=clock), "rage-api")
    token = forger.sign(forger.claims(iss=behind))
    verifier.verify(token)
    others = [key for key in keycloak.signing_keys() if key["kid"] != forger.kid]
    front.answers["certs"] = (200, {"content-type": "application/json"}, json.dumps({"keys": others}).encode())
    clock.now += KEYS_FRESH_S + 1
    verifier.verify(token)  # sets off the renewal

    def refused():
        try:
            verifier.verify(token)
        except Unauthorized:
            return True
        return False

    until(refused)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (302, {"location": "http://127.0.0.1:9/keys"}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"[]"),
        (200, {}, b'{"keys": []}'),
        (200, {}, b'{"keys": [{"kty": "RSA", "kid": "x", "n": "AQAB", "e": "AQAB"}]}'),
        (200, {}, b'{"keys": ' + b" " * (2 << 20) + b"[]}"),
        (500, {}, b"{}"),
    ],
    ids=["redirect", "html", "list", "empty", "weak", "huge", "failing"],
)
def test_an_answer_without_usable_keys_is_no_answer(front, behind, forger, status, headers, body):
    front.answers["certs"] = (status, headers, body)
    with pytest.raises(ServiceUnavailable):
        OidcVerifier(behind, "rage-api").verify(forger.sign(forger.claims(iss=behind)))


def test_a_document_of_another_issuer_is_refused(front, keycloak, forger):
    issuer = f"{front.url}/realms/{keycloak.realm}/"  # one slash too many
    with pytest.raises(ServiceUnavailable, match="another"):
        Issuer(issuer).endpoints()


@pytest.mark.parametrize(
    "url", ["", "keycloak", "ftp://a/b", "https://", "https://u:p@a/b", "https://a/b?c", "https://a/b#c"]
)
def test_what_is_no_issuers_url_is_a_wrong_setting(url):
    with pytest.raises(InvalidSettings, match="RAGE_OIDC_ISSUER"):
        Issuer(url)


def test_an_issuer_with_tls_names_no_endpoint_without():
    issuer = Issuer("https://keycloak.example.com/realms/rage")
    assert issuer.trusts("https://keys.example.com/certs")
    for url in ("http://keycloak.example.com/certs", "file:///etc/passwd", "https://u@a/b", "//a", "https://["):
        assert not issuer.trusts(url)

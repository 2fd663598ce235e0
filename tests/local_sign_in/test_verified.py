"""Tokens that were checked a moment ago."""

import time
from uuid import uuid4

import pytest

from resources.access import Caller
from resources.errors import Unauthorized
from resources.sign_in.keys import new_key
from resources.sign_in.local import LocalIssuer, Person, token_key_file
from resources.sign_in.verified import VerifiedTokens


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer(tmp_path) -> LocalIssuer:
    return LocalIssuer(tmp_path)


@pytest.fixture
def clock() -> Clock:
    made = Clock()
    made.now = time.time()
    return made


@pytest.fixture
def tokens(issuer, tmp_path, clock) -> VerifiedTokens:
    return VerifiedTokens(lambda token, address: issuer.verify(token), token_key_file(tmp_path), clock)


def token_of(issuer, at=None):
    return issuer.issue(Person("ann", "ann"), str(uuid4()), at)[0]


def test_a_token_is_known_for_seconds_after_it_was_checked(issuer, tokens, clock):
    token = token_of(issuer)
    assert tokens.known(token) is None
    caller = tokens.authenticate(token, "1.2.3.4")
    assert tokens.known(token) == caller
    clock.now += 6
    assert tokens.known(token) is None


def test_a_token_is_not_known_past_its_end(issuer, tokens, clock):
    token = token_of(issuer, clock.now - 15 * 60 + 2)
    tokens.authenticate(token, "")
    clock.now += 1.5
    assert tokens.known(token)
    clock.now += 1
    assert tokens.known(token) is None


def test_a_clock_that_is_put_back_does_not_prolong_it(issuer, tokens, clock):
    token = token_of(issuer)
    tokens.authenticate(token, "")
    clock.now -= 3600
    assert tokens.known(token) is None


def test_no_token_is_known_once_the_key_is_another(issuer, tokens, tmp_path):
    token = token_of(issuer)
    tokens.authenticate(token, "")
    token_key_file(tmp_path).unlink()
    assert tokens.known(token) is None
    token_of(issuer)
    assert tokens.known(token) is None


def test_a_token_that_does_not_count_is_never_known(issuer, tokens):
    token = token_of(issuer)[:-2] + "xx"
    with pytest.raises(Unauthorized):
        tokens.authenticate(token, "")
    assert tokens.known(token) is None


def test_an_api_key_is_looked_up_every_time(tmp_path):
    key, caller = new_key().text, Caller("key:a")
    tokens = VerifiedTokens(lambda token, address: caller, token_key_file(tmp_path))
    tokens.authenticate(key, "")
    assert tokens.known(key) is None

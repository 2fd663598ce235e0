"""A realm of the real Keycloak for all tests of sign-in, a counting server in front of it, and tokens that nobody issued."""

import base64
import json
import time
from collections.abc import Iterator

import pytest

from tests.sign_in.front import Front
from tests.sign_in.keycloak import Keycloak, new_realm


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Keycloak]:
    """A realm that was imported from the shipped file."""
    realm = new_realm()
    try:
        yield realm
    finally:
        realm.close()


@pytest.fixture
def other_realm() -> Iterator[Keycloak]:
    """A realm for one test alone: for what would disturb others."""
    realm = new_realm()
    try:
        yield realm
    finally:
        realm.close()


@pytest.fixture
def front(keycloak: Keycloak) -> Iterator[Front]:
    """A counting server in front of Keycloak."""
    server = Front(keycloak.url)
    yield server
    server.close()


@pytest.fixture(scope="session")
def ann(keycloak: Keycloak) -> str:
    """A user in two groups, with a role."""
    keycloak.user("ann", groups=["/engineering/search", "/sales"], roles=["reader", "ingestor"])
    return "ann"


class Forger:
    """Signs tokens with a key that the realm publishes: what a broken or hostile issuer could send."""

    def __init__(self, keycloak: Keycloak) -> None:
        self.pem, self.kid = keycloak.known_key()
        self._issuer = keycloak.issuer

    def claims(self, **changes) -> dict:
        """Those of a good access token, but for the changes; None takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": "rage-api",
            "azp": "rage-portal",
            "sub": "8a0c7d0e-1111-4222-8333-444455556666",
            "typ": "Bearer",
            "iat": now,
            "exp": now + 300,
            "sid": "s-1",
            "preferred_username": "forged",
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict | None = None, key=None, **header) -> str:
        from joserfc import jwt
        from joserfc.jwk import RSAKey
        from joserfc.jws import JWSRegistry

        whole = {"alg": "RS256", "typ": "JWT", "kid": self.kid} | header
        registry = JWSRegistry(algorithms=[whole["alg"]], strict_check_header=False)
        return jwt.encode(whole, claims or self.claims(), key or RSAKey.import_key(self.pem), registry=registry)


@pytest.fixture(scope="session")
def forger(keycloak: Keycloak) -> Forger:
    return Forger(keycloak)


def part(value) -> str:
    """A token's part by hand, as no library would make it."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

"""Who sends a bearer token, whichever kind it is: an API key, a token of the configured issuer, or one of our own."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from resources.access import Caller
from resources.errors import Unauthorized
from resources.platform import Platform
from resources.postgres import api_keys
from resources.sign_in import keys
from resources.sign_in.local import LocalIssuer

if TYPE_CHECKING:
    from resources.sign_in.oidc import OidcVerifier

_TIMEOUT_S = 10.0
_LONGEST = 16_384


class Authenticator:
    """Turns bearer tokens into callers.

    Args:
        platform: The parts; the database is opened on first use.
        oidc: Checks the tokens of the configured issuer; by default a verifier of its own.
    """

    def __init__(self, platform: Platform, oidc: "OidcVerifier | None" = None) -> None:
        self._platform = platform
        self._oidc = oidc

    def authenticate(self, token: str, address: str) -> Caller:
        """Whom a token speaks for. Whether the sign-in was revoked, every transaction of the caller looks up itself.

        Args:
            token: What came after `Bearer`.
            address: Where it came from.

        Raises:
            Unauthorized: It does not count.
            ServiceUnavailable: The database, or the issuer with its keys, does not answer.
        """
        if len(token) > _LONGEST:
            raise Unauthorized("The bearer token does not count.", hint=f"It is longer than {_LONGEST} characters.")
        if token.startswith(keys.PREFIX):
            return self._by_key(token, address)
        return self._verify(token)

    def _by_key(self, token: str, address: str) -> Caller:
        key = keys.read_key(token)
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            row = api_keys.sign_in(connection, key.id, key.sha256, address[:64])
        if row is None:
            raise keys.refused()
        return Caller(f"key:{row['id']}", row["name"], issued_at=row["created_at"])

    @cached_property
    def _verify(self) -> Callable[[str], Caller]:
        """With an issuer configured, our own tokens do not count at all."""
        settings = self._platform.settings
        if not settings.oidc_issuer:
            return LocalIssuer(settings.home, settings.oidc_audience).verify
        from resources.sign_in.issuer import Issuer
        from resources.sign_in.oidc import OidcVerifier

        return (self._oidc or OidcVerifier.of(settings, Issuer(settings.oidc_issuer))).verify

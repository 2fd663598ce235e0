"""The issuer: where its endpoints are, and with which keys it signs."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from resources.errors import InvalidSettings, ServiceUnavailable
from resources.logs import get_logger
from resources.sign_in.http import IssuerHttp, unavailable
from resources.sign_in.renewed import Renewed

if TYPE_CHECKING:
    from joserfc.jwk import Key

# A key that the issuer withdraws counts for five minutes more, or an hour if nobody can ask the issuer.
KEYS_FRESH_S, KEYS_STALE_S = 300.0, 3600.0
# Endpoints hardly ever move, and an old address at worst does not answer.
_ENDPOINTS_FRESH_S, _ENDPOINTS_STALE_S = 3600.0, 86400.0
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_MOST_KEYS, _LEAST_RSA_BITS = 100, 2048
_log = get_logger(__name__)


@dataclass(frozen=True)
class Endpoints:
    """What the issuer's discovery document says, checked."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    revocation: str | None
    device_authorization: str | None
    secret_in_form: bool
    names_itself: bool
    """Whether its answers to browsers carry `iss` (RFC 9207)."""


class Issuer:
    """One issuer; the verifier and the clients of a process share it.

    Args:
        url: Exactly what its tokens carry as `iss`.
        clock: Seconds that only grow.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Reads nothing yet.

        Raises:
            InvalidSettings: The URL is not one of http or https.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise InvalidSettings(
                f"RAGE_OIDC_ISSUER is not the URL of an issuer: {url!r}.",
                hint="It looks like https://keycloak.example.com/realms/rage.",
            )
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            _log.warning("issuer_without_tls", issuer=url)
        self.url = url
        self.http = IssuerHttp()
        self.clock = clock
        self._plain_http = parts.scheme == "http"
        self._endpoints = Renewed(self._discover, fresh_s=_ENDPOINTS_FRESH_S, stale_s=_ENDPOINTS_STALE_S, clock=clock)
        self._keys = Renewed(self._fetch_keys, fresh_s=KEYS_FRESH_S, stale_s=KEYS_STALE_S, clock=clock)

    def endpoints(self) -> Endpoints:
        """Where to ask the issuer for what.

        Raises:
            ServiceUnavailable: It does not answer, or describes another issuer.
        """
        return self._endpoints.get()

    def key(self, kid: str) -> "Key | None":
        """The issuer's public key of that id.

        An id that is not known makes this ask the issuer, since it may have a new key; not more than about once a second,
        since anybody can make ids up.

        Raises:
            ServiceUnavailable: The issuer does not answer, and what is known of its keys does not serve.
        """
        asked_at = self.clock()
        found = self._keys.get().get(kid)
        return found if found is not None else self._keys.since(asked_at).get(kid)

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    def _discover(self) -> Endpoints:
        document = self.http.get(f"{self.url.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self.url:
            _log.error("issuer_mismatch", configured=self.url, found=str(document.get("issuer"))[:200])
            raise ServiceUnavailable(
                "The sign-in service is another than the configured one.",
                hint="RAGE_OIDC_ISSUER must be, letter by letter, the `issuer` of its discovery document.",
            )
        methods = document.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            authorization=self._checked(document, "authorization_endpoint") or _missing("authorization_endpoint"),
            token=self._checked(document, "token_endpoint") or _missing("token_endpoint"),
            keys=self._checked(document, "jwks_uri") or _missing("jwks_uri"),
            end_session=self._checked(document, "end_session_endpoint"),
            revocation=self._checked(document, "revocation_endpoint"),
            device_authorization=self._checked(document, "device_authorization_endpoint"),
            secret_in_form=isinstance(methods, list) and "client_secret_post" in methods,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _checked(self, document: dict[str, Any], name: str) -> str | None:
        value = document.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not self.trusts(value):
            _log.error("issuer_endpoint_refused", endpoint=name)
            raise unavailable()
        return value

    def trusts(self, url: str) -> bool:
        """Whether a URL that the issuer names may be used: by TLS, unless the issuer itself was configured without."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        schemes = {"https", "http"} if self._plain_http else {"https"}
        return parts.scheme in schemes and bool(parts.hostname) and not parts.username and not parts.fragment

    def _fetch_keys(self) -> "dict[str, Key]":
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry, RSAKey

        published = self.http.get(self.endpoints().keys).get("keys")
        keys: dict[str, Key] = {}
        for data in published[:_MOST_KEYS] if isinstance(published, list) else []:
            # never a symmetric key, nor one for encryption: what is published must not serve to sign
            if not isinstance(data, dict) or data.get("kty") not in _KEY_TYPES or data.get("use", "sig") != "sig":
                continue
            kid = data.get("kid")
            if not isinstance(kid, str) or kid in keys:
                continue
            try:
                key = JWKRegistry.import_key({name: value for name, value in data.items() if name not in {"d", "x5c"}})
            except (JoseError, ValueError, TypeError, KeyError):
                _log.warning("issuer_key_skipped", kid=kid[:64])  # of a kind that this library does not know
                continue
            if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS:
                _log.warning("issuer_key_too_short", kid=kid[:64])
                continue
            keys[kid] = key
        if not keys:
            _log.error("issuer_without_keys", issuer=self.url)
            raise unavailable()
        return keys


def _missing(name: str) -> str:
    _log.error("issuer_endpoint_missing", endpoint=name)
    raise unavailable()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

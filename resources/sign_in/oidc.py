"""Tokens of the issuer: which count, and whom they name."""

import hmac
import json
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple

from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from resources.access.caller import LOCAL_ADMIN, Caller, Role, group_names
from resources.errors import Unauthorized
from resources.settings import Settings
from resources.sign_in.issuer import Issuer

# Only signatures by a key that the issuer alone has: neither `none` nor HS*, whose key everybody could know.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
LARGEST_TOKEN = 16 * 1024
MAX_AGE_S = 15 * 60
"""A right that was taken away is gone within this time, however long the issuer lets its tokens live."""
_LOGOUT_AGE_S = 120
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Headers by which a token brings its own key, or asks for rules that are not known here.
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"})
_LONGEST_ID = 255
_HINT = "Sign in again."


class LogoutToken(NamedTuple):
    """The issuer's word that a sign-in has ended; without a session, all those of the subject have."""

    subject: str | None
    session: str | None
    jti: str


class Verified(NamedTuple):
    """Whom an access token names, and until when it counts."""

    caller: Caller
    expires_at: datetime


class OidcVerifier:
    """Checks the issuer's tokens; threads may share it.

    Nothing of a token is kept between requests: checking one takes a fraction of a millisecond.

    Args:
        issuer: Who must have issued them.
        audience: What an access token's `aud` must name.
        clients: If given, an access token's `azp` must be one of these.
        leeway_s: Tolerated difference of clocks.
    """

    def __init__(self, issuer: Issuer | str, audience: str, clients: Collection[str] = (), leeway_s: int = 30) -> None:
        self.issuer = Issuer(issuer) if isinstance(issuer, str) else issuer
        self._audience = audience
        self._clients = frozenset(clients)
        self._leeway_s = leeway_s
        self._registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)

    @classmethod
    def of(cls, settings: Settings, issuer: Issuer | None = None) -> "OidcVerifier":
        """The verifier that the settings describe; give it the issuer where others of this process use it, too."""
        return cls(
            issuer or Issuer(settings.oidc_issuer or ""),
            settings.oidc_audience,
            settings.oidc_clients,
            settings.oidc_leeway_s,
        )

    def verify(self, token: str) -> Caller:
        """The caller whom an access token names.

        Raises:
            Unauthorized: It does not count.
            ServiceUnavailable: The issuer does not answer, and its keys are not known.
        """
        return self.inspect(token).caller

    def inspect(self, token: str) -> Verified:
        """The caller whom an access token names, and until when it counts.

        Raises:
            Unauthorized: It does not count.
            ServiceUnavailable: The issuer does not answer, and its keys are not known.
        """
        claims = self._verified(token, {"jwt", "at+jwt"}, self._check_access)
        return Verified(self._caller(claims), _moment(min(claims["exp"], claims["iat"] + MAX_AGE_S)))

    def verify_id_token(self, token: str, nonce: str | None, client_id: str) -> dict[str, Any]:
        """The claims of an ID token that was issued to a client of ours.

        Args:
            token: The token.
            nonce: What was sent along when the sign-in began; None for flows without, such as the device flow.
            client_id: Our client.

        Raises:
            Unauthorized: It does not count.
            ServiceUnavailable: The issuer does not answer, and its keys are not known.
        """

        def check(claims: dict[str, Any]) -> None:
            self._check(claims, audience=client_id)
            if str(claims.get("typ", "ID")).lower() != "id":
                raise _bad()
            several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
            if claims.get("azp") != client_id and (several or "azp" in claims):
                raise _bad()
            if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
                raise _bad()

        return self._verified(token, {"jwt"}, check)

    def verify_logout_token(self, token: str, client_id: str) -> LogoutToken:
        """What a logout token says (OpenID Connect Back-Channel Logout 1.0); remember its `jti` against repetition.

        Raises:
            Unauthorized: It does not count.
            ServiceUnavailable: The issuer does not answer, and its keys are not known.
        """

        def check(claims: dict[str, Any]) -> None:
            self._check(claims, audience=client_id, needs=("jti", "events"), max_age_s=_LOGOUT_AGE_S)
            events = claims["events"]
            if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict) or "nonce" in claims:
                raise _bad()

        claims = self._verified(token, {"jwt", "logout+jwt"}, check)
        subject, session = claims.get("sub"), claims.get("sid")
        if (subject or session) is None or not all(_is_id(each) for each in (subject, session) if each is not None):
            raise _bad()
        return LogoutToken(subject, session, str(claims["jti"]))

    def _verified(self, token: str, types: set[str], check: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The claims of a token, checked before its key is looked for, so that strange tokens make no requests."""
        if len(token) > LARGEST_TOKEN or not _COMPACT.fullmatch(token):
            raise _bad()
        try:
            parsed = extract_compact(token.encode("ascii"), registry=self._registry)
            kid = self._checked_header(parsed, types)
            claims = _claims(parsed)
            check(claims)
            key = self.issuer.key(kid)
            # checks the key's type, curve, use and algorithm against the header's algorithm, then the signature
            if key is None or not validate_compact(parsed, key, registry=self._registry):
                raise _bad()
        except ExpiredTokenError as error:
            raise Unauthorized("The token has expired.", hint=_HINT) from error
        except (InvalidClaimError, MissingClaimError) as error:
            raise _CLAIM_ERRORS.get(error.claim, _bad)() from error
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise _bad() from error
        return claims

    def _checked_header(self, parsed: CompactSignature, types: set[str]) -> str:
        header = parsed.headers()
        kid = header.get("kid")
        if header.get("alg") not in ALGORITHMS or _REFUSED_HEADERS & header.keys() or not _is_id(kid):
            raise _bad()
        if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in types:
            raise _bad()
        return str(kid)

    def _check(
        self, claims: dict[str, Any], *, audience: str, needs: Collection[str] = ("sub",), max_age_s: int | None = None
    ) -> None:
        options: dict[str, ClaimsOption] = {name: {"essential": True} for name in ("exp", "iat", *needs)}
        options["iss"] = {"essential": True, "value": self.issuer.url}
        options["aud"] = {"essential": True, "value": audience}
        registry = JWTClaimsRegistry(None, self._leeway_s, **options)
        registry.validate(claims)
        if max_age_s is not None and claims["iat"] + max_age_s <= registry.now - self._leeway_s:
            raise ExpiredTokenError("iat")

    def _check_access(self, claims: dict[str, Any]) -> None:
        self._check(claims, audience=self._audience, max_age_s=MAX_AGE_S)
        # Keycloak's ID, refresh and logout tokens say what they are; one bound to a key is no bearer token.
        if str(claims.get("typ", "Bearer")).lower() not in {"bearer", "jwt"} or "cnf" in claims or "events" in claims:
            raise _bad()
        if self._clients and claims.get("azp") not in self._clients:
            raise Unauthorized("The token was issued to a client that is not admitted here.", hint=_HINT)

    def _caller(self, claims: dict[str, Any]) -> Caller:
        subject, name, session = claims["sub"], claims.get("preferred_username"), claims.get("sid")
        principal = f"user:{subject}"
        # an issuer whose subjects people may choose must not lend the local administrator's name
        if not _is_id(subject) or principal == LOCAL_ADMIN.principal or not (session is None or _is_id(session)):
            raise _bad()
        return Caller(
            principal=principal,
            name=name[:_LONGEST_ID] if isinstance(name, str) else "",
            groups=group_names(_strings(claims.get("groups"))),
            platform_role=self._platform_role(claims),
            session=session,
            issued_at=_moment(claims["iat"]),
        )

    def _platform_role(self, claims: dict[str, Any]) -> Role | None:
        access = claims.get("resource_access")
        mine = access.get(self._audience) if isinstance(access, dict) else None
        names = {*_strings(mine.get("roles") if isinstance(mine, dict) else None), *_strings(claims.get("roles"))}
        return next((role for role in reversed(Role) if role.value in names), None)


def _claims(parsed: CompactSignature) -> dict[str, Any]:
    claims = json.loads(parsed.payload or b"")
    if not isinstance(claims, dict):
        raise _bad()
    return claims


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()


def _strings(value: object) -> list[str]:
    return [each for each in value if _is_id(each)] if isinstance(value, list) else []


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _bad() -> Unauthorized:
    """Says no more: whoever made the token up learns nothing, and the token itself never stands in a message."""
    return Unauthorized("The token does not count.", hint=_HINT)


_CLAIM_ERRORS: dict[str, Callable[[], Unauthorized]] = {
    "aud": lambda: Unauthorized("The token is not meant for this service.", hint=_HINT),
    "iss": lambda: Unauthorized("The token is from another issuer.", hint=_HINT),
    "nbf": lambda: Unauthorized("The token does not count yet.", hint="Compare the clocks of both machines."),
    "iat": lambda: Unauthorized("The token does not count yet.", hint="Compare the clocks of both machines."),
}

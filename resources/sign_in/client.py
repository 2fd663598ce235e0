"""The flows by which people get tokens: in a browser by code and PKCE, on a command line by device; then refresh and end."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from authlib.oauth2 import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE
from authlib.oidc.core.util import create_half_hash

from resources.errors import ServiceUnavailable, Unauthorized
from resources.logs import get_logger
from resources.settings import Settings
from resources.sign_in.oidc import OidcVerifier

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SCOPE = "openid"
_LONGEST_CODE = 4096
_SLOWER_S, _LEAST_INTERVAL_S, _LONGEST_INTERVAL_S, _LONGEST_DEVICE_S = 5, 1, 60, 1800
_log = get_logger(__name__)


class Start(NamedTuple):
    """A sign-in that began: where to send the browser, and what to keep on the server until it comes back."""

    url: str
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True)
class Tokens:
    """What the issuer gave; never shown, never logged."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False, default=None)
    refresh_expires_in: int | None = None
    id_token: str | None = field(repr=False, default=None)
    claims: dict[str, Any] = field(repr=False, default_factory=dict)
    """The ID token's claims where it was checked, that is after `exchange` and `device_poll`."""


@dataclass(frozen=True)
class Device:
    """A device flow that began: what the person opens and enters, and what is asked with meanwhile."""

    device_code: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires_in: int
    interval: int


class OidcClient:
    """A client of the issuer; threads may share it.

    Args:
        verifier: Checks ID tokens, and knows the issuer.
        client_id: The client.
        client_secret: Its secret, where it is a confidential one.
    """

    def __init__(self, verifier: OidcVerifier, client_id: str, client_secret: str | None = None) -> None:
        self.client_id = client_id
        self._secret = client_secret
        self._verifier = verifier
        self._issuer = verifier.issuer

    @classmethod
    def portal(cls, settings: Settings, verifier: OidcVerifier) -> "OidcClient":
        """The client for browsers that the settings describe."""
        secret = settings.oidc_client_secret
        return cls(verifier, settings.oidc_client_id, secret.get_secret_value() if secret else None)

    @classmethod
    def command_line(cls, settings: Settings, verifier: OidcVerifier) -> "OidcClient":
        """The client of `rage login` that the settings describe."""
        return cls(verifier, settings.oidc_cli_client_id)

    def start(self, redirect_uri: str, *, prompt: str | None = None, login_hint: str | None = None) -> Start:
        """Begins a sign-in in a browser.

        Args:
            redirect_uri: Where the browser comes back to; the issuer must know it.
            prompt: `login` to ask for the password again, `none` to ask for nothing.
            login_hint: The name to fill in.

        Raises:
            ServiceUnavailable: The issuer does not answer.
        """
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url: str = prepare_grant_uri(
            self._issuer.endpoints().authorization,
            self.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=_SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(code_verifier),
            code_challenge_method="S256",
            prompt=prompt,
            login_hint=login_hint,
        )
        return Start(url, state, nonce, code_verifier)

    def check_response(self, iss: str | None) -> None:
        """Checks the `iss` with which a browser came back, errors included (RFC 9207).

        Raises:
            Unauthorized: It is another issuer's answer, or lacks the name that this issuer always gives.
            ServiceUnavailable: The issuer does not answer.
        """
        if iss != self._issuer.url and (iss is not None or self._issuer.endpoints().names_itself):
            raise Unauthorized("The answer is from another sign-in service.", hint="Sign in again.")

    def exchange(self, code: str, code_verifier: str, redirect_uri: str, nonce: str, *, iss: str | None) -> Tokens:
        """The tokens for a code; the caller has compared `state` before.

        Args:
            code: What the browser brought back.
            code_verifier: What `start` gave.
            redirect_uri: The same as at the start.
            nonce: What `start` gave.
            iss: The parameter `iss` that the browser brought back, if any.

        Raises:
            Unauthorized: The code or the ID token does not count.
            ServiceUnavailable: The issuer does not answer.
        """
        self.check_response(iss)
        if not 0 < len(code) <= _LONGEST_CODE:
            raise Unauthorized("The sign-in did not succeed.", hint="Sign in again.")
        tokens = self._tokens("authorization_code", code=code, code_verifier=code_verifier, redirect_uri=redirect_uri)
        return self._with_claims(tokens, nonce)

    def refresh(self, refresh_token: str) -> Tokens:
        """New tokens. The refresh token counts once: keep the new one, and let no two callers refresh at once.

        Raises:
            Unauthorized: The sign-in has ended.
            ServiceUnavailable: The issuer does not answer; the refresh token may still count.
        """
        tokens = self._tokens("refresh_token", refresh_token=refresh_token)
        if tokens.refresh_token is None:
            return Tokens(tokens.access_token, tokens.expires_in, refresh_token, None, tokens.id_token)
        return tokens

    def end_session_url(self, id_token: str | None, post_logout_redirect_uri: str, state: str | None = None) -> str | None:
        """Where to send the browser so that it is signed out at the issuer, too; None if the issuer has no such place.

        Raises:
            ServiceUnavailable: The issuer does not answer.
        """
        from authlib.common.urls import add_params_to_uri

        end_session = self._issuer.endpoints().end_session
        if end_session is None:
            return None
        given = {
            "client_id": self.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "state": state,
        }
        url: str = add_params_to_uri(end_session, [(name, value) for name, value in given.items() if value is not None])
        return url

    def revoke(self, refresh_token: str) -> None:
        """Ends the sign-in that a refresh token belongs to, for this client; it need not count any more.

        Raises:
            ServiceUnavailable: The issuer does not answer, or has no such service.
        """
        endpoint = self._issuer.endpoints().revocation
        if endpoint is None:
            raise ServiceUnavailable("The sign-in service revokes no tokens.", hint="They end by themselves.")
        body, headers = prepare_revoke_token_request(refresh_token, "refresh_token")
        status, answer = self._post(endpoint, body, headers)
        if status != 200 and answer.get("error") not in {"invalid_token", "invalid_grant"}:
            self._refused(answer)

    def device_start(self) -> Device:
        """Begins a device flow (RFC 8628).

        Raises:
            ServiceUnavailable: The issuer does not answer, or does not offer it to this client.
        """
        endpoint = self._issuer.endpoints().device_authorization
        if endpoint is None:
            raise ServiceUnavailable(
                "The sign-in service has no device flow.", hint="Keycloak has; see deploy/keycloak/README.md."
            )
        status, answer = self._post(endpoint, f"scope={_SCOPE}")
        if status != 200:
            self._refused(answer)
        uri, complete = answer.get("verification_uri"), answer.get("verification_uri_complete")
        code, user_code = answer.get("device_code"), answer.get("user_code")
        if not (isinstance(code, str) and isinstance(user_code, str) and isinstance(uri, str) and self._issuer.trusts(uri)):
            self._malformed()
        return Device(
            code,
            user_code,
            uri,
            complete if isinstance(complete, str) and self._issuer.trusts(complete) else None,
            min(_whole(answer.get("expires_in"), 600), _LONGEST_DEVICE_S),
            max(_whole(answer.get("interval"), _SLOWER_S), _LEAST_INTERVAL_S),
        )

    def device_poll(self, device: Device, *, wait: Callable[[float], None] = time.sleep) -> Tokens:
        """Waits until the person has answered, and gives the tokens.

        Args:
            device: What `device_start` gave.
            wait: How to wait a number of seconds; what it raises ends the waiting.

        Raises:
            Unauthorized: The person refused, or let the time pass.
            ServiceUnavailable: The issuer does not answer to the end.
        """
        interval = float(device.interval)
        deadline = time.monotonic() + device.expires_in
        while time.monotonic() + interval < deadline:
            wait(interval)
            try:
                status, answer = self._grant(DEVICE_CODE_GRANT_TYPE, device_code=device.device_code)
            except ServiceUnavailable:  # ask less often, as the RFC wants it, and go on
                interval = min(interval * 2, _LONGEST_INTERVAL_S)
                continue
            error = answer.get("error") if status != 200 else None
            if error is None and status == 200:
                return self._with_claims(self._parsed(answer), None)
            if error == "slow_down":
                interval += _SLOWER_S
            elif error == "access_denied":
                raise Unauthorized("The sign-in was refused.", hint="Begin again if that was a mistake.")
            elif error == "expired_token":
                break
            elif error != "authorization_pending":
                self._refused(answer)
        raise Unauthorized("Nobody confirmed the sign-in in time.", hint="Begin again.")

    def _with_claims(self, tokens: Tokens, nonce: str | None) -> Tokens:
        if tokens.id_token is None:
            self._malformed()
        claims = self._verifier.verify_id_token(tokens.id_token, nonce, self.client_id)
        at_hash = claims.get("at_hash")
        if at_hash is not None:
            # names of algorithms are safe to read now: the token was checked
            expected = create_half_hash(tokens.access_token, _algorithm(tokens.id_token))
            if expected is not None and not hmac.compare_digest(expected, str(at_hash).encode()):
                raise Unauthorized("The tokens do not belong together.", hint="Sign in again.")
        return Tokens(
            tokens.access_token, tokens.expires_in, tokens.refresh_token, tokens.refresh_expires_in, tokens.id_token, claims
        )

    def _tokens(self, grant_type: str, **given: str) -> Tokens:
        status, answer = self._grant(grant_type, **given)
        if status != 200:
            self._refused(answer)
        return self._parsed(answer)

    def _grant(self, grant_type: str, **given: str) -> tuple[int, dict[str, Any]]:
        return self._post(self._issuer.endpoints().token, prepare_token_request(grant_type, **given))

    def _post(self, url: str, body: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        method = "none"
        if self._secret:
            method = "client_secret_post" if self._issuer.endpoints().secret_in_form else "client_secret_basic"
        authentication = ClientAuth(self.client_id, self._secret, method)
        url, headers, body = authentication.prepare("POST", url, {**_FORM, **(headers or {})}, body)
        return self._issuer.http.post(url, headers, body)

    def _parsed(self, answer: dict[str, Any]) -> Tokens:
        access, refresh, identity = (answer.get(f"{name}_token") for name in ("access", "refresh", "id"))
        if not isinstance(access, str) or str(answer.get("token_type")).lower() != "bearer":
            self._malformed()
        if not all(each is None or isinstance(each, str) for each in (refresh, identity)):
            self._malformed()
        lasts = answer.get("refresh_expires_in")
        return Tokens(access, _whole(answer.get("expires_in"), 60), refresh, _whole(lasts, 0) or None, identity)

    def _refused(self, answer: dict[str, Any]) -> NoReturn:
        """Tells a person whose sign-in does not count from an issuer that does not know this platform."""
        error = str(answer.get("error", "unknown"))[:40]
        if error == "invalid_grant":
            raise Unauthorized("The sign-in has ended or did not succeed.", hint="Sign in again.")
        _log.error("issuer_refused_client", client=self.client_id, error=error)
        raise ServiceUnavailable(
            f"The sign-in service refused the client {self.client_id} ({error}).",
            hint="Compare the client's id, secret and flows there with the RAGE_OIDC_* settings.",
            retry_after_s=60,
        )

    def _malformed(self) -> NoReturn:
        _log.error("issuer_answer_malformed", client=self.client_id)
        raise ServiceUnavailable("The sign-in service gave an answer that makes no sense.", hint="Check RAGE_OIDC_ISSUER.")


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _algorithm(token: str) -> str:
    from joserfc.jws import extract_compact

    return str(extract_compact(token.encode()).headers()["alg"])

"""Sign-in of people in a browser: begun here, done at the issuer, finished here with a session that lives on the server.

The browser holds a random name of its session and nothing else. Its rights are those of the access token that the server
keeps for it, so what is taken away at the issuer is gone with the next token, that is within minutes.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import uuid4

from resources.access import Caller
from resources.errors import InvalidInput, ServiceUnavailable, Unauthorized
from resources.logs import get_logger
from resources.platform import Platform
from resources.postgres import sessions
from resources.postgres.sessions import Stored
from resources.sign_in.client import OidcClient, Tokens
from resources.sign_in.oidc import LARGEST_TOKEN, OidcVerifier, Verified
from resources.sign_in.seal import Seal

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""The form of everything random that a browser brings back."""
_TIMEOUT_S = 10.0
_CLAIM_S = 30  # longer than the issuer may take to answer
_EARLY = timedelta(seconds=30)
_LONGEST_AGENT = 200
_log = get_logger(__name__)


class Begun(NamedTuple):
    """A sign-in that began: where the browser goes, and what it keeps meanwhile."""

    url: str
    state: str
    browser: str


class Signed(NamedTuple):
    """A sign-in that succeeded."""

    caller: Caller
    token: str
    next: str


@dataclass(frozen=True)
class Browser:
    """A session as a request finds it; nothing of it is ever shown or logged.

    Attributes:
        token: What the browser holds.
        stored: What the database keeps.
        access: The access token.
        refresh: What brings the next one.
        identity: The ID token, by which the issuer knows whom to sign out.
        verified: Whom the access token names and until when; None where it does not count any more.
    """

    token: str = field(repr=False)
    stored: Stored = field(repr=False)
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    identity: str | None = field(repr=False)
    verified: Verified | None

    @property
    def usable(self) -> bool:
        """Whether the access token counts at this moment."""
        return self.verified is not None and datetime.now(UTC) < self.verified.expires_at

    @property
    def due(self) -> bool:
        """Whether the tokens should be renewed: they do not count any more, or soon will not."""
        if self.verified is None:
            return True
        until = self.verified.expires_at
        return datetime.now(UTC) >= until - min(_EARLY, (until - self.verified.caller.issued_at) / 5)


class BrowserSignIn:
    """Sessions of browsers; threads may share it.

    Args:
        platform: The parts; the database is opened on first use.
        verifier: Checks the issuer's tokens.
        client: This platform as the issuer's client; by default as configured.
    """

    def __init__(self, platform: Platform, verifier: OidcVerifier, client: OidcClient | None = None) -> None:
        self._platform = platform
        self._verifier = verifier
        self._client = client or OidcClient.portal(platform.settings, verifier)

    @cached_property
    def _seal(self) -> Seal:
        return Seal.load(self._platform.settings)

    def begin(self, redirect_uri: str, following: str) -> Begun:
        """Begins a sign-in.

        Args:
            redirect_uri: Where the issuer sends the browser back to.
            following: Where it goes after that.

        Raises:
            ServiceUnavailable: The issuer or the database does not answer.
        """
        start, browser = self._client.start(redirect_uri), secrets.token_urlsafe(32)
        state = _sha256(start.state)
        kept = {
            "code_verifier": start.code_verifier,
            "nonce": start.nonce,
            "redirect_uri": redirect_uri,
            "next": following,
        }
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            sessions.begin_login(connection, state, _sha256(browser), self._seal.seal("login", state, kept))
        return Begun(start.url, start.state, browser)

    def finish(
        self,
        state: str,
        browser: str,
        *,
        code: str | None,
        error: str | None,
        iss: str | None,
        address: str,
        user_agent: str,
        earlier: str | None,
    ) -> Signed:
        """Ends a sign-in with a new session, whatever the browser held before.

        Args:
            state: What the browser brought back.
            browser: What it kept meanwhile.
            code: The issuer's answer.
            error: The issuer's answer where it is no.
            iss: Who answered.
            address: Where the browser is.
            user_agent: What it calls itself.
            earlier: The session that it had before, which ends.

        Raises:
            InvalidInput: This browser began no such sign-in, or too long ago, or it was finished already.
            Unauthorized: The issuer says no, or what it sent does not count.
            ServiceUnavailable: The issuer or the database does not answer.
        """
        kept = self._taken(state, browser)
        if error is not None or code is None:
            self._client.check_response(iss)
            raise _said_no(error)
        tokens = self._client.exchange(code, kept["code_verifier"], kept["redirect_uri"], kept["nonce"], iss=iss)
        caller = self._verifier.verify(tokens.access_token)
        if caller.principal != f"user:{tokens.claims['sub']}" or caller.session != tokens.claims.get("sid"):
            raise Unauthorized("The tokens do not belong together.", hint="Sign in again.")
        token, identity = secrets.token_urlsafe(32), uuid4()
        stored = Stored(identity, caller.principal, caller.session, self._sealed(identity.bytes, tokens, None), 0)
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            started = sessions.start(
                connection,
                stored,
                _sha256(token),
                name=caller.name,
                issued_at=caller.issued_at,
                address=address[:100],
                user_agent="".join(each for each in user_agent[:_LONGEST_AGENT] if each.isprintable()),
                earlier=_sha256(earlier) if earlier else None,
            )
        if not started:
            raise Unauthorized("The sign-in was revoked.", hint="Sign in again.")
        _log.info("signed_in", principal=caller.principal, session=str(identity))
        return Signed(caller, token, kept["next"])

    def look_up(self, token: str) -> Browser:
        """The session that a browser holds.

        Raises:
            Unauthorized: There is none, or it has ended.
            ServiceUnavailable: The database does not answer, or the issuer with its keys.
        """
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            stored = sessions.read(connection, _sha256(token)) if SECRET.fullmatch(token) else None
        kept = self._seal.open("tokens", stored.id.bytes, stored.sealed) if stored else None
        if stored is None or kept is None:
            raise session_ended()
        return Browser(token, stored, kept["access"], kept["refresh"], kept["id"], self._inspected(stored, kept["access"]))

    def renew(self, session: Browser) -> Browser | None:
        """Gets the next tokens of a session from the issuer, with the rights that the person has now.

        Returns:
            The session with its new tokens; None where somebody else renews it at this moment or has just done so.

        Raises:
            Unauthorized: The issuer has ended the sign-in, or the person may not sign in any more: the session is over.
            ServiceUnavailable: The issuer does not answer; the session stays.
        """
        key, version = _sha256(session.token), session.stored.version
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            if not sessions.claim_renewal(connection, key, version, _CLAIM_S):
                return None
        try:
            return self._renewed(session, key)
        except Unauthorized as error:
            self.end(session, with_tokens=False)
            _log.info("session_ended_by_issuer", principal=session.stored.principal, session=str(session.stored.id))
            raise session_ended() from error
        except BaseException:
            with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
                sessions.release_renewal(connection, key, version)
            raise

    def end(self, session: Browser, *, with_tokens: bool = True) -> None:
        """Ends a session; with its tokens, what else the same sign-in issued stops counting, too."""
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            sessions.close(connection, _sha256(session.token), with_tokens=with_tokens)

    def logout_url(self, session: Browser, home: str) -> str | None:
        """Where the browser is signed out at the issuer, too; None where the issuer cannot say now.

        Args:
            session: The session, which may have ended.
            home: Where the issuer sends the browser after that.
        """
        try:
            return self._client.end_session_url(session.identity, home, state="signed-out")
        except ServiceUnavailable:
            return None

    def log_out(self, logout_token: str) -> str:
        """Ends the sessions that the issuer says it has ended, and all that was issued to them; gives whose.

        Raises:
            Unauthorized: The logout token does not count.
            InvalidInput: It came before.
            ServiceUnavailable: The database does not answer, or the issuer with its keys.
        """
        said = self._verifier.verify_logout_token(logout_token, self._client.client_id)
        principal = f"user:{said.subject}" if said.subject else None
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            if not sessions.log_out(connection, _sha256(said.jti), principal, said.session):
                raise InvalidInput("The logout token was used before.")
        _log.info("signed_out_by_issuer", principal=principal)
        return principal or f"session:{said.session}"

    def csrf_token(self, session: Browser) -> str:
        """What every change by this session must carry; it can be made of the session's name only, with the key."""
        return self._seal.code("csrf", session.token)

    def csrf_fits(self, session: Browser, given: str) -> bool:
        """Whether `given` is that token."""
        return hmac.compare_digest(self.csrf_token(session).encode(), given.encode("utf-8", "surrogatepass"))

    def _taken(self, state: str, browser: str) -> dict[str, str]:
        sealed = None
        if SECRET.fullmatch(state) and SECRET.fullmatch(browser):
            with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
                sealed = sessions.finish_login(connection, _sha256(state), _sha256(browser))
        kept = self._seal.open("login", _sha256(state), sealed) if sealed else None
        if kept is None:
            raise no_such_attempt()
        return kept

    def _inspected(self, stored: Stored, access: str) -> Verified | None:
        try:
            verified = self._verifier.inspect(access)
        except Unauthorized:
            return None
        caller = verified.caller
        return verified if (caller.principal, caller.session) == (stored.principal, stored.sid) else None

    def _renewed(self, session: Browser, key: bytes) -> Browser:
        if session.refresh is None:
            raise session_ended()
        stored = session.stored
        tokens = self._client.refresh(session.refresh)
        verified = self._inspected(stored, tokens.access_token)
        if verified is None:
            _log.warning("renewed_token_refused", session=str(stored.id))
            raise session_ended()
        identity = self._checked_identity(stored, tokens.id_token) or session.identity
        sealed = self._sealed(stored.id.bytes, tokens, identity)
        with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
            if not sessions.renew(connection, key, stored.version, sealed, verified.caller.name):
                raise session_ended()
        kept = Stored(stored.id, stored.principal, stored.sid, sealed, stored.version + 1)
        return Browser(session.token, kept, tokens.access_token, tokens.refresh_token, identity, verified)

    def _checked_identity(self, stored: Stored, token: str | None) -> str | None:
        """A renewed ID token, if it is the same person's."""
        try:
            claims = self._verifier.verify_id_token(token, None, self._client.client_id) if token else {}
        except Unauthorized:
            return None
        return token if f"user:{claims.get('sub')}" == stored.principal else None

    def _sealed(self, place: bytes, tokens: Tokens, identity: str | None) -> bytes:
        kept = {"access": tokens.access_token, "refresh": tokens.refresh_token, "id": identity or tokens.id_token}
        if any(token and len(token) > LARGEST_TOKEN for token in kept.values()):
            raise Unauthorized("The tokens are too large.", hint="Let the issuer put less into them.")
        return self._seal.seal("tokens", place, kept)


def session_ended() -> Unauthorized:
    """What to answer to a browser whose session is not there any more."""
    return Unauthorized("Your session has ended.", hint="Sign in again.", reason="session_ended")


def no_such_attempt() -> InvalidInput:
    """What to answer where a browser comes back from a sign-in that it did not begin, or not just now."""
    return InvalidInput("This sign-in was not begun in this browser, or took too long.", hint="Sign in again.")


def _said_no(error: str | None) -> Unauthorized | ServiceUnavailable:
    """The issuer's refusal; what else it says stays in its own log, since anybody can write into an address."""
    if error in {"temporarily_unavailable", "server_error"}:
        return ServiceUnavailable("The sign-in service cannot sign you in now.", hint="Try again in a moment.")
    return Unauthorized("The sign-in was refused or given up.", hint="Sign in again.")


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

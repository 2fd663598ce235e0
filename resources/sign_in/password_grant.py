"""Signing in at the local issuer: a name and a password for a session, a refresh token for the next token.

Every attempt costs one bcrypt of the same cost, whether the name is unknown, disabled, made to wait, or right.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from resources.access import Role
from resources.errors import NotFound, TooManyRequests, Unauthorized
from resources.logs import get_logger
from resources.platform import Platform
from resources.postgres import refresh_tokens, sign_in_attempts
from resources.sign_in.local import LocalIssuer, Person
from resources.sign_in.passwords import NOBODYS_HASH, password_matches_soon

_TIMEOUT_S = 10.0
_log = get_logger(__name__)
Result = TypeVar("Result")


class SignInRefused(Unauthorized):
    """A sign-in that was refused.

    Attributes:
        principal: Whose it would have been, where that is known; for the audit, never for whoever tried.
    """

    def __init__(self, message: str, *, hint: str = "", principal: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.principal = principal


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives.

    Attributes:
        principal: Who signed in.
        name: What people call them.
        access_token: The bearer token.
        expires_in: For how many seconds it counts.
        refresh_token: What brings the next tokens, once.
        refresh_expires_at: Until when.
    """

    principal: str
    name: str
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_at: datetime


class PasswordGrant:
    """Signs local users in.

    Args:
        platform: The parts; the database is opened on first use.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._issuer = LocalIssuer(platform.settings.home, platform.settings.oidc_audience)

    def check_local(self) -> None:
        """Makes sure that it is this platform which signs people in.

        Raises:
            NotFound: Another issuer does.
        """
        issuer = self._platform.settings.oidc_issuer
        if issuer:
            raise NotFound("Sign-in is by the issuer.", hint=f"Sign in at {issuer}.")

    async def with_password(self, name: str, password: str, address: str) -> Tokens:
        """Opens a session.

        Raises:
            SignInRefused: The name or the password is wrong, or the user disabled; nobody is told which.
            TooManyRequests: Too many attempts failed; the error says when the next one counts.
            ServiceUnavailable: Too many sign in at this moment.
        """
        self.check_local()
        place = place_of(address)
        attempt = await self._transact(lambda connection: sign_in_attempts.begin(connection, name, place))
        matches = await password_matches_soon(password, attempt.password_hash or NOBODYS_HASH)
        if attempt.wait_s:
            raise TooManyRequests(
                "Too many attempts failed.",
                hint=f"Try again in {attempt.wait_s} seconds, or from an address where you signed in before.",
                retry_after_s=attempt.wait_s,
            )
        session, refresh = uuid4(), refresh_tokens.new_token()
        row = None
        if matches and attempt.user_id:
            digest = refresh_tokens.sha256(refresh)
            row = await self._transact(
                lambda connection: sign_in_attempts.succeed(connection, attempt, place, session, digest)
            )
        if row is None:
            _log.info("sign_in_failed")
            raise SignInRefused(
                "The name or the password is wrong.", principal=f"user:{attempt.user_id}" if attempt.user_id else None
            )
        _log.info("signed_in", principal=f"user:{row['user_id']}")
        return self._tokens(row, str(session), refresh)

    async def with_refresh(self, token: str) -> Tokens:
        """The next tokens of a session, with the rights that its user has now.

        Raises:
            SignInRefused: The token is unknown, expired, or was used before; in the last case its session is over.
        """
        self.check_local()
        refresh = refresh_tokens.new_token()
        row = await self._transact(lambda connection: refresh_tokens.rotate(connection, token, refresh))
        if row and row["outcome"] == "reused":
            _log.warning("refresh_token_reused", principal=f"user:{row['user_id']}")
        if row is None or row["outcome"] != "renewed":
            raise SignInRefused(
                "The refresh token does not count.",
                hint="Sign in again.",
                principal=f"user:{row['user_id']}" if row else None,
            )
        return self._tokens(row, str(row["session_id"]), refresh)

    def _tokens(self, row: dict[str, Any], session: str, refresh: str) -> Tokens:
        role = Role(row["platform_role"]) if row["platform_role"] else None
        person = Person(str(row["user_id"]), row["name"], role, tuple(row["groups"]))
        issued: datetime = row["issued_at"]
        access, seconds = self._issuer.issue(person, session, issued.timestamp())
        return Tokens(f"user:{person.subject}", person.name, access, seconds, refresh, row["refresh_expires_at"])

    async def _transact(self, action: Callable[[Any], Result]) -> Result:
        def run() -> Result:
            with self._platform.database.transaction(timeout_s=_TIMEOUT_S) as connection:
                return action(connection)

        return await asyncio.to_thread(run)


def place_of(address: str) -> str:
    """Where an address counts as one place: itself, or of IPv6 the network of 64 bits that one subscriber has."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64] or "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)

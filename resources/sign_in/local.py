"""The local issuer: where no OpenID Connect issuer is configured, the platform signs its own short-lived tokens.

Their claims have the shape of Keycloak's, so that programs see no difference. The key lies in `$RAGE_HOME/keys`, readable
by its owner only; removing the file makes every token so far worthless, and the next one makes a new key.
"""

import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.access.caller import group_names
from resources.errors import Unauthorized

LIFETIME = timedelta(minutes=15)
ISSUER = "rage-local"
AUDIENCE = "rage-api"
_ALGORITHM = "HS256"
_CLOCKS_S = 5  # two machines' clocks differ; this forgives a token "from the future", never one that has expired
_HINT = "Send `Authorization: Bearer …` with an API key, or with a token that was issued in the last 15 minutes."


@dataclass(frozen=True)
class Person:
    """Whom a token speaks for.

    Attributes:
        subject: The name that never changes and is never given to another.
        name: What people call them.
        role: Their role on every space, if any.
        groups: The groups that they are in.
    """

    subject: str
    name: str
    role: Role | None = None
    groups: tuple[str, ...] = ()


class LocalIssuer:
    """Issues tokens and checks them.

    Args:
        home: The home that holds the key.
        audience: Whom the tokens are for, `oidc_audience` of the settings.
    """

    def __init__(self, home: Path, audience: str = AUDIENCE) -> None:
        self._home = home
        self._audience = audience

    def issue(self, person: Person, session: str, at: float | None = None) -> tuple[str, int]:
        """A token, and for how many seconds it counts.

        Args:
            person: Whom it speaks for.
            session: The sign-in that it belongs to.
            at: When it was issued, by the clock that revocations go by; by default now, by this machine's.
        """
        from joserfc import jwt

        issued = time.time() if at is None else at
        claims = {
            "iss": ISSUER,
            "aud": self._audience,
            "azp": ISSUER,
            "typ": "Bearer",
            "sub": person.subject,
            "sid": session,
            "jti": str(uuid4()),
            "preferred_username": person.name,
            "groups": list(person.groups),
            "resource_access": {self._audience: {"roles": [person.role] if person.role else []}},
            "iat": issued,  # with its fraction: a revocation a moment earlier does not concern it
            "nbf": issued,
            "exp": issued + LIFETIME.total_seconds(),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key(), [_ALGORITHM]), int(LIFETIME.total_seconds())

    def verify(self, token: str) -> Caller:
        """Whom a token speaks for.

        Raises:
            Unauthorized: It is malformed, expired, not yet valid, or issued by or for something else.
        """
        from joserfc import jwt
        from joserfc.errors import ExpiredTokenError, JoseError

        needed: dict[str, Any] = {name: {"essential": True} for name in ("exp", "sub", "sid", "jti")}
        needed |= {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": self._audience}}
        needed |= {"typ": {"essential": True, "value": "Bearer"}}
        dates: dict[str, Any] = {name: {"essential": True} for name in ("iat", "nbf")}
        try:
            claims = jwt.decode(token, self._key(), [_ALGORITHM]).claims
            jwt.JWTClaimsRegistry(**needed).validate({name: claims.get(name) for name in needed})
            jwt.JWTClaimsRegistry(leeway=_CLOCKS_S, **dates).validate({name: claims.get(name) for name in dates})
        except ExpiredTokenError as error:
            raise Unauthorized("The bearer token has expired.", hint=_HINT) from error
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise Unauthorized("The bearer token does not count.", hint=_HINT) from error
        return _caller(claims, self._audience)

    def _key(self) -> Any:
        from joserfc.jwk import OctKey

        return OctKey.import_key(_key(self._home))


def issue_token(home: Path, audience: str = AUDIENCE) -> tuple[str, int]:
    """A token of the local administrator, signed with the key of `home`, and for how many seconds it counts."""
    subject = LOCAL_ADMIN.principal.removeprefix("user:")
    return LocalIssuer(home, audience).issue(Person(subject, LOCAL_ADMIN.name, LOCAL_ADMIN.platform_role), str(uuid4()))


def missing_token() -> Unauthorized:
    """What to answer where no token came."""
    return Unauthorized("A bearer token is needed.", hint=_HINT)


def _caller(claims: dict[str, Any], audience: str) -> Caller:
    roles = set(claims["resource_access"][audience]["roles"])
    return Caller(
        principal=f"user:{claims['sub']}",
        name=claims["preferred_username"],
        groups=group_names(claims["groups"]),
        platform_role=max((role for role in Role if role in roles), key=list(Role).index, default=None),
        session=claims["sid"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
    )


def token_key_file(home: Path) -> Path:
    """Where the key lies that signs the tokens of a home."""
    return home / "keys" / "token.key"


def _key(home: Path) -> bytes:
    path = token_key_file(home)
    with suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".token-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    with suppress(FileExistsError):  # another process was first: its key is the key
        os.link(scratch, path)
    scratch.unlink()
    return path.read_bytes()

"""The local administrator's bearer token: short-lived, signed with a key that never leaves `$RAGE_HOME`."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resources.errors import Unauthorized
from resources.platform import LOCAL_ADMIN

LIFETIME = timedelta(minutes=15)
_ISSUER = "rage-local"
_AUDIENCE = "rage"
_ALGORITHM = "HS256"
_HINT = "Send `Authorization: Bearer …` with a token that `rage token` printed in the last 15 minutes."


def issue_token(home: Path) -> tuple[str, int]:
    """A token of the local administrator, signed with the key of `home`, and for how many seconds it counts."""
    import jwt

    now = datetime.now(UTC)
    claims = {"iss": _ISSUER, "aud": _AUDIENCE, "sub": LOCAL_ADMIN, "iat": now, "nbf": now, "exp": now + LIFETIME}
    return jwt.encode(claims, _key(home), algorithm=_ALGORITHM), int(LIFETIME.total_seconds())


def verify_token(home: Path, token: str) -> str:
    """The principal whom a token names.

    Raises:
        Unauthorized: It is malformed, expired, not yet valid, or signed by something else.
    """
    import jwt

    try:
        claims = jwt.decode(
            token,
            _key(home),
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            options={"require": ["exp", "nbf", "iat", "iss", "aud", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Unauthorized("The bearer token has expired.", hint=_HINT) from error
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthorized("The bearer token does not count.", hint=_HINT) from error
    return str(claims["sub"])


def missing_token() -> Unauthorized:
    """What to answer where no token came."""
    return Unauthorized("A bearer token is needed.", hint=_HINT)


def _key(home: Path) -> bytes:
    path = home / "keys" / "token.key"
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

"""Refresh tokens: each works once, and one that comes a second time ends the sign-in that it belongs to.

A token that was copied is used by two: whoever comes second shows the copy. There is no grace for two requests with the
same token at once, because nobody could tell them from a thief: a program sends one, and waits. A sign-in lasts at most
30 days, however often it is refreshed.
"""

import hashlib
import secrets
from typing import Any

from resources.postgres.database import Connection


def new_token() -> str:
    """256 random bits, opaque to whoever holds them."""
    return secrets.token_urlsafe(32)


def sha256(token: str) -> bytes:
    """What is stored of a token; random as it is, a slow hash would add nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def rotate(connection: Connection, old: str, new: str) -> dict[str, Any] | None:
    """Replaces a refresh token by the next.

    Returns:
        None for an unknown token; else `outcome` (`renewed`; `ended`: expired, signed out or disabled; `reused`: it came a
        second time, and its sign-in is over), `session_id`, `user_id`, `name`, `platform_role`, `groups`, `issued_at` and
        `refresh_expires_at`. The transaction has to be kept whatever the outcome.
    """
    row = connection.execute("SELECT * FROM rage_refresh(%s, %s)", (sha256(old), sha256(new))).fetchone()
    return row if row and row["session_id"] else None


def end_session(connection: Connection, session: str) -> None:
    """Ends the session of this transaction's caller: neither its refresh token nor what it issued counts any more."""
    connection.execute("SELECT rage_end_session(%s)", (session,))

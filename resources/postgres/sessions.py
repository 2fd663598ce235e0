"""Sessions of browsers: kept under the hash of what the browser holds, and the list of them for those who may end them.

Nothing here opens what is sealed. Each function but those for operators reaches exactly the session whose hash is given.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from resources.errors import NotFound
from resources.postgres.database import Connection

_FIRST = (datetime.fromisoformat("0001-01-01T00:00:00+00:00"), UUID(int=0))


@dataclass(frozen=True)
class Stored:
    """A session as it is kept.

    Attributes:
        id: What names it.
        principal: Whose it is.
        sid: The issuer's session that it belongs to.
        sealed: The tokens.
        version: How often they were renewed.
    """

    id: UUID
    principal: str
    sid: str | None
    sealed: bytes
    version: int


class Session(BaseModel):
    """A sign-in that has not ended, without anything that it could be used with."""

    id: UUID
    kind: Literal["browser", "token"] = Field(description="A browser's cookie, or a refresh token of the local issuer.")
    principal: str
    name: str
    created_at: datetime
    last_seen_at: datetime | None = None
    expires_at: datetime
    address: str | None = None
    user_agent: str | None = None


def begin_login(connection: Connection, state: bytes, browser: bytes, sealed: bytes) -> None:
    """Keeps a sign-in that began, for ten minutes, under the hashes of its state and of its browser's cookie."""
    connection.execute("SELECT rage_login_begin(%s, %s, %s)", (state, browser, sealed))


def finish_login(connection: Connection, state: bytes, browser: bytes) -> bytes | None:
    """Takes what was kept of a sign-in, once; None where that browser began none with that state in time."""
    row = connection.execute("SELECT rage_login_finish(%s, %s) AS sealed", (state, browser)).fetchone()
    return bytes(row["sealed"]) if row and row["sealed"] is not None else None


def start(
    connection: Connection,
    session: Stored,
    token: bytes,
    *,
    name: str,
    issued_at: datetime,
    address: str,
    user_agent: str,
    earlier: bytes | None,
) -> bool:
    """Keeps a new session, ends the one that the browser had before, and remembers the person's name.

    Args:
        connection: A transaction without a caller.
        session: The session.
        token: The hash of what the browser gets.
        name: What people call them.
        issued_at: When the sign-in's tokens were issued.
        address: Where it comes from.
        user_agent: What the browser calls itself.
        earlier: The hash of what the browser held before.

    Returns:
        False where the principal or the issuer's session was revoked in the meantime.
    """
    row = connection.execute(
        "SELECT rage_session_start(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) AS started",
        (
            *(session.id, token, session.principal, name, session.sid, session.sealed),
            *(issued_at, address, user_agent, earlier),
        ),
    ).fetchone()
    return bool(row and row["started"])


def read(connection: Connection, token: bytes) -> Stored | None:
    """The session of a browser; None where it has ended, was revoked, or was not used for half an hour."""
    row = connection.execute("SELECT * FROM rage_session_read(%s)", (token,)).fetchone()
    return Stored(row["id"], row["principal"], row["sid"], bytes(row["sealed"]), row["version"]) if row else None


def claim_renewal(connection: Connection, token: bytes, version: int, seconds: int) -> bool:
    """Whether the caller may renew the tokens of this version now; nobody else may for so many seconds."""
    row = connection.execute("SELECT rage_session_claim(%s, %s, %s) AS mine", (token, version, seconds)).fetchone()
    return bool(row and row["mine"])


def release_renewal(connection: Connection, token: bytes, version: int) -> None:
    """Lets others renew."""
    connection.execute("SELECT rage_session_release(%s, %s)", (token, version))


def renew(connection: Connection, token: bytes, version: int, sealed: bytes, name: str) -> bool:
    """Replaces the tokens of this version; False where the session has ended."""
    row = connection.execute("SELECT rage_session_renew(%s, %s, %s, %s) AS kept", (token, version, sealed, name)).fetchone()
    return bool(row and row["kept"])


def close(connection: Connection, token: bytes, *, with_tokens: bool) -> None:
    """Ends a session; with its tokens, everything that the same sign-in issued stops counting, wherever it is."""
    connection.execute("SELECT rage_session_close(%s, %s)", (token, with_tokens))


def log_out(connection: Connection, jti: bytes, principal: str | None, sid: str | None) -> bool:
    """Ends every session of a sign-in that the issuer has ended, or of a person; False where it said so before."""
    row = connection.execute("SELECT rage_session_logout(%s, %s, %s) AS new", (jti, principal, sid)).fetchone()
    return bool(row and row["new"])


def listing(connection: Connection, after: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[Session]:
    """The caller's own sessions, oldest first; a platform administrator's list has everybody's."""
    rows = connection.execute("SELECT * FROM rage_sessions(%s, %s, %s)", (*(after or _FIRST), limit)).fetchall()
    return [Session.model_validate(row) for row in rows]


def end(connection: Connection, session: UUID) -> None:
    """Ends a session at once, with all that it issued.

    Raises:
        NotFound: There is no such session, or the caller may not end it.
    """
    row = connection.execute("SELECT rage_end_one_session(%s) AS found", (session,)).fetchone()
    if not row or not row["found"]:
        raise NotFound("There is no such session.", hint="`rage session list` shows those there are.")


def end_all(connection: Connection, principal: str) -> int:
    """Ends every session of a principal and all that was issued to it so far; gives how many sessions that were."""
    row = connection.execute("SELECT rage_end_sessions_of(%s) AS ended", (principal,)).fetchone()
    assert row is not None
    return int(row["ended"])


def know(connection: Connection, principal: str, name: str) -> None:
    """Remembers what people call somebody, so that they can be named as a member."""
    connection.execute("SELECT rage_know_user(%s, %s)", (principal, name))

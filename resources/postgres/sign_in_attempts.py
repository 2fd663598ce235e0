"""Attempts at a password, and what a right one opens.

How often a password may be tried. What counts is the name and the address together (an IPv6 address by its /64, all of
which one machine can use): five failures are free, then the wait doubles with each, up to 15 minutes. Nobody can make
another address wait by that, so there is no lock to be abused. Against an attacker with many addresses the failures of
a name are also counted over all of them: from the 50th within an hour on, there is a wait of at most 30 seconds between
two attempts. An address from which the user has signed in before (in the last 90 days) stands outside that count and
waits at most one minute, even where the attacker shares it; an attempt that is made to wait neither counts nor prolongs
the wait. So the real user always comes in from where they are used to; from a new address under a running attack they
may have to try again. Sign-ins that exist go on meanwhile: refreshing needs no password. `rage user enable` forgets all
failures of a name. Names that nobody has are counted in the same way, so that waiting tells nothing.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from resources.errors import InvalidInput
from resources.postgres.database import Connection
from resources.postgres.users import check_name, name_key


@dataclass(frozen=True)
class Attempt:
    """What an attempt at a password begins with.

    Attributes:
        user_id: The user of that name, None where there is none who may sign in, or where it is too early.
        password_hash: Their password's hash, None with `user_id`.
        wait_s: For how many seconds to wait before the next attempt; 0 where this one counts.
    """

    user_id: UUID | None
    password_hash: str | None
    wait_s: int


def begin(connection: Connection, name: str, address: str) -> Attempt:
    """Begins an attempt at the password of `name`, counted as failed until it succeeds."""
    try:
        key = name_key(check_name(name))
    except InvalidInput:
        key = ""  # nobody's, and one row for whatever is typed
    row = connection.execute("SELECT * FROM rage_sign_in_begin(%s, %s)", (key, address)).fetchone()
    assert row is not None
    return Attempt(**row)


def succeed(
    connection: Connection, attempted: Attempt, address: str, session: UUID, refresh_sha256: bytes
) -> dict[str, Any] | None:
    """Ends an attempt whose password was right: opens the session with its first refresh token.

    Returns:
        `user_id`, `name`, `platform_role`, `groups`, `issued_at`, `refresh_expires_at`; None where the user was disabled
        or has another password since the attempt began.
    """
    return connection.execute(
        "SELECT * FROM rage_sign_in_done(%s, %s, %s, %s, %s)",
        (attempted.user_id, attempted.password_hash, address, session, refresh_sha256),
    ).fetchone()

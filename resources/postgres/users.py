"""Local users, managed by the owner of the schema; `sign_in_attempts` signs them in."""

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from pydantic import BaseModel

from resources.access import LOCAL_ADMIN, Role
from resources.errors import Conflict, InvalidInput, NotFound
from resources.postgres.database import Connection

_COLUMNS = "id, name, platform_role, groups, disabled, created_at, last_login_at, failed_count"
_MOST_NAME, _MOST_GROUP, _MOST_GROUPS = 64, 256, 100


class User(BaseModel):
    """A local user, without what could be used to sign in."""

    id: UUID
    name: str
    platform_role: Role | None
    groups: list[str]
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None
    failed_count: int

    @property
    def principal(self) -> str:
        """The name under which spaces and rules grant them something."""
        return f"user:{self.id}"


def check_name(name: str) -> str:
    """A user's name in the form in which it is kept.

    Raises:
        InvalidInput: It cannot name a user.
    """
    kept = unicodedata.normalize("NFKC", name)
    usable = kept.isprintable() and kept == kept.strip() and 1 <= len(kept) <= _MOST_NAME and len(name_key(kept)) <= 256
    if not usable or name_key(kept) == LOCAL_ADMIN.name:
        raise InvalidInput(
            f"{name[:80]!r} cannot name a user.",
            hint=f"Use 1 to {_MOST_NAME} visible characters, no space at either end, and not {LOCAL_ADMIN.name!r}.",
        )
    return kept


def check_groups(groups: Sequence[str]) -> list[str]:
    """Names of groups, each once.

    Raises:
        InvalidInput: There are too many, or one cannot name a group.
    """
    kept = sorted({unicodedata.normalize("NFC", group) for group in groups})
    for group in kept:
        if not group.strip("/ ") or not group.isprintable() or len(group) > _MOST_GROUP:
            raise InvalidInput(f"{group[:80]!r} cannot name a group.", hint=f"Use 1 to {_MOST_GROUP} visible characters.")
    if len(kept) > _MOST_GROUPS:
        raise InvalidInput(f"A user is in at most {_MOST_GROUPS} groups.")
    return kept


def spaces_of(connection: Connection) -> list[dict[str, Any]]:
    """The `name` of every space that this transaction's caller sees, and their `role` in it."""
    return connection.execute("SELECT s.name, rage_role_in(s.id) AS role FROM spaces s ORDER BY s.name").fetchall()


def add(connection: Connection, name: str, password_hash: str, role: Role | None, groups: Sequence[str]) -> User:
    """Adds a user.

    Raises:
        InvalidInput: The name or a group cannot be one.
        Conflict: There is one of that name, whatever its case.
    """
    kept = check_name(name)
    try:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO users (name, name_key, password_hash, platform_role, groups) "
                f"VALUES (%s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
                (kept, name_key(kept), password_hash, role, check_groups(groups)),
            ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise Conflict(f"There is a user {kept!r} already.", hint="`rage user set` changes one.") from error
    user = User.model_validate(row)
    connection.execute("SELECT rage_know_user(%s, %s)", (user.principal, user.name))
    return user


def set_password(connection: Connection, name: str, password_hash: str) -> User:
    """Gives a user another password and ends all their sign-ins.

    Raises:
        NotFound: There is no such user.
    """
    return _ended(connection, _change(connection, name, "password_hash = %s, password_changed_at = now()", password_hash))


def set_rights(connection: Connection, name: str, role: Role | None, groups: Sequence[str]) -> User:
    """Gives a user another role and other groups; what was issued before ends, and refreshing brings the new ones.

    Raises:
        NotFound: There is no such user.
        InvalidInput: A group cannot be one.
    """
    user = _change(connection, name, "platform_role = %s, groups = %s", role, check_groups(groups))
    connection.execute("SELECT rage_revoke(%s)", (user.principal,))
    return user


def disable(connection: Connection, name: str) -> User:
    """Keeps a user from signing in and ends all their sign-ins.

    Raises:
        NotFound: There is no such user.
    """
    return _ended(connection, _change(connection, name, "disabled = true"))


def enable(connection: Connection, name: str) -> User:
    """Lets a user sign in again, and forgets all attempts at their password.

    Raises:
        NotFound: There is no such user.
    """
    user = _change(connection, name, "disabled = false, failed_count = 0")
    digest = hashlib.sha256(name_key(user.name).encode()).digest()
    connection.execute("DELETE FROM sign_in_attempts WHERE name_hash = %s", (digest,))
    return user


def listing(connection: Connection) -> list[User]:
    """All users by name."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM users ORDER BY name_key").fetchall()
    return [User.model_validate(row) for row in rows]


def _change(connection: Connection, name: str, change: str, *values: Any) -> User:
    key = name_key(unicodedata.normalize("NFKC", name))
    row = None
    if key.isprintable():  # no name is otherwise, and the database refuses some of what is not
        query = f"UPDATE users SET {change} WHERE name_key = %s RETURNING {_COLUMNS}"
        row = connection.execute(query.encode(), (*values, key)).fetchone()
    if row is None:
        raise NotFound(f"There is no user {name[:80]!r}.", hint="`rage user list` shows those there are.")
    return User.model_validate(row)


def _ended(connection: Connection, user: User) -> User:
    """Ends the sessions first, then what they issued: a refresh between the two is older than the revocation."""
    connection.execute(
        "UPDATE sign_in_sessions SET revoked_at = clock_timestamp() WHERE user_id = %s AND revoked_at IS NULL", (user.id,)
    )
    connection.execute("SELECT rage_revoke(%s)", (user.principal,))
    return user


def name_key(name: str) -> str:
    """What the names of one user share, however they are written."""
    return unicodedata.normalize("NFKC", name.casefold())

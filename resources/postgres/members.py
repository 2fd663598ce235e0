"""Members of a space: users, groups and keys with their roles."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from resources.access import Role
from resources.errors import Conflict, InvalidInput, NotFound
from resources.postgres.database import Connection

_PREFIXES = ("user:", "group:", "key:")


class Member(BaseModel):
    """Who may do what in a space.

    Attributes:
        principal: `user:SUBJECT`, `group:NAME` or `key:ID`.
        name: What people call a user who signed in before.
    """

    principal: str
    name: str | None = None
    role: Role
    granted_by: str


def listing(connection: Connection, space_id: UUID) -> list[Member]:
    """The members of a space by principal; none where the caller does not administer it."""
    rows = connection.execute(
        "SELECT e.principal, u.name, e.role, e.granted_by FROM entitlements e "
        "LEFT JOIN known_users u ON u.principal = e.principal WHERE e.space_id = %s ORDER BY e.principal",
        (space_id,),
    ).fetchall()
    return [Member(**row) for row in rows]


def grant(connection: Connection, space_id: UUID, given: str, role: Role, granted_by: str) -> str:
    """Gives a principal a role in a space, in place of an earlier one; returns the principal.

    Args:
        connection: A transaction of an administrator of the space.
        space_id: The space.
        given: `group:NAME`, `user:SUBJECT`, or `user:NAME` of somebody who signed in before.
        role: The role.
        granted_by: Who gives it.

    Raises:
        InvalidInput: It names nobody.
    """
    principal = resolve(connection, given)
    connection.execute(
        "INSERT INTO entitlements (space_id, principal, role, granted_by) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (principal, space_id) DO UPDATE SET role = EXCLUDED.role, granted_by = EXCLUDED.granted_by, "
        "granted_at = now()",
        (space_id, principal, role, granted_by),
    )
    return principal


def revoke(connection: Connection, space_id: UUID, given: str) -> str:
    """Takes a principal's role in a space away, at once; returns the principal.

    Raises:
        NotFound: It has none.
        Conflict: It is the last administrator.
    """
    principal = resolve(connection, given, known=False)
    removed = connection.execute(
        "DELETE FROM entitlements WHERE space_id = %s AND principal = %s RETURNING role", (space_id, principal)
    ).fetchone()
    if removed is None:
        raise NotFound(f"{given[:200]} is no member of the space.")
    left: dict[str, Any] | None = connection.execute(
        "SELECT count(*) AS admins FROM entitlements WHERE space_id = %s AND role = 'admin'", (space_id,)
    ).fetchone()
    if removed["role"] == "admin" and left and not left["admins"]:
        raise Conflict("This is the last administrator of the space.", hint="Make somebody else one first.")
    return principal


def resolve(connection: Connection, given: str, *, known: bool = True) -> str:
    """The principal that `given` means.

    Args:
        connection: A transaction of an administrator.
        given: A principal, or `user:NAME`.
        known: Whether a user must have signed in before, or be named by the subject.

    Raises:
        InvalidInput: It names nobody, or several.
    """
    kind, separator, name = given.strip().partition(":")
    if not separator or f"{kind}:" not in _PREFIXES or not name.strip("/ ") or len(given) > 200 or not given.isprintable():
        raise InvalidInput(f"{given[:80]!r} names no member.", hint="Write group:NAME, user:NAME, user:SUBJECT or key:ID.")
    if kind != "user":
        return f"{kind}:{name.strip('/ ')}"
    exact = f"user:{name}"
    rows = connection.execute(
        "SELECT principal FROM known_users WHERE principal = %s OR lower(name) = lower(%s)", (exact, name)
    ).fetchall()
    found = {row["principal"] for row in rows}
    if exact in found or exact == "user:local-admin" or _is_subject(name) or (not found and not known):
        return exact
    if len(found) != 1:
        problem = "Nobody of that name has signed in yet" if not found else "Several people have that name"
        raise InvalidInput(f"{problem}: {name[:80]!r}.", hint="Name the subject (user:SUBJECT), or grant it to a group.")
    return str(found.pop())


def _is_subject(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True

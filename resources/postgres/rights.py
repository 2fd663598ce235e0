"""What a caller may do where, as the database decided it at the beginning of their transaction."""

from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection as _Connection

from resources.access import Caller, Role
from resources.errors import Forbidden, NotFound


@dataclass(frozen=True)
class Rights:
    """The rights of a caller, to be carried into another database.

    Attributes:
        names: The caller's principals.
        members: The spaces that they know of.
        readable: Those that they may read.
        ingestable: Those into which they may bring documents.
        administered: Those that they administer.
    """

    names: list[str]
    members: list[UUID]
    readable: list[UUID]
    ingestable: list[UUID]
    administered: list[UUID]


def of_transaction(connection: "_Connection[dict[str, object]]", caller: Caller) -> Rights:
    """The rights with which this transaction of `caller` began."""
    row = connection.execute(
        "SELECT ARRAY(SELECT rage_ids('rage.members')) AS members, ARRAY(SELECT rage_ids('rage.readable')) AS readable, "
        "ARRAY(SELECT rage_ids('rage.ingestable')) AS ingestable, "
        "ARRAY(SELECT rage_ids('rage.administered')) AS administered"
    ).fetchone()
    return Rights(caller.principals, **row)  # type: ignore[arg-type]


def role_in(connection: "_Connection[dict[str, object]]", space_id: UUID) -> Role | None:
    """The role of this transaction's caller in a space, None without one."""
    row = connection.execute("SELECT rage_role_in(%s) AS role", (space_id,)).fetchone()
    return Role(str(row["role"])) if row and row["role"] else None


def require(connection: "_Connection[dict[str, object]]", space_id: UUID, least: Role) -> None:
    """Makes sure that this transaction's caller has at least the role `least` in a space.

    Raises:
        NotFound: They have none.
        Forbidden: They have a smaller one.
    """
    check_role(role_in(connection, space_id), least)


def check_role(role: str | None, least: Role) -> None:
    """Makes sure that `role` is at least `least`; raises as `require` does."""
    if role is None:
        raise NotFound("There is no such space.")
    if not Role(role).covers(least):
        raise Forbidden(
            f"This needs the role {least} in the space; yours is {role}.", hint="Ask an administrator of the space."
        )


def require_platform(caller: Caller, least: Role) -> None:
    """Makes sure that a caller has at least the platform role `least`.

    Raises:
        Forbidden: They do not.
    """
    if caller.platform_role is None or not caller.platform_role.covers(least):
        raise Forbidden(f"This needs the platform role {least}.", hint="Ask an administrator of the platform.")

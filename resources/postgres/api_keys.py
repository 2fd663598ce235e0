"""API keys: what is kept of them, and which of them this transaction's caller may manage.

The rights of a key are rows of `entitlements` under the principal `key:ID`, like those of people.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from resources.access import Role
from resources.errors import Forbidden, NotFound
from resources.postgres import rights, spaces
from resources.postgres.database import Connection


class SpaceRole(BaseModel):
    """A space and the role in it."""

    name: str
    role: Role | None


class ApiKey(BaseModel):
    """A key without its secret; `spaces` are those that the caller administers."""

    id: str
    name: str
    spaces: list[SpaceRole]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_address: str | None = None


def sign_in(connection: Connection, identity: str, sha256: bytes, address: str) -> dict[str, Any] | None:
    """`id`, `name` and `created_at` of the key, None if it does not count; notes its use once a minute."""
    return connection.execute("SELECT * FROM rage_key_sign_in(%s, %s, %s)", (identity, sha256, address)).fetchone()


def administered(connection: Connection, names: Iterable[str]) -> dict[str, UUID]:
    """The ids of the spaces of these names, all of which this transaction's caller administers.

    Raises:
        NotFound: One of them is not there, or not visible.
        Forbidden: One of them is visible, but not theirs to administer.
    """
    found = {name: spaces.identify(connection, name)["id"] for name in dict.fromkeys(names)}
    for name, space_id in found.items():
        if rights.role_in(connection, space_id) is not Role.ADMIN:
            raise Forbidden(f"Only administrators of the space {name} create its keys.", hint="Ask one of them.")
    return found


def create(
    connection: Connection, identity: str, name: str, sha256: bytes, *, days: int, spaces: dict[str, UUID], role: Role
) -> ApiKey:
    """Keeps a new key; the caller administers all `spaces` (names and ids)."""
    row = connection.execute(
        "SELECT * FROM rage_create_key(%s, %s, %s, %s, %s, %s)",
        (identity, name, sha256, days, list(spaces.values()), role),
    ).fetchone()
    assert row is not None
    return ApiKey(id=identity, name=name, spaces=[SpaceRole(name=space, role=role) for space in sorted(spaces)], **row)


def listing(connection: Connection, after: tuple[datetime, str] | None = None, limit: int = 100) -> list[ApiKey]:
    """The keys of spaces that the caller administers, oldest first; a platform administrator's list has all."""
    since, identity = after or (datetime.fromisoformat("0001-01-01T00:00:00+00:00"), "")
    rows = connection.execute("SELECT * FROM rage_keys(%s, %s, %s)", (since, identity, limit)).fetchall()
    return [ApiKey.model_validate(row) for row in rows]


def revoke(connection: Connection, identity: str) -> None:
    """Makes a key worthless, at once. Whoever administers one of its spaces may: a leaked key has to be stopped.

    Raises:
        NotFound: There is no such key, or the caller may not manage it.
    """
    row = None
    if identity.isascii() and identity.isalnum():
        row = connection.execute("SELECT rage_revoke_key(%s) AS found", (identity,)).fetchone()
    if not row or not row["found"]:
        raise NotFound("There is no such key.", hint="`rage key list` shows those there are.")

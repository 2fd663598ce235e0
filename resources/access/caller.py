"""Callers: on whose behalf the platform reads and writes, whichever way they signed in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do: a reader reads, an ingestor also brings in and removes documents, an admin decides who may."""

    READER = "reader"
    INGESTOR = "ingestor"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Whether this role includes `other`."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Caller:
    """Someone, or a program, whose identity was checked.

    Attributes:
        principal: `user:SUBJECT` or `key:ID`, never reused for another.
        name: What people call them; for show, never for decisions.
        groups: The groups' names, without a leading slash, the groups above them included.
        platform_role: A role on every space; None for those who have only what spaces grant them.
        session: The sign-in that this belongs to, if any; revoking it ends it at once.
        issued_at: When the proof was issued; a revocation of the principal ends whatever is older.
    """

    principal: str
    name: str = ""
    groups: tuple[str, ...] = ()
    platform_role: Role | None = None
    session: str | None = None
    issued_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def principals(self) -> list[str]:
        """All names under which a space or a rule may grant something to this caller."""
        return [self.principal, *(f"group:{group}" for group in self.groups)]

    @property
    def is_key(self) -> bool:
        """Whether this is a program with an API key. A key hands out no rights: they would outlive its revocation."""
        return self.principal.startswith("key:")


def group_names(claimed: Iterable[str]) -> tuple[str, ...]:
    """The groups of a token's claim: a path such as `/engineering/search` also stands for `engineering`."""
    names: set[str] = set()
    for claim in claimed:
        if not claim.startswith("/"):
            names.add(claim)
            continue
        parts = claim.strip("/").split("/")
        names.update("/".join(parts[: end + 1]) for end in range(len(parts)))
    return tuple(sorted(name for name in names if name))


LOCAL_ADMIN = Caller("user:local-admin", "local-admin", platform_role=Role.ADMIN, issued_at=datetime.max.replace(tzinfo=UTC))
"""The operator at this machine's own command line: whoever can read `$RAGE_HOME` holds all keys anyway."""

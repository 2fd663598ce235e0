"""The life of index versions after they are built: shown, promoted through the gate, rolled back, dropped."""

from uuid import UUID

from resources.access import Caller, Role
from resources.index_versions.dropping import drop, due_for_drop
from resources.index_versions.models import Dropped, Gate, IndexVersionInfo, Promotion, WorseVersion
from resources.index_versions.promotion import Judge, gate_of, keep_gate, promote, rollback
from resources.platform import Platform
from resources.postgres import index_versions

__all__ = [
    "Dropped",
    "Gate",
    "IndexVersionInfo",
    "Judge",
    "Promotion",
    "WorseVersion",
    "drop",
    "due_for_drop",
    "gate_of",
    "keep_gate",
    "listing",
    "promote",
    "rollback",
]


def listing(platform: Platform, caller: Caller, space: str) -> list[IndexVersionInfo]:
    """The index versions of a space, the live one first.

    Raises:
        NotFound: There is no such space, or the caller does not see it.
        Forbidden: The caller does not administer it.
    """
    with platform.enter(caller, space, Role.ADMIN) as (connection, row):
        found = index_versions.described(connection, row["id"])
        measured = index_versions.measured(connection, row["id"])
    metrics: dict[UUID, dict[str, dict[str, dict[str, float]]]] = {}
    for each in measured:
        metrics.setdefault(each["index_version"], {}).setdefault(each["name"], {})[each["mode"]] = each["metrics"]
    return [IndexVersionInfo(space=space, metrics=metrics.get(each["version"], {}), **each) for each in found]

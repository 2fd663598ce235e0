"""Entries: one thing that somebody did or tried, made harmless and bounded before it is kept for years."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from resources.logs import REDACTED, without_secrets

MOST_ITEMS = 100
LONGEST_TEXT = 10_000
LONGEST_NAME = 500
_MOST_BYTES = 64 * 1024
_DEEPEST = 4
_SECRET = re.compile(
    r"authorization|cookie|passw|secret|credential|private|api_?key$|^(access_|refresh_|id_)?token$", re.IGNORECASE
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Outcome(StrEnum):
    """What came of it. `begun` stands before a change: whatever happens next, it was attempted."""

    BEGUN = "begun"
    ALLOWED = "allowed"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One act.

    Attributes:
        action: A stable word such as `memory.search`.
        outcome: What came of it.
        actor: The principal, empty where nobody knows.
        actor_name: What people call them; for show.
        status: The HTTP status, if it was a request.
        space_id: The space that it concerned.
        target: What it concerned in there, such as `document_id=…`.
        address: From where.
        request_id: As in the logs.
        details: Further facts; never a secret.
        at: When.
    """

    action: str
    outcome: Outcome
    actor: str = ""
    actor_name: str = ""
    status: int | None = None
    space_id: UUID | None = None
    target: str = ""
    address: str = ""
    request_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def named(value: str) -> str:
    """A name as it is stored: bounded, and without what the database cannot hold."""
    text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def detailed(details: Mapping[str, Any]) -> str:
    """Details as the text that is chained: JSON with sorted keys, bounded, without secrets and what cannot be stored."""
    text = canonical(_clean(details, 0))
    return text if len(text) <= _MOST_BYTES else canonical({"left_out_bytes": len(text)})


def canonical(value: Any) -> str:
    """The one text of a JSON value."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _clean(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if depth < _DEEPEST and isinstance(value, Mapping):
        items = list(value.items())[:MOST_ITEMS]
        return {named(str(k)): REDACTED if _SECRET.search(str(k)) else _clean(v, depth + 1) for k, v in items}
    if depth < _DEEPEST and isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_clean(item, depth + 1) for _, item in zip(range(MOST_ITEMS), value, strict=False)]
    text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return without_secrets(text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…")

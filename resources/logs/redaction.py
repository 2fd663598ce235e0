"""What is taken out of every log event before it is written."""

import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date
from typing import Any
from uuid import UUID

from resources.errors import RageError
from resources.logs.masking import REDACTED, mask, without_secrets

Event = MutableMapping[str, Any]

_LONGEST = 10_000
_SECRET_KEYS = re.compile(r"authorization|cookie|password|passwd|secret|token|api_?key|credential", re.IGNORECASE)
_TEXT_KEYS = frozenset({"query", "question", "text", "texts", "quote", "answer", "content", "prompt", "body", "snippet"})
# Ours, and never a person's: digits in them are no telephone numbers. Tokens are looked for all the same.
_OUR_KEYS = re.compile(r"(?:.*_)?ids?|route|method|level|logger|timestamp|frames|version|sha256|run|.*_at|.*_bytes|size")


def redact(logger: Any, method: str, event: Event) -> Event:
    """A structlog processor that takes out secrets, personal data, and the text of documents and queries."""
    event.pop("color_message", None)  # uvicorn's own, for terminals
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, UUID, date)):
        return REDACTED if value is not None and _SECRET_KEYS.search(key) else value
    if key.startswith("_"):  # structlog's own: the record, and where it came from; never written
        return value
    if _SECRET_KEYS.search(key):
        return REDACTED
    if key in _TEXT_KEYS:
        return f"[{len(value)} characters]" if isinstance(value, str) else REDACTED
    if isinstance(value, Mapping):
        return {mask(str(name)): _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(key if _OUR_KEYS.fullmatch(key) else "", inner) for inner in value]
    return _masked(key, value if isinstance(value, str) else str(value))


def _masked(key: str, text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… [{len(text) - _LONGEST} characters more]"
    return without_secrets(text) if _OUR_KEYS.fullmatch(key) else mask(text)


def outline_exception(logger: Any, method: str, event: Event) -> Event:
    """A structlog processor that notes where an exception came from, without its message.

    A message of a driver or a validator may quote a document; those of this platform and of the system do not.
    """
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exc_info()[1]
    if error is None:
        return event
    event["error"] = type(error).__qualname__
    if isinstance(error, (RageError, OSError)):
        event["reason"] = str(error)
    frames = traceback.extract_tb(error.__traceback__)
    event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-20:]]
    return event

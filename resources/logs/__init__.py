"""Logs: one JSON object a line on stderr, for this platform's own events and for those of every library.

What a log may never hold is removed here, whoever wrote it: tokens, passwords, keys, people's addresses and numbers,
and the text of documents and queries.
"""

from resources.logs.masking import REDACTED, mask, without_password, without_secrets
from resources.logs.redaction import outline_exception, redact
from resources.logs.writing import configure_logs, get_logger, log_context

__all__ = [
    "REDACTED",
    "configure_logs",
    "get_logger",
    "log_context",
    "mask",
    "outline_exception",
    "redact",
    "without_password",
    "without_secrets",
]

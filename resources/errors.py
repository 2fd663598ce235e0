"""Expected failures. Each says what happened, to what, and what to do; none is a bug.

The command line turns `exit_status` into its exit status, the API turns `http_status` and `code` into its error body.
"""

from typing import Any


class RageError(Exception):
    """An expected failure with a message for a person.

    Attributes:
        code: A stable snake_case name for programs.
        http_status: The status with which the API answers.
        exit_status: The exit status of the command line (1 done with failures, 2 wrong use, 3 a service is missing).
        hint: What the person can do about it.
        details: Further facts for programs.
    """

    code = "error"
    http_status = 500
    exit_status = 1

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(RageError):
    """What the caller gave cannot be used."""

    code = "invalid"
    http_status = 422
    exit_status = 2


class InvalidSettings(RageError):
    """A setting is unknown, malformed or contradicts another."""

    code = "invalid_settings"
    exit_status = 2


class NotFound(RageError):
    """It is not there, or not visible to the caller."""

    code = "not_found"
    http_status = 404
    exit_status = 2


class Conflict(RageError):
    """It exists already, or something else is using it."""

    code = "conflict"
    http_status = 409
    exit_status = 2


class Unauthorized(RageError):
    """No bearer token, or one that does not count."""

    code = "unauthorized"
    http_status = 401
    exit_status = 2


class Forbidden(RageError):
    """The caller may see it, but not do this with it."""

    code = "forbidden"
    http_status = 403
    exit_status = 2


class TooManyRequests(RageError):
    """More requests than the configured limit."""

    code = "too_many_requests"
    http_status = 429
    exit_status = 3

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = 1, **details: Any) -> None:
        super().__init__(message, hint=hint, **details)
        self.retry_after_s = retry_after_s


class QuotaExceeded(RageError):
    """The space may not hold more."""

    code = "quota_exceeded"
    http_status = 413
    exit_status = 2


class TooLarge(RageError):
    """More bytes than the configured limit."""

    code = "too_large"
    http_status = 413
    exit_status = 2


class UnsupportedFormat(RageError):
    """No parser reads this kind of file."""

    code = "unsupported_format"
    http_status = 415


class ServiceUnavailable(RageError):
    """A part that is needed does not answer."""

    code = "unavailable"
    http_status = 503
    exit_status = 3

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = 5, **details: Any) -> None:
        super().__init__(message, hint=hint, **details)
        self.retry_after_s = retry_after_s


class SourceUnreadable(RageError):
    """A source cannot be read; nothing of it is removed."""

    code = "source_unreadable"
    http_status = 422
    exit_status = 2


class ParseFailed(RageError):
    """A document cannot be turned into blocks. It becomes a row in quarantine.

    Attributes:
        reason: A stable snake_case word, such as `encrypted`, `broken`, `no_text`, `unsupported_format`.
    """

    code = "parse_failed"
    http_status = 422

    def __init__(self, reason: str, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message, hint=hint, **details)
        self.reason = reason

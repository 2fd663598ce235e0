"""The error envelope: every answer that is not a success has it, whoever refused."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from resources.errors import RageError, ServiceUnavailable, TooManyRequests
from resources.logs import get_logger

_log = get_logger(__name__)
_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    414: "too_large",
    415: "unsupported_media_type",
    421: "misdirected",
    422: "invalid",
    429: "too_many_requests",
    431: "too_large",
    503: "unavailable",
}


# A refusal that stands before the routes, whichever is asked for.
_ANYWHERE = frozenset({400, 401, 408, 413, 414, 421, 422, 429, 431, 503})


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="A stable name for programs.")
    message: str = Field(description="What happened, to what, and what to do.")
    request_id: str
    details: dict[str, Any] | None = None


class ErrorEnvelope(BaseModel):
    """Every error has this shape."""

    error: ErrorBody


def responses(*statuses: int, signed_in: bool = True) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the errors that a route may answer besides those that any may.

    Args:
        statuses: Of the route itself.
        signed_in: Whether it may ask for a token.
    """
    said = {
        400: "No HTTP request, or one that could be read in two ways.",
        401: "No bearer token, or one that does not count.",
        403: "Visible to the caller, but not theirs to do.",
        404: "Not there, or not visible to the caller.",
        408: "The body did not arrive in time.",
        409: "It exists already, or something else is using it.",
        413: "More bytes than the configured limit.",
        414: "The path and the query are too long.",
        415: "Neither JSON nor a multipart form.",
        421: "The Host header names another server.",
        422: "Something in the request cannot be used.",
        429: "More requests than allowed; `Retry-After` says when to try again.",
        431: "The headers are too many or too long.",
        503: "A part that is needed does not answer; `Retry-After` says when to try again.",
    }
    described = _ANYWHERE - (set() if signed_in else {401}) | set(statuses)
    return {status: {"model": ErrorEnvelope, "description": said[status]} for status in sorted(described)}


def error_response(
    request_id: str,
    status: int,
    code: str,
    message: str,
    details: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as a response."""
    body = ErrorBody(code=code, message=message, request_id=request_id, details=details or None)
    content = {"error": body.model_dump(mode="json", exclude_none=True)}
    return JSONResponse(content, status_code=status, headers=dict(headers or {}))


def rage_response(request_id: str, error: RageError) -> JSONResponse:
    """An expected failure as a response."""
    headers: dict[str, str] = {}
    if isinstance(error, (ServiceUnavailable, TooManyRequests)):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return error_response(request_id, error.http_status, error.code, str(error), error.details, headers)


def install(app: FastAPI) -> None:
    """Makes every expected failure of `app` answer with the envelope; the outermost middleware does the rest."""

    @app.exception_handler(RageError)
    def _rage(request: Request, error: RageError) -> JSONResponse:
        if error.http_status >= 500:
            _log.warning("request_failed", code=error.code, exc_info=error)
        return rage_response(request.state.request_id, error)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        status = 422 if error.status_code == 400 else error.status_code
        message = error.detail if isinstance(error.detail, str) else "The request cannot be answered."
        message = message.rstrip(".") + "."
        return error_response(request.state.request_id, status, _CODES.get(status, "error"), message, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            {"field": ".".join(map(str, item["loc"][1:])) or str(item["loc"][0]), "problem": str(item["msg"])}
            for item in error.errors()
        ]
        message = "; ".join(f"{item['field']}: {item['problem']}" for item in problems[:5]) + "."
        return error_response(request.state.request_id, 422, "invalid", message, {"errors": problems[:50]})

    @app.exception_handler(UnicodeEncodeError)
    def _unstorable(request: Request, error: Exception) -> JSONResponse:
        message = "The request holds characters that cannot be stored, such as NUL or half a surrogate pair."
        return error_response(request.state.request_id, 422, "invalid", message)

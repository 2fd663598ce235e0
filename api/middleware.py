"""What stands before every route: the request's id, log line and metrics.

Pure ASGI, so that streams pass through untouched.
"""

import re
import time
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import error_response
from resources.logs import get_logger, log_context

OPEN_PATHS = frozenset(
    {
        *("/health", "/ready", "/docs", "/docs/start.js", "/openapi.json", "/", "/portal/portal.css", "/portal/portal.js"),
        *("/auth/token", "/auth/login", "/auth/callback", "/auth/backchannel-logout"),
    }
)
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = get_logger(__name__)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _route(scope: Scope) -> str:
    """The route's template; a path itself would make a metric for every id."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


class RequestContext:
    """Outermost: gives every request an id, counts and logs it, and turns what nobody expected into a 500."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        labels = ["method", "route", "status"]
        self._count = Counter("rage_http_requests", "Requests answered.", labels, registry=registry)
        self._seconds = Histogram("rage_http_request_seconds", "Seconds to answer.", labels[:2], registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = _header(scope, b"x-request-id")
        request_id = given if _SANE_ID.fullmatch(given) else str(uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        with log_context(request_id=request_id):
            try:
                await self.app(scope, receive, sending)
            except ClientDisconnect:
                status = status or 499  # the conventional status of a client that left; nobody is there to read it
            except Exception:
                _log.exception("request_crashed", method=scope["method"], route=_route(scope))
                if status:  # the answer is under way: only cutting it short says that it is not whole
                    raise
                message = "An unexpected error occurred; the log has it under this request id."
                await error_response(request_id, 500, "internal", message)(scope, receive, sending)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"} else "OTHER"
        self._count.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        quiet = route in {"/health", "/ready", "/metrics"} and status < 400
        (_log.debug if quiet else _log.info)(
            "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1)
        )

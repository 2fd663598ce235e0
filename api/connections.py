"""Connections: uvicorn's, with an end to everything that a client can draw out.

uvicorn waits for ever for a request's headers, for a client that does not read, and for the rest of a body that nobody
wants any more. Here each of these has its time, and the request that could mean two things is refused.
"""

import asyncio
import json
import resource
from typing import Any
from uuid import uuid4

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.errors import error_response
from api.headers import response_headers
from resources.logs import get_logger

MAX_HEADER_BYTES = 65536
_MAX_HEADERS = 100
_MAX_TARGET_BYTES = 16384
_LINGER_S = 5.0
_LINGER_BYTES = 1 << 25
_RESERVED_FILES = 512  # for everything that is not a connection: the database, files, runs
_log = get_logger(__name__)


def raise_file_limit() -> int:
    """Lets this process open as many files as the system permits; returns how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    if soft != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(64, min(hard, 1 << 16) - _RESERVED_FILES)


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with time limits; a subclass with its own limits serves each server, see `bounded`."""

    header_timeout_s = 10.0
    write_timeout_s = 60.0
    max_connections = 1 << 15
    waiting: dict["BoundedProtocol", None]  # for a whole request, in the order in which they began to

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.app = _Careful(self.app, self)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._unwanted = 0
        self.lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request; where there are too many connections, the one that waits longest goes."""
        super().connection_made(_Lingering(transport, self))  # type: ignore[arg-type]
        self._expect_headers()
        if len(self.connections) > self.max_connections:
            oldest = next(iter(self.waiting))
            oldest.transport.abort()
            self.waiting.pop(oldest, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self.lost = True
        self.waiting.pop(self, None)
        super().connection_lost(exc)
        for name in list(self._timers):
            self._stop(name)

    def data_received(self, data: bytes) -> None:
        """Takes what came, unless this is the rest of a body that nobody wants."""
        if self._unwanted:
            self._unwanted = max(1, self._unwanted - len(data))
            if self._unwanted == 1:
                self.transport.abort()
            return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.IDLE:
            self._expect_headers()
        else:
            self.waiting.pop(self, None)
            self._stop("headers")

    def on_response_complete(self) -> None:
        """Gives the client a time to take the last of the answer."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._start("write", self.write_timeout_s, self._cut)

    def timeout_keep_alive_handler(self) -> None:
        """Closes a connection that is not used, and soon even if the client has not taken all of it."""
        super().timeout_keep_alive_handler()
        self._start("write", self.write_timeout_s, self._cut)

    def pause_writing(self) -> None:
        """The client does not read: it has a time to begin."""
        super().pause_writing()
        self._start("write", self.write_timeout_s, self._cut)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop("write")

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP with the envelope that every error has."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # an answer is under way: it cannot be ended well
            self.transport.abort()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._answer_malformed()
        self.linger()

    def has_more_to_say(self) -> bool:
        """Whether the client is amid a body."""
        return self.conn.their_state is h11.SEND_BODY and not self.lost

    def linger(self) -> None:
        """Closes soon: what the client still sends is dropped for a while, so that it can read the answer first."""
        if self._unwanted or self.lost:
            return
        self._unwanted = _LINGER_BYTES
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._start("linger", _LINGER_S, self.transport.abort)

    @property
    def lingers(self) -> bool:
        """Whether the connection takes nothing any more."""
        return self._unwanted > 0

    def _answer_malformed(self) -> None:
        request_id = str(uuid4())
        message = "This is no HTTP request that can be understood."
        body = json.dumps({"error": {"code": "invalid", "message": message, "request_id": request_id}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
            *response_headers(self.scheme == "https"),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")

    def _expect_headers(self) -> None:
        if "headers" not in self._timers:
            self.waiting[self] = None
            self._start("headers", self.header_timeout_s, self.transport.abort)

    def _cut(self) -> None:
        _log.info("connection_cut", reason="the client does not read")
        self.transport.abort()

    def _start(self, name: str, seconds: float, then: Any) -> None:
        self._stop(name)
        self._timers[name] = self.loop.call_later(seconds, then)

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


class _Lingering:
    """A transport that closes amid a body only after a while: closed at once, it would take the answer back."""

    def __init__(self, transport: asyncio.Transport, connection: BoundedProtocol) -> None:
        self._transport = transport
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Closes the connection, now or soon."""
        if self._connection.has_more_to_say():
            self._connection.linger()
        else:
            self._transport.close()

    def is_closing(self) -> bool:
        """Whether nothing may be sent any more."""
        return self._connection.lingers or self._transport.is_closing()


class _Careful:
    """Stands between a connection and the application: refuses what is out of proportion, and says when it closes."""

    def __init__(self, app: Any, connection: BoundedProtocol) -> None:
        self._app: ASGIApp = app
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _problem(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and (refused or self._connection.has_more_to_say()):
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        if not refused:
            await self._app(scope, receive, sending)
            return
        request_id = str(uuid4())
        _log.info("request_refused", request_id=request_id, status=refused[0])
        response = error_response(request_id, *refused, headers={"X-Request-ID": request_id})
        response.raw_headers.extend(response_headers(scope["scheme"] == "https"))
        await response(scope, receive, sending)


def _problem(scope: Scope) -> tuple[int, str, str] | None:
    """Why a request is not served: status, code and message."""
    headers = scope["headers"]
    if len(scope["raw_path"]) + len(scope["query_string"]) > _MAX_TARGET_BYTES:
        return 414, "too_large", f"The path and the query are longer than {_MAX_TARGET_BYTES} bytes together."
    if len(headers) > _MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return (
            431,
            "too_large",
            f"The headers are more than {_MAX_HEADERS} or longer than {MAX_HEADER_BYTES} bytes together.",
        )
    names = {name for name, _ in headers}
    if {b"content-length", b"transfer-encoding"} <= names:  # what a proxy before us may have read otherwise
        return 400, "invalid", "A request has a Content-Length or a Transfer-Encoding, not both."
    return None


def bounded(header_timeout_s: float, max_connections: int, write_timeout_s: float = 60.0) -> type[BoundedProtocol]:
    """The protocol of a server.

    Args:
        header_timeout_s: The time for a request's headers to arrive.
        max_connections: With more, the one goes that has waited longest for a request.
        write_timeout_s: The time for a client to take what was sent.
    """
    limits = {"header_timeout_s": header_timeout_s, "max_connections": max_connections, "write_timeout_s": write_timeout_s}
    return type("BoundedProtocol", (BoundedProtocol,), {**limits, "waiting": {}})

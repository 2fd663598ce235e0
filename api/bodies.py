"""Bodies of requests: how large, how deep and how slow they may be."""

import asyncio
import re
import time
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import rage_response
from resources.errors import InvalidInput, RageError, TooLarge

INGEST_PATH = "/api/v1/memory/ingest"
JSON_BYTES = 1 << 20
JSON_DEPTH = 64
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class _Refused(Exception):
    """The body will not be read to its end."""


class _TooSlow(RageError):
    """The body did not come in time."""

    code = "too_slow"
    http_status = 408


class BodyLimit:
    """Refuses a body that is too large before reading it, or as soon as it turns out to be too large, slow or deep.

    Args:
        app: What comes next.
        max_upload_bytes: The most of an upload.
        pause_s: The longest pause between two pieces; whatever is no upload must be here whole within it.
        upload_s: The time for a whole upload.
    """

    def __init__(self, app: ASGIApp, max_upload_bytes: int, pause_s: float = 30, upload_s: float = 3600) -> None:
        self.app = app
        self._upload_bytes = max_upload_bytes + JSON_BYTES  # room for a form's own framing
        self._pause_s = pause_s
        self._upload_s = upload_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 408, 413 or 422."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        kind = headers.get(b"content-type", "").split(";")[0].strip().lower()
        is_upload = kind == _FORMS[0] and scope["path"] == INGEST_PATH
        body = _Body(
            receive,
            self._upload_bytes if is_upload else JSON_BYTES,
            self._pause_s,
            self._upload_s if is_upload else self._pause_s,
        )
        length = headers.get(b"content-length", "")
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if body.refusal is None:  # whatever was made of an interrupted body is no answer
                started = True
                await send(message)

        try:
            if length.isdecimal() and int(length) > body.limit:
                body.refuse_size()
            if kind not in _FORMS and (length not in {"", "0"} or b"transfer-encoding" in headers):
                await body.read_json()
            await self.app(scope, body, sending)
        except Exception:  # whatever the application made of the interruption
            if body.refusal is None:
                raise
        if body.refusal is not None:
            if started:  # only cutting the answer short says that it is not whole
                raise body.refusal
            await rage_response(scope["state"]["request_id"], body.refusal)(scope, receive, send)


class _Body:
    """The channel that a body comes through, with an eye on its size and its pace."""

    def __init__(self, receive: Receive, limit: int, pause_s: float, total_s: float) -> None:
        self.limit = limit
        self.refusal: RageError | None = None
        self._receive = receive
        self._pause_s = pause_s
        self._total_s = total_s
        self._deadline: float | None = None
        self._received = 0
        self._is_whole = False
        self._kept: Message | None = None

    async def __call__(self) -> Message:
        """The next piece."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return kept
        if self._is_whole:
            return await self._receive()
        if self.refusal is not None:
            raise _Refused
        message = await self._timely(self._receive())
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self.limit:
                self.refuse_size()
        self._is_whole = not message.get("more_body", False)
        return message

    async def read_json(self) -> None:
        """Reads all of it, makes sure that it can be parsed at no great cost, and keeps it for the application."""
        pieces = []
        while not self._is_whole:
            message = await self()
            if message["type"] != "http.request":  # the client left
                self._kept = message
                return
            pieces.append(message.get("body", b""))
        content = b"".join(pieces)
        if b"\0" in content:
            self._refuse(InvalidInput("The body holds NUL bytes: it is not JSON in UTF-8."))
        if is_deeper(content, JSON_DEPTH):
            self._refuse(InvalidInput(f"The body nests deeper than {JSON_DEPTH} levels.", hint="Send flatter JSON."))
        self._kept = {"type": "http.request", "body": content, "more_body": False}

    def refuse_size(self) -> None:
        """Ends the reading: it is too much."""
        self._refuse(TooLarge(f"The body is larger than {self.limit} bytes.", hint="Send less at once.", limit=self.limit))

    async def _timely(self, message: Awaitable[Message]) -> Message:
        now = time.monotonic()
        self._deadline = self._deadline or now + self._total_s
        try:
            async with asyncio.timeout(max(0.0, min(self._pause_s, self._deadline - now))):
                return await message
        except TimeoutError:
            self._refuse(_TooSlow("The body did not come in time.", hint="Send it again over a better connection."))
        raise AssertionError("unreachable")

    def _refuse(self, error: RageError) -> None:
        self.refusal = error
        raise _Refused


def is_deeper(text: bytes, most: int) -> bool:
    """Whether JSON nests deeper than `most` levels; costs a few passes over it, whatever it holds."""
    if text.count(b"[") + text.count(b"{") <= most:
        return False
    rest = _STRING.sub(b"", text).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(most):  # each pass takes the innermost level away
        shorter = rest.replace(b"[]", b"")
        if len(shorter) == len(rest):  # unbalanced: the parser will say so, if it gets that far
            return rest.count(b"[") > most
        rest = shorter
    return bool(rest)

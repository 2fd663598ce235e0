"""Sessions of browsers: the middleware that finds out who calls by a cookie, and the routes by which sessions are ended."""

import asyncio
import time
from datetime import datetime
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cookies import Cookies, is_own_page
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import rage_response, responses
from api.middleware import OPEN_PATHS
from api.paging import Cursor, Limit, Page, cut, decode
from resources.errors import Forbidden, InvalidInput, RageError, ServiceUnavailable
from resources.postgres import sessions
from resources.postgres.sessions import Session
from resources.settings import Settings
from resources.sign_in.browser import Browser, BrowserSignIn, session_ended

router = APIRouter(prefix="/api/v1/sessions", tags=["auth"], dependencies=[Protected])

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PATIENCE_S, _PAUSE_S = 15.0, 0.1
_RENEWALS_AT_ONCE = 8  # an issuer that hangs must not take every thread of this process with it


class BrowserSession:
    """Before `BearerToken`: who calls by a cookie has the rights of the access token that is kept for their session.

    A request with an `Authorization` header is none of this layer's: whoever sends one means it.

    Args:
        app: What comes next.
        sign_in: The sessions.
        settings: How people reach this server.
    """

    def __init__(self, app: ASGIApp, sign_in: BrowserSignIn, settings: Settings) -> None:
        self.app = app
        self._sign_in = sign_in
        self._settings = settings
        self._renewals: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 401, 403 or 503."""
        token = self._cookie(scope)
        if token is not None:
            try:
                session = await self._resume(token)
                self._check_change(scope, session)
            except RageError as error:
                response = rage_response(scope["state"]["request_id"], error)
                if error.http_status == 401:
                    Cookies(scope, self._settings).forget_session(response)
                await response(scope, receive, send)
                return
            assert session.verified is not None
            scope["state"] |= {"caller": session.verified.caller, "session_kind": "browser", "browser": session}
        await self.app(scope, receive, send)

    def _cookie(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or "authorization" in Headers(scope=scope):
            return None
        return Cookies(scope, self._settings).session

    async def _resume(self, token: str) -> Browser:
        """The session, its tokens renewed where they are due; of many requests one renews, and the others wait."""
        deadline = time.monotonic() + _PATIENCE_S
        if self._renewals is None:
            self._renewals = CapacityLimiter(_RENEWALS_AT_ONCE)
        while True:
            session = await run_in_threadpool(self._sign_in.look_up, token)
            if not session.due:
                return session
            try:
                renewed = await to_thread.run_sync(self._sign_in.renew, session, limiter=self._renewals)
            except ServiceUnavailable:
                if session.usable:
                    return session
                raise
            if renewed is not None:
                if not renewed.usable:  # the clocks differ by more than a token's life
                    raise session_ended()
                return renewed
            if session.usable:
                return session
            if time.monotonic() > deadline:
                raise ServiceUnavailable("The sign-in service takes too long to renew your session.", hint="Try again.")
            await asyncio.sleep(_PAUSE_S)

    def _check_change(self, scope: Scope, session: Browser) -> None:
        """Refuses a change that a page of somebody else may have sent in the browser's name."""
        if scope["method"] in _READING:
            return
        if not is_own_page(scope, self._settings):
            raise Forbidden("A page of another site may not do this in your name.")
        given = Headers(scope=scope).getlist("x-csrf-token")
        if len(given) != 1 or not self._sign_in.csrf_fits(session, given[0]):
            raise Forbidden(
                "The request lacks the CSRF token of this session.",
                hint="Send `X-CSRF-Token` with `csrf_token` of `GET /auth/me`.",
            )


@router.get("", responses=responses(422))
def list_sessions(platform: ThePlatform, caller: TheCaller, limit: Limit = 20, cursor: Cursor = None) -> Page[Session]:
    """The caller's own sign-ins that last, oldest first; administrators of the platform see everybody's."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        rows = sessions.listing(connection, _after(cursor), limit + 1)
    items, next_cursor = cut(rows, limit, lambda each: (each.created_at.isoformat(), each.id))
    return Page(items=items, next_cursor=next_cursor)


@router.delete("/{session_id}", status_code=204, responses=responses(403, 404, 422))
def end_session(session_id: UUID, platform: ThePlatform, caller: TheCaller) -> None:
    """Ends a sign-in at once, with every token that belongs to it: one's own, or as administrator of the platform any."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        sessions.end(connection, session_id)


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    created, last = decode(cursor, 2)
    try:
        after = datetime.fromisoformat(created), UUID(last)
    except ValueError:
        after = None
    if after is None or after[0].tzinfo is None:
        raise InvalidInput("The cursor is not one of this list.", hint="Use `next_cursor` as it came, or leave it out.")
    return after

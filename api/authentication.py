"""The middleware that lets nobody pass without a bearer token that counts."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import rage_response
from api.middleware import OPEN_PATHS
from resources.access import Caller
from resources.errors import RageError
from resources.logs import log_context
from resources.sign_in.local import missing_token


class BearerToken:
    """Lets nobody pass without a token, except to the open paths; a route that does not exist is no exception.

    What stands before it may have found out who calls (a browser's session); then it asks for no token.

    Args:
        app: What comes next.
        authenticate: Turns a bearer token and the address that it came from into a caller, or raises `Unauthorized`.
        known: Gives the caller at once for a token that was checked a moment ago.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Callable[[str, str], Caller],
        known: Callable[[str], Caller | None] = lambda token: None,
    ) -> None:
        self.app = app
        self._authenticate = authenticate
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 401."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        try:
            if "caller" not in state:
                address, token = scope["client"][0] if scope.get("client") else "", _token(scope)
                state["caller"] = self._known(token) or await run_in_threadpool(self._authenticate, token, address)
        except RageError as error:
            await rage_response(state["request_id"], error)(scope, receive, send)
            return
        with log_context(principal=state["caller"].principal):
            await self.app(scope, receive, send)


def _token(scope: Scope) -> str:
    """The one bearer token of a request; two headers could mean one thing here and another at a proxy."""
    given = [value.decode("latin-1") for key, value in scope["headers"] if key == b"authorization"]
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise missing_token()
    return token.strip()

"""Rate limits: by address for whoever has yet to prove who they are, by caller for everybody else."""

import hashlib
import ipaddress
import secrets

from cachetools import TTLCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import rage_response
from resources.errors import TooManyRequests
from resources.rate_limits import Kind, RateLimits, Verdict

_UNLIMITED = frozenset({"/health", "/ready"})
# Not signing in: who asks for the first has a token; the second comes from the issuer, and no sign-out may be lost.
_NOT_SIGN_IN = frozenset({"/auth/me", "/auth/backchannel-logout"})
_SEARCH = ("/api/v1/memory/search", "/api/v1/memory/query", "/mcp")
_INGEST = "/api/v1/memory/ingest"


def address_of(scope: Scope) -> str:
    """Whom an address stands for: a network of 64 bits in IPv6, of which one household has all addresses."""
    client = scope.get("client")
    host = str(client[0]) if client else ""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host[:100]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def kind_of(scope: Scope) -> Kind | None:
    """What a request counts as; None for what is not limited."""
    path = scope["path"].rstrip("/")
    if path in _UNLIMITED:
        return None
    if path.startswith("/auth/") and path not in _NOT_SIGN_IN:
        return Kind.SIGN_IN
    if path in _SEARCH:
        return Kind.SEARCH
    if path == _INGEST and scope["method"] == "POST":
        return Kind.INGEST
    return Kind.REQUEST


async def _refuse(verdict: Verdict, scope: Scope, receive: Receive, send: Send) -> None:
    error = TooManyRequests(
        f"There were too many requests; the next one is answered in {verdict.retry_after_s} s.",
        retry_after_s=verdict.retry_after_s,
    )
    response = rage_response(scope["state"]["request_id"], error)
    response.headers["Retry-After"] = str(verdict.retry_after_s)
    name, _, policy = verdict.limit.partition(";")
    response.headers["RateLimit-Policy"] = f"{name};{policy}"
    response.headers["RateLimit"] = f"{name};r=0;t={verdict.retry_after_s}"
    await response(scope, receive, send)


class AddressLimits:
    """Before sign-in is checked: limits the routes of sign-in, guessing, and whoever does not sign in, for each address.

    Guesses are refused before they are checked. A token that was good a moment ago passes all the same, so that nobody
    locks out the others behind a shared address.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app = app
        self._limits = limits
        self._good: TTLCache[bytes, bool] = TTLCache(maxsize=20_000, ttl=900)
        self._key = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 429."""
        kind = kind_of(scope) if scope["type"] == "http" else None
        if kind is None:
            await self.app(scope, receive, send)
            return
        address = f"address:{address_of(scope)}"
        token = self._token(scope)
        guess = Kind.FAILED if token else Kind.REQUEST
        if kind is Kind.SIGN_IN:
            verdict = await self._limits.hit(kind, address)
        elif token in self._good:
            verdict = Verdict(allowed=True)
        else:
            verdict = await self._limits.test(guess, address)
        if not verdict.allowed:
            await _refuse(verdict, scope, receive, send)
            return
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self.app(scope, receive, sending)
        if kind is Kind.SIGN_IN:
            return
        if status == 401:
            self._good.pop(token, None)
            await self._limits.hit(guess, address)
        elif "caller" not in scope["state"]:  # an open route
            await self._limits.hit(Kind.REQUEST, address)
        elif token:
            self._good[token] = True

    def _token(self, scope: Scope) -> bytes:
        """A digest of the token that came, by a key that only this process knows; empty if none did."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return hashlib.blake2b(given, key=self._key, digest_size=16).digest() if given else b""


class CallerLimits:
    """Behind sign-in: limits each caller, apart for search, ingestion and the rest."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 429."""
        kind = kind_of(scope) if scope["type"] == "http" and "caller" in scope["state"] else None
        if kind is not None and kind is not Kind.SIGN_IN:
            caller = scope["state"]["caller"]
            verdict = await self._limits.hit(kind, str(getattr(caller, "principal", caller)))
            if not verdict.allowed:
                await _refuse(verdict, scope, receive, send)
                return
        await self.app(scope, receive, send)

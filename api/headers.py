"""What browsers are told with every response, and which names this server answers to."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import error_response
from resources.errors import InvalidSettings
from resources.settings import Settings

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


_PLAIN = tuple(
    (name.encode(), value.encode())
    for name, value in (*_ALWAYS, ("content-security-policy", API_POLICY), ("cache-control", "no-store"))
)
_PAGE = tuple((name, PAGE_POLICY.encode() if name == b"content-security-policy" else value) for name, value in _PLAIN)
_TLS = ((b"strict-transport-security", b"max-age=31536000"),)


def response_headers(https: bool, *, page: bool = False) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a response; HSTS only where TLS is, as it would lock people out of a server without."""
    return (_PAGE if page else _PLAIN) + (_TLS if https else ())


class ResponseHeaders:
    """Adds to every response what it does not say itself: policies for browsers, and that nothing may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower(): value for name, value in message["headers"]}
                page = given.get(b"content-type", b"").startswith(b"text/html")
                added = [pair for pair in response_headers(scope["scheme"] == "https", page=page) if pair[0] not in given]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, sending)


class KnownHosts:
    """Answers only under names that are this server's, so that no page elsewhere can borrow one (DNS rebinding).

    These are the local ones, that of `public_url`, and the very address that a request came in at. A server without a
    `public_url` that is reached at an address of the network, as in a cluster, cannot know its names and takes any.
    """

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self.app = app
        self._public = (urlsplit(public_url).hostname or "").lower() if public_url else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, or answers 421."""
        if scope["type"] != "http" or self._is_known(scope):
            await self.app(scope, receive, send)
            return
        message = "This server does not answer under that name. Use its own address, or set RAGE_PUBLIC_URL to the name."
        await error_response(scope["state"]["request_id"], 421, "misdirected", message)(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist("host")
        if not given:  # HTTP/1.0: no browser
            return scope.get("http_version") == "1.0"
        host = host_name(given[0]) if len(given) == 1 else None
        if host is None:
            return False
        server = scope.get("server")
        own = str(server[0]) if server else ""
        return host in _LOCAL_NAMES or host in {self._public, own} or not (self._public or _is_loopback(own))


def host_name(header: str) -> str | None:
    """The name or address in a `Host` header, in small letters and without brackets; None if it is malformed."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    if parts.netloc != header or "@" in header or not parts.hostname:
        return None
    return parts.hostname.rstrip(".")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a socket of this machine's file system, or a test's client
        return True


def check_public_url(settings: Settings) -> None:
    """Makes sure that `public_url`, if given, is an address.

    Raises:
        InvalidSettings: It is none.
    """
    url = settings.public_url
    if url is not None and not _is_origin(url.rstrip("/"), paths=True):
        raise InvalidSettings("RAGE_PUBLIC_URL is no address.", hint="Write it as https://rage.example.com.")


def allowed_origins(settings: Settings) -> list[str]:
    """The origins whose pages may call the API.

    Raises:
        InvalidSettings: One is none; a wildcard is none either.
    """
    for origin in settings.cors_origins:
        if not _is_origin(origin):
            raise InvalidSettings(
                f"RAGE_CORS_ORIGINS: {origin[:200]!r} is no origin.", hint="Write https://app.example.com, without a path."
            )
    return [origin.lower() for origin in settings.cors_origins]


def cross_origin(app: ASGIApp, origins: Iterable[str]) -> CORSMiddleware:
    """Lets pages of these origins call the API with a token; never with a cookie."""
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=_METHODS,
        allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"],
        max_age=600,
    )


def _is_origin(text: str, paths: bool = False) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or parts.username or parts.password) and (paths or not parts.path)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bare and "*" not in text and text.isprintable()

"""The cookies of browsers, and where a browser stands: under which origin it knows this server.

With TLS a cookie carries the prefix `__Host-`, which browsers take from this very host only and by TLS only.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from resources.settings import Settings

_SESSION, _LOGIN = "rage_session", "rage_login_"
_LOGIN_S = 600
_MOST_LOGINS = 4


class Cookies:
    """The cookies of one request.

    Args:
        scope: The request.
        settings: How people reach this server.
    """

    def __init__(self, scope: Scope, settings: Settings) -> None:
        self.secure = scope["scheme"] == "https" or (settings.public_url or "").startswith("https:")
        self._given: list[tuple[str, str]] = []
        for header in Headers(scope=scope).getlist("cookie"):
            for part in header.split(";"):
                name, equals, value = part.strip().partition("=")
                if equals:
                    self._given.append((name, value))

    @property
    def session(self) -> str | None:
        """What the browser holds of its session; empty where two cookies claim to be it, as one planted by a neighbour."""
        return self._one(self._name(_SESSION))

    def login(self, attempt: str) -> str:
        """What the browser kept of a sign-in that it began; empty if nothing."""
        return self._one(self._name(_LOGIN + attempt)) or ""

    def keep_session(self, response: Response, token: str) -> None:
        """Gives the browser its session, until it closes."""
        self._set(response, _SESSION, token)

    def forget_session(self, response: Response) -> None:
        """Takes it away."""
        self._set(response, _SESSION, "", 0)

    def keep_login(self, response: Response, attempt: str, value: str) -> None:
        """Lets the browser keep something of a sign-in for ten minutes, and forget the oldest of too many others."""
        prefix = self._name(_LOGIN)
        others = list(dict.fromkeys(name.removeprefix(prefix) for name, _ in self._given if name.startswith(prefix)))
        for other in others[: max(0, len(others) - _MOST_LOGINS + 1)]:
            self.forget_login(response, other)
        self._set(response, _LOGIN + attempt, value, _LOGIN_S)

    def forget_login(self, response: Response, attempt: str) -> None:
        """Takes it away."""
        self._set(response, _LOGIN + attempt, "", 0)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _one(self, name: str) -> str | None:
        values = {value for given, value in self._given if given == name}
        return None if not values else values.pop() if len(values) == 1 else ""

    def _set(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        response.set_cookie(
            self._name(name), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def base_url(scope: Scope, settings: Settings) -> str:
    """Where people reach this server, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    # without `public_url` only names that were checked before get here
    return f"{scope['scheme']}://{Headers(scope=scope).get('host', 'localhost')}"


def is_own_page(scope: Scope, settings: Settings) -> bool:
    """Whether a browser says that a request comes from a page of this server; one that says nothing may be."""
    headers = Headers(scope=scope)
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    own = {_origin(base_url(scope, settings)), f"{scope['scheme']}://{headers.get('host', '')}".lower()}
    return all(site == "same-origin" for site in sites) and all(origin.lower() in own for origin in origins)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()

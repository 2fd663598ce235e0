"""Which addresses belong to a web site, each in one spelling, and what their documents are called."""

import mimetypes
import posixpath
import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from rage_assets.blocks.parsing.registry import media_type_for, parser_for

HTML = ("text/html", "application/xhtml+xml")
# They repeat what the pages say.
_FEEDS = ("application/rss+xml", "application/atom+xml")
_MOST_CHARACTERS = 1500
# Calendars and relative links gone wrong lead ever deeper into the same names.
_MOST_REPETITIONS = 3
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)
_SESSIONS = frozenset({"phpsessid", "jsessionid", "aspsessionid", "cfid", "cftoken", "sessionid", "session_id", "sid"})
# What courlan takes for a tracker, and what many a site tells its pages apart by.
_AMBIGUOUS = frozenset({"cid", "clid", "eid", "uid", "gl", "ga", "ref", "source", "keyword", "keywords", "kwd", "medium"})
_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=-._~?"


class Site:
    """The pages at and below a location.

    Args:
        location: An http(s) URL. One that ends in a file's name stands for the folder of that file.
    """

    def __init__(self, location: str) -> None:
        parts = urlsplit(location)
        self.scheme = parts.scheme.lower()
        self.host = (parts.hostname or "").lower()
        self.port = parts.port or _PORTS[self.scheme]
        path = _path(parts.path)
        last = path.rpartition("/")[2]
        self.folder = path if not last else path[: -len(last)] if "." in last else f"{path}/"
        self.start = self._spelled(path, parts.query)

    def secure(self) -> None:
        """The site speaks HTTPS: from now on all of its addresses do."""
        self.scheme, self.port = "https", 443
        self.start = "https" + self.start[4:] if self.start.startswith("http:") else self.start

    def normal(self, address: str, base: str = "") -> str | None:
        """The one spelling of an address as a page at `base` has it; None where it is not of this site."""
        parts = self._parts(base, address)
        if parts is None:
            return None
        path = _path(parts.path)
        if not path.startswith(self.folder) and path != self.folder.rstrip("/"):
            return None
        names = [name for name in path.split("/") if name]
        if any(names.count(name) > _MOST_REPETITIONS for name in set(names)):
            return None
        url = self._spelled(path, parts.query)
        return url if len(url) <= _MOST_CHARACTERS else None

    def on_host(self, path: str) -> str:
        """An address of the host, within the site or not."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return urlunsplit((self.scheme, f"{name}{port}", path, "", ""))

    def of_host(self, address: str) -> str | None:
        """An address of the site's host as the site is spoken to, by HTTPS or without; None where it is of another."""
        parts = self._parts("", address)
        if parts is None:
            return None
        return self.on_host(quote(parts.path, safe=_SAFE) or "/") + (
            f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
        )

    def _parts(self, base: str, address: str) -> SplitResult | None:
        try:
            parts = urlsplit(urljoin(base, address.strip()))
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return None
        same = port == self.port or (parts.port is None and self.port in _PORTS.values())
        return parts if parts.scheme in _PORTS and (parts.hostname or "").lower() == self.host and same else None

    def path_of(self, url: str, media_type: str = "") -> str:
        """What the document at an address of the site is called.

        A folder is `index.html`, a query stays, and what is HTML or of another known type says so at its end.
        """
        parts = urlsplit(url)
        path = "" if parts.path == self.folder.rstrip("/") else parts.path[len(self.folder) :]
        name = "/".join(_readable(segment) for segment in path.lstrip("/").split("/"))
        if not name or name.endswith("/"):
            name += "index.html"
        if parts.query:
            name += "?" + _readable(parts.query.replace("+", " ")).replace("/", "%2F")
        if media_type in HTML:
            return name if media_type_for(name) in HTML else f"{name}.html"
        suffix = mimetypes.guess_extension(media_type) or ""
        if suffix and media_type != "text/plain" and not posixpath.splitext(name)[1] and media_type_for(f"x{suffix}"):
            name += suffix
        return name

    def _spelled(self, path: str, query: str) -> str:
        query = _query(query)
        return self.on_host(path) + (f"?{query}" if query else "")


def is_readable(path: str, media_type: str) -> bool:
    """Whether a parser reads what is served under a name as a type."""
    if media_type in _FEEDS:
        return False
    if media_type in HTML or media_type.startswith("text/") or parser_for(path, media_type) is not None:
        return True
    if media_type.startswith(("image/", "audio/", "video/", "font/")):
        return False
    return media_type_for(path) is not None or (not media_type and parser_for(path) is not None)


def _path(path: str) -> str:
    """A path without dots, sessions and needless escapes."""
    path = _PERCENT.sub(_unescaped, quote(_SESSION.sub("", path), safe="/%:@!$&'()*+,;=-._~")) or "/"
    found: list[str] = []
    names = path.split("/")[1:]
    for name in names:
        if name == "..":
            del found[-1:]
        elif name != ".":
            found.append(name)
    if names[-1] in (".", ".."):
        found.append("")
    return "/" + "/".join(found)


def _unescaped(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _query(query: str) -> str:
    """A query without trackers and sessions, in one order."""
    kept = [part for part in query.split("&") if part and not _is_tracker(part.partition("=")[0])]
    return _PERCENT.sub(_unescaped, quote("&".join(sorted(kept)), safe="/%:@!$&'()*+,;=-._~?"))


@lru_cache(maxsize=1024)
def _is_tracker(name: str) -> bool:
    from courlan.clean import clean_query

    name = unquote(name).lower()
    return name in _SESSIONS or (name not in _AMBIGUOUS and not clean_query(f"{quote(name)}=x") and bool(name))


def _readable(text: str) -> str:
    """Escapes as the characters that they stand for, where these can stand in a name."""
    plain = unquote(text, errors="strict") if _is_text(text) else text
    return plain.replace("/", "%2F") if plain.isprintable() and "\\" not in plain else text


def _is_text(escaped: str) -> bool:
    try:
        unquote(escaped, errors="strict")
    except UnicodeDecodeError:
        return False
    return True

"""Locations that name another machine: git repositories, web sites and object stores. What is not plainly one is refused.

The forms are narrower than what git, curl and the drivers take, so that no two of them can read a location differently.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from resources.egress.hosts import EgressRefused, check_host, is_allowed
from resources.egress.revisions import split_revision
from resources.errors import InvalidInput

# Stores whose host is their vendor's and no part of the location.
_CLOUD = ("s3", "s3a", "r2", "gs", "gcs", "oci", "ocilake", "oss", "tos")
# Stores whose host may stand in the location, as CONTAINER@HOST.
_AZURE = ("az", "abfs", "abfss", "adl")
# Servers that are reached at the very addresses that were checked.
_PINNED = ("sftp", "ftp")
# Servers that send their clients on to other hosts: only what the operator names.
_NAMED = ("smb", "hdfs", "webhdfs")
PROTOCOLS = tuple(sorted((*_CLOUD, *_AZURE, *_PINNED, *_NAMED)))

_PORTS = {"http": 80, "https": 443, "ssh": 22, "sftp": 22, "git": 9418, "ftp": 21, "smb": 445, "hdfs": 8020,
          "webhdfs": 9870}  # fmt: skip
_HOST = r"(?P<host>[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])"
_USER = r"(?:(?P<user>[A-Za-z0-9_~+.][A-Za-z0-9_~+.-]*)@)?"
_GIT_URL = re.compile(rf"(?P<scheme>https?|ssh|git)://{_USER}{_HOST}(?::(?P<port>\d{{1,5}}))?/[^\s\\]*")
_WEB_URL = re.compile(rf"(?P<scheme>https?)://{_HOST}(?::(?P<port>\d{{1,5}}))?(?:[/?#][^\s\\]*)?", re.IGNORECASE)
_SCP = re.compile(rf"{_USER}{_HOST}:(?![-/]*-)(?!//)[^\s\\:]+")
_SERVER = re.compile(rf"[a-z0-9]+://{_USER}{_HOST}(?::(?P<port>\d{{1,5}}))?(?:/[^\\]*)?")
_BUCKET = re.compile(r"[a-z0-9]+://[^/@\\\s]+(?:@(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*))?(?:/[^\\]*)?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class Remote:
    """A server that a location names.

    Attributes:
        scheme: How it is spoken to.
        host: Its name or address, without brackets.
        port: Its port.
    """

    scheme: str
    host: str
    port: int

    def check(self, allowed_hosts: Iterable[str]) -> list[str]:
        """The addresses at which it may be reached now; see `check_host`."""
        return check_host(self.host, self.port, allowed_hosts)


def is_git(location: str) -> bool:
    """Whether a location means a git repository, well-formed or not."""
    location, _ = split_revision(location)
    if location.startswith(("git+", "git://", "ssh://", "git@", "git::")):
        return True
    if location.startswith(("http://", "https://")):
        return location.endswith(".git")
    return "@" in location and "://" not in location and _SCP.fullmatch(location) is not None


def git_remote(location: str) -> Remote | None:
    """The server of a repository; None for one on this machine (`file://` or a path).

    Raises:
        InvalidInput: It is neither, or could be taken for an option or a program.
    """
    location, _ = split_revision(location)
    url = location.removeprefix("git+")
    if local_repository(location) is not None:
        return None
    match = _GIT_URL.fullmatch(url) or (None if _SCHEME.match(url) else _SCP.fullmatch(url))
    if match is None or not url.isprintable():
        raise InvalidInput(
            f"{location[:200]!r} is no address of a git repository.",
            hint="Write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH.",
        )
    parts = match.groupdict()
    scheme = parts.get("scheme") or "ssh"
    if parts["user"] and scheme != "ssh":
        raise InvalidInput(
            "The address of a repository may not hold a user or token: it would be stored and shown.",
            hint="Leave it out; RAGE's user may hold it in its ~/.netrc, or use an SSH key.",
        )
    return _remote(scheme, parts["host"], parts.get("port"))


def local_repository(location: str) -> str | None:
    """The path of a repository on this machine, for `git+file:///path` and `git+/path`; None for any other location."""
    url = split_revision(location)[0].removeprefix("git+")
    if url.startswith("file:///"):
        return url.removeprefix("file://")
    return url if url.startswith("/") else None


def web_remote(location: str) -> Remote:
    """The server of a web site.

    Raises:
        InvalidInput: It is no such address, or holds a user.
    """
    match = _WEB_URL.fullmatch(location)
    if match is None or not location.isprintable():
        raise InvalidInput(
            f"{location[:200]!r} is no address of a web site.", hint="Write https://HOST/PATH, without a user or password."
        )
    return _remote(match["scheme"].lower(), match["host"], match["port"])


def store_remote(location: str) -> Remote | None:
    """The server of an object store; None where the vendor's driver knows it.

    Raises:
        InvalidInput: It is no such store, or one that may not be named.
    """
    match = _SCHEME.match(location)
    protocol = match[1].lower() if match else ""
    if protocol not in PROTOCOLS or "::" in location.partition("://")[0] or "::" in location.partition("://")[2]:
        raise InvalidInput(
            f"{location[:200]!r} is in no store that a source may name.",
            hint=f"It may begin with {', '.join(f'{name}://' for name in PROTOCOLS)}.",
        )
    if location != location.strip() or not location.isprintable():
        raise InvalidInput("The address of a store must be printable.")
    pattern = _BUCKET if protocol in _CLOUD or protocol in _AZURE else _SERVER
    parts = pattern.fullmatch(location)
    if parts is None or (protocol in _CLOUD and parts["host"]):
        raise InvalidInput(f"{location[:200]!r} is no address of a store.", hint="Write PROTOCOL://HOST-OR-BUCKET/PATH.")
    if protocol in _CLOUD or (protocol in _AZURE and not parts["host"]):
        return None
    return _remote(protocol, parts["host"], parts.groupdict().get("port"))


def check_remote(kind: str, location: str, allowed_hosts: Sequence[str]) -> list[str]:
    """Checks the server of a location of kind `git`, `web` or `object_store`; its addresses, if it names one.

    Raises:
        InvalidInput: The location is malformed, or its server may not be reached.
    """
    remote = {"git": git_remote, "web": web_remote}.get(kind, store_remote)(location)
    if remote is None:
        return []
    if remote.scheme in _NAMED and not is_allowed(remote.host, remote.port, allowed_hosts):
        raise EgressRefused(
            f"Servers that are spoken to by {remote.scheme} send their clients on to others, so {remote.host[:200]!r} "
            "must be allowed by name.",
            hint="Its operator can name it in RAGE_ALLOWED_HOSTS.",
        )
    return remote.check(allowed_hosts)


def pinned(location: str, addresses: Sequence[str]) -> str:
    """A store's location with the checked address in the place of the host, where the name is not needed."""
    remote = store_remote(location)
    match = _SERVER.fullmatch(location)
    if remote is None or match is None or remote.scheme not in _PINNED:
        return location
    address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return location[: match.start("host")] + address + location[match.end("host") :]


def _remote(scheme: str, host: str, port: str | None) -> Remote:
    return Remote(scheme, host.strip("[]"), int(port) if port else _PORTS.get(scheme, 443))

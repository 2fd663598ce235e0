"""Where documents may come from: what a location is, and adding it to a space as a source."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from resources.domain import Source
from resources.egress.folders import named_folder
from resources.egress.locations import check_remote, git_remote, is_git, local_repository, store_remote, web_remote
from resources.egress.revisions import checked_revision, split_revision
from resources.errors import Conflict, InvalidInput
from resources.postgres import sources
from resources.postgres.database import Connection
from resources.selection import checked_patterns

# What the pipeline can read.
KINDS = ("folder", "git", "object_store", "upload", "web")
# Servers of others are asked by the clock, never with every tick of a sensor.
_POLITE_EVERY_S = {"git": 600, "object_store": 600, "web": 6 * 3600}
UPLOADS = "uploads"

_EVERY = re.compile(r"(\d{1,6})\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://|:)")
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def add_source(
    connection: Connection,
    space_id: UUID,
    location: str,
    name: str | None = None,
    every: str | None = None,
    base: Path | None = None,
    *,
    roots: Sequence[Path] | None = None,
    forbidden: Path | None = None,
    allowed_hosts: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Source:
    """Adds a source to a space.

    Args:
        connection: A transaction of someone who may write to the space.
        space_id: The space.
        location: A folder, a git URL, an http(s) URL or an fsspec URL.
        name: Its name in the space; by default the last part of the location.
        every: How often it is looked at, such as `10m`; by default only when asked.
        base: What a relative folder is relative to; without it, a folder must be absolute.
        roots: The folders that may be named, with all in them; None for the operator, who may name any.
        forbidden: `$RAGE_HOME`, which nobody may name: it holds the keys.
        allowed_hosts: Hosts of private networks that may be named; see `resources.egress.check_host`.
        include: Patterns as in .gitignore of what becomes documents; everything, without any.
        exclude: Patterns of what does not.

    Raises:
        InvalidInput: The location, the name, the schedule or a pattern cannot be used.
        Forbidden: It is a folder that may not be named.
        Conflict: The space has a source of that name or at that location.
    """
    kind, location = identify(location, base, roots=roots, forbidden=forbidden)
    if kind in _POLITE_EVERY_S:
        check_remote(kind, location, allowed_hosts)
    includes, excludes = checked_patterns(include), checked_patterns(exclude)
    seconds = parse_every(every) if every else _POLITE_EVERY_S.get(kind)
    existing = sources.find(connection, space_id, location=location)
    if existing:
        raise Conflict(f"The space has {location[:200]!r} already, as the source {existing.name!r}.")
    label = _checked(name) if name else _free_name(connection, space_id, location)
    sources.add(
        connection,
        space_id,
        name=label,
        kind=kind,
        location=location,
        every_seconds=seconds,
        include=includes,
        exclude=excludes,
    )
    return sources.get(connection, space_id, label)


def ensure_source(
    connection: Connection,
    space_id: UUID,
    location: str,
    base: Path | None = None,
    *,
    roots: Sequence[Path] | None = None,
    forbidden: Path | None = None,
    allowed_hosts: Sequence[str] = (),
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
) -> Source:
    """The source of a space at `location`, added if it is new; see `add_source`.

    Patterns that are given take the place of those that it has; None leaves them.
    """
    _, known = identify(location, base, roots=roots, forbidden=forbidden)
    found = sources.find(connection, space_id, location=known)
    if found is None:
        return add_source(
            connection,
            space_id,
            location,
            base=base,
            roots=roots,
            forbidden=forbidden,
            allowed_hosts=allowed_hosts,
            include=include or (),
            exclude=exclude or (),
        )
    if include is None and exclude is None:
        return found
    return change_selection(connection, found, include, exclude)


def change_selection(
    connection: Connection, source: Source, include: Sequence[str] | None, exclude: Sequence[str] | None
) -> Source:
    """Says anew which files of a source become documents; None leaves a kind of patterns as it is.

    Raises:
        InvalidInput: A pattern cannot be used.
    """
    includes = source.include if include is None else checked_patterns(include)
    excludes = source.exclude if exclude is None else checked_patterns(exclude)
    sources.select(connection, source.id, include=includes, exclude=excludes)
    return source.model_copy(update={"include": includes, "exclude": excludes})


def is_read_as_server(location: str) -> bool:
    """Whether a location is read with credentials of this server: a store's, or git's key. Who names it borrows them."""
    return not location.startswith(("/", "http://", "https://", "git+http://", "git+https://", "git+file://", "file://"))


def ensure_uploads(connection: Connection, space_id: UUID) -> Source:
    """The source that holds what people upload into a space, made on first use.

    Raises:
        Conflict: A source of another kind has its name.
    """
    source = sources.find(connection, space_id, name=UPLOADS)
    if source is None:
        with suppress(Conflict):  # another upload was first
            sources.add(connection, space_id, name=UPLOADS, kind="upload", location=UPLOADS)
        source = sources.get(connection, space_id, UPLOADS)
    if source.kind != "upload":
        raise Conflict(
            f"The space has a source {UPLOADS!r} of kind {source.kind}, so nothing can be uploaded into it.",
            hint="Remove that source, and add it again under another name.",
        )
    return source


def identify(
    location: str,
    base: Path | None = None,
    *,
    roots: Sequence[Path] | None = None,
    forbidden: Path | None = None,
) -> tuple[str, str]:
    """The kind of a location, and the location in its canonical form; for the parameters see `add_source`.

    Raises:
        InvalidInput: It is none, or holds a password.
        Forbidden: It is a folder that may not be named, whether or not there is one.
    """
    location = location.strip()
    if not location or not location.isprintable() or len(location) > 2000:
        raise InvalidInput("A location must be 1 to 2000 printable characters.")
    if _PASSWORD.search(location):
        raise InvalidInput(
            "A location may not hold a password: it would be stored and shown.",
            hint="Leave it out of the URL; RAGE's user may hold it in its ~/.netrc, or use a key.",
        )
    if location.startswith("-"):
        raise InvalidInput(f"{location[:200]!r} looks like an option.", hint="A location is a folder or a URL.")
    if is_git(location):
        address, revision = split_revision(location)
        at = f"#{checked_revision(revision)}" if revision else ""
        if (repository := local_repository(address)) is None:
            git_remote(address)
            return "git", address + at
        folder = named_folder(repository, None, roots, forbidden)
        if folder is None:
            raise _no_folder(location)
        return "git", f"git+{folder.as_uri()}{at}"
    if location.lower().startswith(("http://", "https://")):
        web_remote(location)
        return "web", location.partition("#")[0]
    if _URL.match(location) and not location.startswith("file://"):
        store_remote(location)
        return "object_store", location
    folder = named_folder(location.removeprefix("file://"), base, roots, forbidden)
    if folder is None:
        raise _no_folder(location)
    return "folder", str(folder)


def _no_folder(location: str) -> InvalidInput:
    return InvalidInput(
        f"There is no folder {location[:200]!r} on this machine.", hint="Check the path; a location is a folder or a URL."
    )


def parse_every(every: str) -> int:
    """The seconds of a schedule such as `30s`, `10m`, `6h` or `1d`.

    Raises:
        InvalidInput: It is no such schedule.
    """
    match = _EVERY.fullmatch(every.strip().lower())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 1 <= seconds <= 366 * 86400:
        raise InvalidInput(f"{every[:40]!r} is no schedule.", hint="Write a number and a unit: 30s, 10m, 6h or 1d.")
    return seconds


def _checked(name: str) -> str:
    if not name.isprintable() or not 1 <= len(name) <= 100 or name != name.strip():
        raise InvalidInput(f"{name[:100]!r} cannot name a source.", hint="Use 1 to 100 printable characters.")
    return name


def _free_name(connection: Connection, space_id: UUID, location: str) -> str:
    address, revision = split_revision(location) if is_git(location) else (location.partition("?")[0], "")
    stem = re.split(r"[/:]", address.rstrip("/"))[-1].removesuffix(".git")[:60].strip() or "root"
    stem += f"@{revision.rpartition('=')[2]}"[:40] if revision else ""
    taken = {source.name for source in sources.listing(connection, space_id)} | {UPLOADS}
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)

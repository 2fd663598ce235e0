"""Where documents may come from: what a location is, and adding it to a space as a source."""

import re
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from resources.domain import Source
from resources.errors import Conflict, InvalidInput
from resources.postgres import sources
from resources.postgres.database import Connection

# What the pipeline can read. A web site is recognised, so that its refusal can name it.
KINDS = ("folder", "git", "object_store", "upload")
# Servers of others are asked by the clock, never with every tick of a sensor.
_POLITE_EVERY_S = {"git": 600, "object_store": 600}
UPLOADS = "uploads"

_EVERY = re.compile(r"(\d{1,6})\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def add_source(
    connection: Connection,
    space_id: UUID,
    location: str,
    name: str | None = None,
    every: str | None = None,
    base: Path | None = None,
) -> Source:
    """Adds a source to a space.

    Args:
        connection: A transaction of someone who may write to the space.
        space_id: The space.
        location: A folder, a git URL, an http(s) URL or an fsspec URL.
        name: Its name in the space; by default the last part of the location.
        every: How often it is looked at, such as `10m`; by default only when asked.
        base: What a relative folder is relative to; without it, a folder must be absolute.

    Raises:
        InvalidInput: The location, the name or the schedule cannot be used.
        Conflict: The space has a source of that name or at that location.
    """
    kind, location = identify(location, base)
    if kind not in KINDS:
        raise InvalidInput(
            f"{location[:200]!r} is a source of kind {kind}, which this version cannot read.",
            hint=f"It reads {', '.join(sorted(KINDS))}: give a folder, or upload files.",
        )
    seconds = parse_every(every) if every else _POLITE_EVERY_S.get(kind)
    existing = sources.find(connection, space_id, location=location)
    if existing:
        raise Conflict(f"The space has {location[:200]!r} already, as the source {existing.name!r}.")
    label = _checked(name) if name else _free_name(connection, space_id, location)
    sources.add(connection, space_id, name=label, kind=kind, location=location, every_seconds=seconds)
    return sources.get(connection, space_id, label)


def ensure_source(connection: Connection, space_id: UUID, location: str, base: Path | None = None) -> Source:
    """The source of a space at `location`, added if it is new; see `add_source`."""
    _, known = identify(location, base)
    return sources.find(connection, space_id, location=known) or add_source(connection, space_id, location, base=base)


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


def identify(location: str, base: Path | None = None) -> tuple[str, str]:
    """The kind of a location, and the location in its canonical form.

    Raises:
        InvalidInput: It is none, or holds a password.
    """
    location = location.strip()
    if not location or not location.isprintable() or len(location) > 2000:
        raise InvalidInput("A location must be 1 to 2000 printable characters.")
    if _PASSWORD.search(location):
        raise InvalidInput(
            "A location may not hold a password: it would be stored and shown.",
            hint="Leave it out of the URL and give it to the machine's own credential helper.",
        )
    folder = _folder(location.removeprefix("file://"), base)
    if folder is not None:
        return "folder", str(folder)
    if location.startswith(("git+", "git@", "git://", "ssh://")) or location.endswith(".git"):
        return "git", location
    if location.startswith(("http://", "https://")):
        return "web", location
    if re.match(r"[a-z][a-z0-9+.-]*://", location) and not location.startswith("file://"):
        return "object_store", location
    raise InvalidInput(
        f"There is no folder {location[:200]!r} on this machine.",
        hint="Check the path; a location is a folder or a URL.",
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


def _folder(location: str, base: Path | None) -> Path | None:
    path = Path(location).expanduser()
    if not path.is_absolute():
        if base is None:
            return None
        path = base / path
    try:
        if path.is_dir():
            return path.resolve()
        is_file = path.is_file()
    except OSError:  # a name too long for the file system, or a folder that may not be entered
        return None
    if is_file:
        raise InvalidInput(f"{location[:200]!r} is a file.", hint="Give the folder that holds it.")
    return None


def _checked(name: str) -> str:
    if not name.isprintable() or not 1 <= len(name) <= 100 or name != name.strip():
        raise InvalidInput(f"{name[:100]!r} cannot name a source.", hint="Use 1 to 100 printable characters.")
    return name


def _free_name(connection: Connection, space_id: UUID, location: str) -> str:
    stem = location.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")[:80].strip() or "root"
    taken = {source.name for source in sources.listing(connection, space_id)} | {UPLOADS}
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)

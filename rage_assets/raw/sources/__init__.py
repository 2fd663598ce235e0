"""Readers: one file per kind of source, and the registry that finds them."""

import shutil
from pathlib import Path
from uuid import UUID

from rage_assets.raw.sources.protocol import SeenFile, SourceReader
from rage_assets.raw.sources.selected import SelectedReader
from resources.domain import Source
from resources.errors import InvalidInput
from resources.platform import Platform
from resources.selection import Selection

__all__ = ["SeenFile", "SourceReader", "forget_source", "open_source"]


def open_source(source: Source, space_id: UUID, platform: Platform) -> SourceReader:
    """The reader of a source, of which its patterns show a part.

    Raises:
        InvalidInput: There is no reader for its kind.
    """
    selection = Selection(source.include, source.exclude)
    reader = _reader(source, space_id, platform, selection)
    return SelectedReader(reader, selection) if selection else reader


def forget_source(source_id: UUID, home: Path) -> None:
    """Removes what readers keep of a source on this machine: copies of repositories, what is remembered of pages."""
    shutil.rmtree(home / "git" / str(source_id), ignore_errors=True)
    (home / "web" / f"{source_id}.sqlite").unlink(missing_ok=True)


def _reader(source: Source, space_id: UUID, platform: Platform, selection: Selection) -> SourceReader:
    if source.kind == "folder":
        from rage_assets.raw.sources.folder import FolderReader

        return FolderReader(Path(source.location), left_out=platform.settings.home)
    if source.kind == "upload":
        from rage_assets.raw.sources.upload import UploadReader

        return UploadReader(platform.objects, space_id)
    if source.kind == "object_store":
        from rage_assets.raw.sources.object_store import open_url

        return open_url(source.location, platform.settings.allowed_hosts)
    if source.kind == "git":
        from rage_assets.raw.sources.git import GitReader

        copy = platform.settings.home / "git" / str(source.id)
        return GitReader(source.location, copy, platform.settings.allowed_hosts, platform.settings.source_roots)
    if source.kind == "web":
        from rage_assets.raw.sources.web import WebReader

        memory = platform.settings.home / "web" / f"{source.id}.sqlite"
        is_first = source.last_scan_at is None
        return WebReader(source.location, memory, platform.settings, selection.excludes, is_first=is_first)
    raise InvalidInput(f"There is no reader for sources of kind {source.kind!r}.", hint="Remove the source.")

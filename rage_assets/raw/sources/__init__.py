"""Readers: one file per kind of source, and the registry that finds them."""

from pathlib import Path
from uuid import UUID

from rage_assets.raw.sources.protocol import SeenFile, SourceReader
from resources.domain import Source
from resources.errors import InvalidInput
from resources.platform import Platform

__all__ = ["SeenFile", "SourceReader", "open_source"]


def open_source(source: Source, space_id: UUID, platform: Platform) -> SourceReader:
    """The reader of a source.

    Raises:
        InvalidInput: There is no reader for its kind.
    """
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
        return GitReader(source.location, copy, platform.settings.allowed_hosts)
    raise InvalidInput(f"There is no reader for sources of kind {source.kind!r}.", hint="Remove the source.")

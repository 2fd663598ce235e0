"""Files that people uploaded, as the object store keeps them: in the clear, or encrypted with their names."""

from collections.abc import Iterator
from typing import IO
from uuid import UUID

from rage_assets.raw.sources.object_store import change_token
from rage_assets.raw.sources.opened import opened
from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import RageError, SourceUnreadable
from resources.objects.store import ObjectStore


class UploadReader:
    """Lists the uploads of a space.

    Args:
        objects: The store.
        space: The space.
    """

    def __init__(self, objects: ObjectStore, space: UUID) -> None:
        self._objects = objects
        self._space = space

    def identity(self) -> str | None:
        """Nothing: the store is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`."""
        try:
            found = sorted(self._objects.uploads(self._space), key=lambda upload: upload.name)
        except RageError:
            raise
        except Exception as error:  # drivers raise errors of their own libraries
            raise SourceUnreadable(
                f"The uploads cannot be listed: {type(error).__name__}: {error}.",
                hint="Check the address and the credentials of the object store; nothing of the source was removed.",
            ) from error
        for upload in found:
            yield SeenFile(upload.name, upload.size, change_token(upload.facts), upload.path)

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        return opened(lambda: self._objects.open_upload(self._space, file.path))

"""A source of which only a part becomes documents."""

from collections.abc import Iterator
from typing import IO

from rage_assets.raw.sources.protocol import SeenFile, SourceReader
from resources.access.rules import FILE_NAME as ACCESS_FILE
from resources.selection import Selection


class SelectedReader:
    """Shows what a selection takes, before anything of it is read.

    Args:
        reader: Of the whole source.
        selection: What is taken.
    """

    def __init__(self, reader: SourceReader, selection: Selection) -> None:
        self._reader = reader
        self._selection = selection

    def identity(self) -> str | None:
        """See `SourceReader.identity`."""
        return self._reader.identity()

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`. Access files pass whatever the patterns say: they are no documents.

        A link shows nothing that is left out.
        """
        for file in self._reader.scan():
            is_folder = not file.path or file.path.endswith("/")
            if is_folder or file.path.rpartition("/")[2] == ACCESS_FILE or self._takes(file):
                yield file

    def _takes(self, file: SeenFile) -> bool:
        return self._selection.takes(file.path) and not (file.leads_to and self._selection.excludes(file.leads_to))

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        return self._reader.open(file)

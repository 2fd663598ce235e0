"""A folder on a local or mounted file system."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import SourceUnreadable

# What tools make beside what people write. Names that start with a dot are left out, too.
IGNORED = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "Thumbs.db", "desktop.ini"})


class FolderReader:
    """Walks a folder without following links to folders; a link to a file counts if it stays inside the root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def identity(self) -> str | None:
        """The device that the root lies on."""
        self._check_there()
        try:
            return str(os.stat(self._root).st_dev)
        except OSError as error:
            raise self._unreadable(str(self._root), error) from error

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`."""
        self._check_there()
        yield from self._walk(os.fsencode(self._root), "")

    def _check_there(self) -> None:
        if not self._root.is_dir():
            raise SourceUnreadable(
                f"The folder {self._root} is not there.",
                hint="Mount or restore it, or remove the source; nothing of it was removed.",
            )

    def _walk(self, folder: bytes, prefix: str) -> Iterator[SeenFile]:
        found: list[tuple[str, os.DirEntry[bytes], bool]] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name.decode("utf-8", "backslashreplace")
                    if name.startswith(".") or name in IGNORED or name.endswith(".egg-info"):
                        continue
                    is_folder = entry.is_dir(follow_symlinks=False)
                    # "a/b" sorts after "a.txt": the slash belongs to the key
                    found.append((f"{name}/" if is_folder else name, entry, is_folder))
        except FileNotFoundError:
            if prefix:
                return  # gone since its parent was listed
            raise self._unreadable(str(self._root), OSError("it vanished")) from None
        except OSError as error:
            raise self._unreadable(os.fsdecode(folder), error) from error
        for name, entry, is_folder in sorted(found, key=lambda item: item[0]):
            if is_folder:
                yield from self._walk(entry.path, f"{prefix}{name}")
            else:
                file = self._look(entry, f"{prefix}{name}")
                if file is not None:
                    yield file

    def _look(self, entry: os.DirEntry[bytes], path: str) -> SeenFile | None:
        try:
            if entry.is_symlink() and not self._inside(entry.path):
                return None
            status = entry.stat()
        except OSError:  # gone, a link to nowhere, or a loop of links
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return SeenFile(path, status.st_size, status.st_mtime_ns, entry.path)

    def _inside(self, path: bytes) -> bool:
        return os.path.realpath(path).startswith(os.path.realpath(os.fsencode(self._root)) + b"/")

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`; never waits on a pipe that took the file's place."""
        descriptor = os.open(file.locator, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileNotFoundError(f"{file.path} is no file any more")
        return os.fdopen(descriptor, "rb")

    @staticmethod
    def _unreadable(folder: str, error: OSError) -> SourceUnreadable:
        return SourceUnreadable(
            f"The folder {folder} cannot be read: {error.strerror or error}.",
            hint="Give RAGE's user the right to read it; nothing of the source was removed.",
        )

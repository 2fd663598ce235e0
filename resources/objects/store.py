"""The object store: bytes under their SHA-256, apart for each space, on any fsspec file system."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from resources.errors import InvalidSettings, NotFound


class ObjectStore:
    """Content-addressed bytes. Putting the same bytes twice stores them once; each space has its own tree.

    Args:
        url: An fsspec URL, such as `file:///var/lib/rage/objects` or `s3://bucket/rage`.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            self.fs, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise InvalidSettings(
                f"RAGE_OBJECT_STORE_URL={url} cannot be used: {error}.", hint="Install the fsspec driver it names."
            ) from error

    def _path(self, space: UUID, sha256: bytes) -> str:
        name = sha256.hex()
        return f"{self._root}/objects/{space}/{name[:2]}/{name}"

    def put(self, space: UUID, sha256: bytes, content: IO[bytes]) -> None:
        """Stores `content` under its hash, unless it is there; readers never see half of it."""
        path = self._path(space, sha256)
        if self.fs.exists(path):
            return
        self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        scratch = f"{path}.part"  # one writer per space and shard, so a leftover is ours to overwrite
        with self.fs.open(scratch, "wb") as target:
            shutil.copyfileobj(content, target, 1 << 20)
        self.fs.mv(scratch, path)

    def read(self, space: UUID, sha256: bytes) -> bytes:
        """The bytes.

        Raises:
            NotFound: They are not in the store.
        """
        try:
            return bytes(self.fs.cat_file(self._path(space, sha256)))
        except FileNotFoundError as error:
            raise NotFound(f"The bytes {sha256.hex()} are not in the object store.") from error

    def stream(self, space: UUID, sha256: bytes) -> Iterator[bytes]:
        """The bytes in pieces of a megabyte; raises `NotFound` before the first."""
        path = self._path(space, sha256)
        if not self.fs.exists(path):
            raise NotFound(f"The bytes {sha256.hex()} are not in the object store.")
        with self.fs.open(path, "rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    def exists(self, space: UUID, sha256: bytes) -> bool:
        """Whether the bytes are there."""
        return bool(self.fs.exists(self._path(space, sha256)))

    def delete(self, space: UUID, sha256: bytes) -> bool:
        """Removes the bytes, and what a killed writer left of them; returns whether they were there."""
        path = self._path(space, sha256)
        for leftover in (f"{path}.part", path):
            try:
                self.fs.rm_file(leftover)
                found = True
            except FileNotFoundError:
                found = False
        return found

    def delete_space(self, space: UUID) -> None:
        """Removes every byte of a space, uploads included."""
        for folder in (f"{self._root}/objects/{space}", self.uploads_path(space)):
            if self.fs.exists(folder):
                self.fs.rm(folder, recursive=True)

    def uploads_path(self, space: UUID) -> str:
        """The folder, on this store's file system, of files that people uploaded into a space."""
        return f"{self._root}/uploads/{space}"

    def save_upload(self, space: UUID, name: str, content: IO[bytes]) -> None:
        """Keeps an uploaded file under `name` (one plain file name), replacing an earlier one at once."""
        folder = self.uploads_path(space)
        self.fs.makedirs(folder, exist_ok=True)
        scratch = f"{self._root}/uploads/.{space}-{name[-100:]}.part"
        with self.fs.open(scratch, "wb") as target:
            shutil.copyfileobj(content, target, 1 << 20)
        self.fs.mv(scratch, f"{folder}/{name}")

    def listing(self, space: UUID) -> list[dict[str, Any]]:
        """Every object of a space with its size, for checks."""
        folder = f"{self._root}/objects/{space}"
        if not self.fs.exists(folder):
            return []
        return [d for d in self.fs.find(folder, detail=True).values() if d["type"] == "file"]


def default_url(home: Path) -> str:
    """Where bytes lie when nothing else is configured."""
    return f"file://{home / 'store'}"

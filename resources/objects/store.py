"""The object store: bytes under their SHA-256, apart for each space, on any fsspec file system.

A space whose isolation is `encrypted` has a tree of its own, in which nothing is in the clear, names included.
"""

import io
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from uuid import UUID

from resources.errors import InvalidSettings, NotFound

if TYPE_CHECKING:
    from resources.encryption.cipher import SpaceCipher
    from resources.encryption.keyring import Keyring
    from resources.objects.encrypted import EncryptedTree


@dataclass(frozen=True)
class Upload:
    """A file that somebody uploaded.

    Attributes:
        name: Its plain name.
        size: Its plain bytes.
        path: Where it lies on the store's file system.
        facts: What the file system says of it, such as `mtime` or `ETag`.
    """

    name: str
    size: int
    path: str
    facts: dict[str, Any]


class ObjectStore:
    """Content-addressed bytes. Putting the same bytes twice stores them once; each space has its own tree.

    Args:
        url: An fsspec URL, such as `file:///var/lib/rage/objects` or `s3://bucket/rage`.
        keyring: Opens the keys of encrypted spaces; without one, no space is encrypted.
    """

    def __init__(self, url: str, keyring: "Keyring | None" = None) -> None:
        import fsspec

        self._url = url
        self._keyring = keyring
        try:
            self.fs, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise InvalidSettings(
                f"RAGE_OBJECT_STORE_URL={url} cannot be used: {error}.", hint="Install the fsspec driver it names."
            ) from error

    def _path(self, space: UUID, sha256: bytes) -> str:
        name = sha256.hex()
        return f"{self._root}/objects/{space}/{name[:2]}/{name}"

    @classmethod
    def beside(cls, store: "ObjectStore") -> "ObjectStore":
        """The same store as one sees it who has no keys: every space in the clear."""
        return cls(store._url)

    def encrypted(self, space: UUID) -> "EncryptedTree | None":
        """The tree of an encrypted space; None for any other.

        Raises:
            KeyUnavailable: What wraps its keys is out of reach.
            KeyDestroyed: They were destroyed.
        """
        keyring = self._keyring
        if keyring is None or (cipher := keyring(space)) is None:
            return None
        return self.tree(cipher, keyring)

    def tree(self, cipher: "SpaceCipher", keyring: "Keyring") -> "EncryptedTree":
        """The tree that a cipher opens."""
        from resources.objects.encrypted import EncryptedTree

        return EncryptedTree(self.fs, self._encrypted_path(cipher.space), cipher, keyring)

    def _encrypted_path(self, space: UUID) -> str:
        return f"{self._root}/encrypted/{space}"

    def put(self, space: UUID, sha256: bytes, content: IO[bytes]) -> None:
        """Stores `content` under its hash, unless it is there; readers never see half of it."""
        if tree := self.encrypted(space):
            place = tree.object_path(sha256)
            if not tree.exists(place):
                tree.write(place, content)
            return
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
            Tampered: They are not those that were stored.
        """
        if self.encrypted(space):
            return b"".join(self.stream(space, sha256))
        try:
            return bytes(self.fs.cat_file(self._path(space, sha256)))
        except FileNotFoundError as error:
            raise _missing(sha256) from error

    def stream(self, space: UUID, sha256: bytes) -> Iterator[bytes]:
        """The bytes in pieces of a megabyte, the first of which is fetched at once.

        Raises:
            NotFound: They are not in the store.
            Tampered: They are not those that were stored; raised before the first piece that is not, here if that is
                the very first.
        """
        tree = self.encrypted(space)
        pieces = tree.chunks(tree.object_path(sha256)) if tree else self._plain(space, sha256)
        try:
            first = next(pieces, b"")
        except NotFound as error:
            raise _missing(sha256) from error
        return _following(first, pieces)

    def _plain(self, space: UUID, sha256: bytes) -> Iterator[bytes]:
        try:
            file = self.fs.open(self._path(space, sha256), "rb")
        except FileNotFoundError as error:
            raise _missing(sha256) from error
        with file:
            while piece := file.read(1 << 20):
                yield piece

    def file(self, space: UUID, sha256: bytes) -> Path | None:
        """Where the bytes lie in the clear on this machine's own disk; None where they do not."""
        if "file" not in self.fs.protocol or self.encrypted(space):
            return None
        place = Path(self._path(space, sha256))
        return place if place.is_file() else None

    def exists(self, space: UUID, sha256: bytes) -> bool:
        """Whether the bytes are there."""
        if tree := self.encrypted(space):
            return tree.exists(tree.object_path(sha256))
        return bool(self.fs.exists(self._path(space, sha256)))

    def delete(self, space: UUID, sha256: bytes) -> bool:
        """Removes the bytes, and what a killed writer left of them; returns whether they were there."""
        if tree := self.encrypted(space):
            return tree.delete(tree.object_path(sha256))
        path = self._path(space, sha256)
        for leftover in (f"{path}.part", path):
            try:
                self.fs.rm_file(leftover)
                found = True
            except FileNotFoundError:
                found = False
        return found

    def delete_space(self, space: UUID) -> None:
        """Removes every byte of a space, uploads included; needs no key."""
        self.delete_plain(space)
        self.delete_encrypted(space)

    def delete_plain(self, space: UUID) -> None:
        """Removes what lies in the clear."""
        for folder in (f"{self._root}/objects/{space}", self.uploads_path(space)):
            if self.fs.exists(folder):
                self.fs.rm(folder, recursive=True)

    def delete_encrypted(self, space: UUID) -> None:
        """Removes what lies encrypted."""
        if self.fs.exists(folder := self._encrypted_path(space)):
            self.fs.rm(folder, recursive=True)

    def uploads_path(self, space: UUID) -> str:
        """The folder, on this store's file system, of files that people uploaded into a space that is not encrypted."""
        return f"{self._root}/uploads/{space}"

    def save_upload(self, space: UUID, name: str, content: IO[bytes]) -> None:
        """Keeps an uploaded file under `name` (one plain file name), replacing an earlier one at once."""
        if tree := self.encrypted(space):
            tree.write(tree.upload_path(name), content)
            return
        folder = self.uploads_path(space)
        self.fs.makedirs(folder, exist_ok=True)
        scratch = f"{self._root}/uploads/.{space}-{name[-100:]}.part"
        with self.fs.open(scratch, "wb") as target:
            shutil.copyfileobj(content, target, 1 << 20)
        self.fs.mv(scratch, f"{folder}/{name}")

    def uploads(self, space: UUID) -> Iterator[Upload]:
        """Every uploaded file of a space under its plain name.

        Raises:
            Tampered: There is one that nobody uploaded.
        """
        if tree := self.encrypted(space):
            from resources.encryption.stream import plain_size

            for path, facts in tree.listing("uploads"):
                name = tree.name_of_upload(path)
                yield Upload(name, plain_size(int(facts["size"])), tree.full(path), facts)
            return
        folder = self.uploads_path(space)
        self.fs.invalidate_cache()
        for path, facts in self.fs.find(folder, detail=True).items() if self.fs.isdir(folder) else ():
            if facts.get("type") == "file":
                yield Upload(path[len(folder) :].lstrip("/"), int(facts.get("size") or 0), path, facts)

    def open_upload(self, space: UUID, name: str) -> IO[bytes]:
        """The bytes of an uploaded file, seekable.

        Raises:
            FileNotFoundError: It is gone.
            Tampered: They are not those that were uploaded; raised before the first that is not.
        """
        if tree := self.encrypted(space):
            return io.BufferedReader(tree.open(tree.upload_path(name)), 1 << 16)
        return cast(IO[bytes], self.fs.open(f"{self.uploads_path(space)}/{name}", "rb"))

    def delete_upload(self, space: UUID, name: str) -> None:
        """Removes an uploaded file, if it is there."""
        if tree := self.encrypted(space):
            tree.delete(tree.upload_path(name))
            return
        with suppress(FileNotFoundError):
            self.fs.rm_file(f"{self.uploads_path(space)}/{name}")

    def listing(self, space: UUID) -> list[dict[str, Any]]:
        """Every object of a space with its plain size, for checks."""
        if tree := self.encrypted(space):
            from resources.encryption.stream import plain_size

            return [facts | {"size": plain_size(int(facts["size"]))} for _, facts in tree.listing("objects")]
        folder = f"{self._root}/objects/{space}"
        if not self.fs.exists(folder):
            return []
        return [d for d in self.fs.find(folder, detail=True).values() if d["type"] == "file"]

    def count_encrypted(self, space: UUID) -> int:
        """How many files lie encrypted, uploads included; needs no key."""
        folder = self._encrypted_path(space)
        return len([path for path in self.fs.find(folder) if not path.endswith(".part")]) if self.fs.exists(folder) else 0


def default_url(home: Path) -> str:
    """Where bytes lie when nothing else is configured."""
    return f"file://{home / 'store'}"


def _following(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from pieces


def _missing(sha256: bytes) -> NotFound:
    return NotFound(f"The bytes {sha256.hex()} are not in the object store.")

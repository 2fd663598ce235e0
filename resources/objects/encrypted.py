"""The tree of an encrypted space: the same bytes as elsewhere, under keys of the space and names that tell nothing.

What is written waits beside its place until it is whole, and comes there under a lock of the space: whoever replaces a
key, or bytes under an older key, takes it alone. So nothing is published under a key that was replaced, nothing newer is
overwritten, and nothing that was deleted comes back.
"""

import io
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import IO, Any, cast

from resources.encryption import stream
from resources.encryption.cipher import SpaceCipher, destroyed
from resources.encryption.errors import Tampered
from resources.encryption.keyring import Keyring
from resources.errors import NotFound

_LEFT_OVER = timedelta(days=1)


class EncryptedTree:
    """The files of one encrypted space.

    Args:
        fs: The file system.
        root: The space's folder.
        cipher: The space's open keys.
        keyring: Gives newer keys, and the lock.
    """

    def __init__(self, fs: Any, root: str, cipher: SpaceCipher, keyring: Keyring) -> None:
        self._fs = fs
        self._root = root
        self._cipher = cipher
        self._keyring = keyring
        self._space = cipher.space

    def object_path(self, sha256: bytes) -> str:
        """Where in the tree an object lies."""
        return f"objects/{self._cipher.names.of_object(sha256)}"

    def upload_path(self, name: str) -> str:
        """Where in the tree an upload lies."""
        return f"uploads/{self._cipher.names.of_upload(name)}"

    def name_of_upload(self, path: str) -> str:
        """The plain name of the upload at a path in the tree."""
        return self._cipher.names.upload_name(path.removeprefix("uploads/"))

    def full(self, path: str) -> str:
        """The path on the file system."""
        return f"{self._root}/{path}"

    def exists(self, path: str) -> bool:
        """Whether something lies there."""
        return bool(self._fs.exists(self.full(path)))

    def write(self, path: str, content: IO[bytes]) -> None:
        """Puts bytes in a place, at once, instead of what is there."""
        scratch, used = self._prepare(path, content)
        try:
            while True:
                with self._keyring.publishing(self._space) as newest:
                    if newest is None:
                        raise destroyed(self._space)
                    if newest == used:
                        self._fs.mv(scratch, self.full(path))
                        return
                self._renew_keys()
                older = scratch
                with io.BufferedReader(self._open_full(older, path)) as plain:
                    scratch, used = self._prepare(path, plain)
                self._fs.rm_file(older)
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(scratch)
            raise

    def _prepare(self, path: str, content: IO[bytes]) -> tuple[str, Any]:
        scratch = f"{self.full(path)}.{secrets.token_hex(6)}.part"
        self._fs.makedirs(scratch.rsplit("/", 1)[0], exist_ok=True)
        key = self._cipher.newest
        try:
            with self._fs.open(scratch, "wb") as target:
                stream.encrypt(content, target, key, self._cipher.key(key), self._place(path))
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(scratch)
            raise
        return scratch, key

    def open(self, path: str) -> stream.Decrypted:
        """The plain bytes of a place.

        Raises:
            FileNotFoundError: Nothing lies there.
            Tampered: What lies there is not what was written.
        """
        return self._open_full(self.full(path), path)

    def _open_full(self, full: str, path: str) -> stream.Decrypted:
        file = self._fs.open(full, "rb")
        try:
            return stream.Decrypted(cast(IO[bytes], file), self._key, self._place(path))
        except BaseException:
            file.close()
            raise

    def chunks(self, path: str) -> Iterator[bytes]:
        """The plain bytes in pieces; goes on where it is when they are put under a newer key meanwhile.

        Raises:
            NotFound: Nothing lies there.
        """
        opened = self._opened(path)
        try:
            number = 0
            while number < opened.count:
                try:
                    piece = opened.chunk(number)
                except (Tampered, OSError):
                    again = self._opened(path)
                    opened, before = again, opened
                    before.close()
                    if again.header == before.header or again.size != before.size:
                        raise
                    continue
                number += 1
                yield piece
        finally:
            opened.close()

    def _opened(self, path: str) -> stream.Decrypted:
        try:
            return self.open(path)
        except FileNotFoundError as error:
            raise NotFound("The bytes are not in the object store.") from error

    def delete(self, path: str) -> bool:
        """Removes what lies in a place, and what killed writers left beside it; returns whether it was there."""
        full = self.full(path)
        with self._keyring.publishing(self._space):
            for leftover in self._fs.glob(f"{full}.*.part"):
                with suppress(FileNotFoundError):
                    self._fs.rm_file(leftover)
            try:
                self._fs.rm_file(full)
            except FileNotFoundError:
                return False
        return True

    def listing(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The files in `objects` or `uploads`: path in the tree, and what the file system says of it."""
        top = self.full(folder)
        self._fs.invalidate_cache()
        if not self._fs.isdir(top):
            return
        # folder by folder: a large space has objects in 256 of them
        for part in sorted(self._fs.ls(top, detail=False)):
            for full, facts in self._fs.find(part, detail=True).items():
                if facts["type"] == "file" and not full.endswith(".part"):
                    yield folder + full[full.rindex(top) + len(top) :], facts

    def renew(self, path: str) -> bool:
        """Puts a file under the newest key, unless it is; returns whether it was rewritten.

        Raises:
            Tampered: It is not what was written.
        """
        try:
            with self.open(path) as plain:
                header = plain.header
                if header.key_id == self._cipher.newest:
                    return False
                scratch, _ = self._prepare(path, io.BufferedReader(plain))
        except FileNotFoundError:  # deleted meanwhile
            return False
        try:
            with self._keyring.publishing(self._space, alone=True):
                if not self._still(path, header):
                    return False
                self._fs.mv(scratch, self.full(path))
                return True
        finally:
            with suppress(FileNotFoundError):
                self._fs.rm_file(scratch)

    def _still(self, path: str, header: stream.Header) -> bool:
        try:
            with self._fs.open(self.full(path), "rb") as file:
                return bool(file.read(stream.HEADER_BYTES) == header.pack())
        except FileNotFoundError:
            return False

    def sweep(self) -> None:
        """Removes what writers who were killed long ago left behind."""
        for folder in ("objects", "uploads"):
            top = self.full(folder)
            for full in self._fs.find(top) if self._fs.isdir(top) else []:
                with suppress(FileNotFoundError):  # its writer, who lives, has just finished
                    if full.endswith(".part") and datetime.now(UTC) - _utc(self._fs.modified(full)) > _LEFT_OVER:
                        self._fs.rm_file(full)

    def _key(self, key: Any) -> bytes:
        if not self._cipher.knows(key):
            self._renew_keys()
        return self._cipher.key(key)

    def _renew_keys(self) -> None:
        cipher = self._keyring.fresh(self._space)
        if cipher is not None:
            self._cipher = cipher

    def _place(self, path: str) -> bytes:
        return self._space.bytes + path.encode()


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)

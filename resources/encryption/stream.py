"""The format of encrypted bytes: a header, then chunks, each authenticated by itself, in its place and as the last or not.

This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, CRYPTO 2015) over AES-256-GCM. Each file has a key of its own, derived from the space's key and a random
salt, so that no number of files brings two nonces together under one key.

    header   magic "RAGEENC", version (1), key id (16), chunk size (4), salt (32)
    file key and nonce prefix   HKDF-SHA256 of the space's key over the salt: 32 + 7 bytes
    chunk    AES-256-GCM under the nonce prefix (7) || counter (4) || 1 if last, else 0
    associated data of each   the header, and what the bytes belong to: space and place

A chunk cannot be changed, left out, repeated or moved, a file cannot be cut or lengthened, nor put in another's place.
"""

import io
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from resources.encryption.errors import Tampered

CHUNK = 1 << 20
TAG = 16
_MAGIC = b"RAGEENC\x01"
_HEADER = struct.Struct(">8s16sI32s")
HEADER_BYTES = _HEADER.size
_LARGEST_CHUNK = 16 << 20  # a forged header must not fill the memory
_INFO = b"RAGE encrypted object v1"


@dataclass(frozen=True)
class Header:
    """The first bytes of an encrypted file."""

    key_id: UUID
    chunk: int
    salt: bytes

    def pack(self) -> bytes:
        """As bytes."""
        return _HEADER.pack(_MAGIC, self.key_id.bytes, self.chunk, self.salt)

    @classmethod
    def unpack(cls, raw: bytes) -> "Header":
        """From bytes.

        Raises:
            Tampered: They are no header.
        """
        if len(raw) != HEADER_BYTES:
            raise _tampered("its header is cut")
        magic, key_id, chunk, salt = _HEADER.unpack(raw)
        if magic != _MAGIC or not 1 <= chunk <= _LARGEST_CHUNK:
            raise _tampered("its header is none of this version")
        return cls(UUID(bytes=key_id), chunk, salt)


class _FileKey:
    def __init__(self, key: bytes, header: Header, place: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(SHA256(), 39, salt=header.salt, info=_INFO).derive(key)
        self._aead = AESGCM(derived[:32])
        self._prefix = derived[32:]
        self._data = header.pack() + place

    def _nonce(self, counter: int, last: bool) -> bytes:
        return self._prefix + struct.pack(">IB", counter, last)

    def seal(self, counter: int, last: bool, piece: bytes) -> bytes:
        return self._aead.encrypt(self._nonce(counter, last), piece, self._data)

    def open(self, counter: int, last: bool, piece: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead.decrypt(self._nonce(counter, last), piece, self._data)
        except InvalidTag:
            raise _tampered(f"its part {counter} is not the one that was stored") from None


def encrypt(source: IO[bytes], target: IO[bytes], key_id: UUID, key: bytes, place: bytes, chunk: int = CHUNK) -> Header:
    """Writes what `source` has from where it stands, encrypted, to `target`; holds two chunks at a time.

    Args:
        source: Plain bytes.
        target: Takes the encrypted ones.
        key_id: The id of `key`, which the header names.
        key: 32 bytes.
        place: What the bytes belong to; they open only there.
        chunk: Plain bytes in a chunk.
    """
    header = Header(key_id, chunk, os.urandom(32))
    cipher = _FileKey(key, header, place)
    target.write(header.pack())
    counter, piece = 0, _read_full(source, chunk)
    while True:
        following = _read_full(source, chunk) if len(piece) == chunk else b""
        target.write(cipher.seal(counter, not following, piece))
        if not following:
            return header
        counter, piece = counter + 1, following


def _read_full(source: IO[bytes], size: int) -> bytes:
    """As many bytes as are asked for, fewer only at the end."""
    piece = source.read(size)
    if len(piece) in (0, size):
        return piece
    pieces, missing = [piece], size - len(piece)
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def plain_size(stored: int, chunk: int = CHUNK) -> int:
    """The plain bytes in an encrypted file of `stored` bytes, by its size alone."""
    body = stored - HEADER_BYTES
    return max(0, body - TAG * _chunks(body, chunk))


def _chunks(body: int, chunk: int) -> int:
    return max(1, -(-body // (chunk + TAG)))


class Decrypted(io.RawIOBase):
    """Reads an encrypted file, from any position; every chunk is authenticated before a byte of it is given out.

    Args:
        file: The encrypted file, seekable; closed together with this.
        key_of: The key by its id.
        place: What the bytes belong to.

    Raises:
        Tampered: The header is none, or the file is too short.
    """

    def __init__(self, file: IO[bytes], key_of: Callable[[UUID], bytes], place: bytes) -> None:
        self._file = file
        self._held: tuple[int, bytes] = (-1, b"")
        self._position = 0
        self.header = Header.unpack(_read_full(file, HEADER_BYTES))
        self._cipher = _FileKey(key_of(self.header.key_id), self.header, place)
        body = file.seek(0, io.SEEK_END) - HEADER_BYTES
        self.count = _chunks(body, self.header.chunk)
        self.size = body - TAG * self.count
        if self.size < 0 or (self.count > 1 and self.size <= (self.count - 1) * self.header.chunk):
            raise _tampered("it is cut")

    def chunk(self, number: int) -> bytes:
        """One chunk.

        Raises:
            Tampered: It is not the one that was stored there.
        """
        if self._held[0] != number:
            self._held = (-1, b"")
            whole = self.header.chunk + TAG
            self._file.seek(HEADER_BYTES + number * whole)
            sealed = _read_full(self._file, whole)
            self._held = (number, self._cipher.open(number, number == self.count - 1, sealed))
        return self._held[1]

    def chunks(self) -> Iterator[bytes]:
        """All chunks in order."""
        for number in range(self.count):
            yield self.chunk(number)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a position in the plain bytes."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """The position in the plain bytes."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fills as much of `buffer` as one chunk gives."""
        if self._position >= self.size:
            if self.size == 0:
                self.chunk(0)  # nothing, but that it is nothing must be true as well
            return 0
        number, offset = divmod(self._position, self.header.chunk)
        piece = memoryview(self.chunk(number))[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Closes the file."""
        if not self.closed:
            self._held = (-1, b"")
            self._file.close()
        super().close()


def _tampered(why: str) -> Tampered:
    return Tampered(
        f"A stored file is not what was written: {why}.",
        hint="Restore it from a backup, or bring the document in again.",
    )

"""The members of an archive, unpacked within bounds: a small archive can hold more than any disk."""

import io
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from rage_assets.blocks.parsing.archives.archive import MOST_OF_FILES, open_zip
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import decode
from resources.errors import ParseFailed

MOST_DEPTH = 5
_MOST_MEMBERS = 20_000
_MOST_RATIO = 200
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_SMALL_ARCHIVE = 50_000_000
_IN_MEMORY = 256 * 1024
_ALL_IN_MEMORY = 64 * 2**20
_PIECE = 1 << 20
_UTF8_NAME = 0x800
# What systems put into archives beside what people do; names that start with a dot are left out, too.
_SYSTEM = frozenset(("__MACOSX", "Thumbs.db", "desktop.ini", "node_modules", "__pycache__"))


class Member(NamedTuple):
    """A file in an archive.

    Attributes:
        name: Its path in it.
        data: Its bytes or the scratch file that has them, or why it cannot be read.
    """

    name: str
    data: bytes | Path | ParseFailed


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than its archive may unpack to."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise _too_much()
        buffer[: len(piece)] = piece
        return len(piece)


class Unpacked:
    """Keeps count of what an archive unpacks to.

    Args:
        size: The archive's own.
    """

    def __init__(self, size: int) -> None:
        self.most = min(MOST_OF_FILES, max(_SMALL_ARCHIVE, _MOST_RATIO * size))
        self._bytes = self._members = self._in_memory = 0

    def counted(self, stream: IO[bytes]) -> io.BufferedReader:
        """The stream, which raises `too_large` once it has given too much."""
        return io.BufferedReader(_Bounded(stream, self.most), _PIECE)

    def take(self, stream: IO[bytes]) -> bytes | Path:
        """All bytes of a member: small ones in memory, others in a scratch file.

        Raises:
            ParseFailed: `too_large` when the archive has too many members, or unpacks to too much.
        """
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise ParseFailed("too_large", f"The archive has more than {_MOST_MEMBERS} members.")
        start = stream.read(_IN_MEMORY)
        self._count(start)
        if len(start) < _IN_MEMORY and self._in_memory < _ALL_IN_MEMORY:
            self._in_memory += len(start)
            return start
        with tempfile.NamedTemporaryFile(prefix="member-", delete=False) as file:
            file.write(start)
            while piece := stream.read(_PIECE):
                self._count(piece)
                file.write(piece)
        return Path(file.name)

    def _count(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > self.most:
            raise _too_much()


def of_zip(content: Content, unpacked: Unpacked) -> Iterator[Member]:
    """The members of a zip archive."""
    with open_zip(content.source, of_files=True) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and _wanted(entry.filename)]
        for entry, name in zip(entries, _names(entries), strict=True):
            yield Member(name, _unpacked(archive, entry, content.passwords, unpacked))


def _unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, passwords: tuple[str, ...], unpacked: Unpacked
) -> bytes | Path | ParseFailed:
    """A member's content; one that is damaged or locked says nothing of those beside it."""
    try:
        with _opened(archive, entry, passwords) as stream:
            return unpacked.take(stream)
    except ParseFailed as failure:
        if failure.reason == "too_large":
            raise
        return failure
    except _DAMAGED as error:
        return ParseFailed("broken", f"{entry.filename[:200]} cannot be read: {error}.")


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """The names of members; those not marked as UTF-8 are in whatever encoding all of them together look like."""
    unmarked = [entry for entry in entries if not entry.flag_bits & _UTF8_NAME and not entry.filename.isascii()]
    raw = [entry.filename.encode("cp437").replace(b"\n", b"_").replace(b"\r", b"_") for entry in unmarked]
    try:
        decoded = decode(b"\n".join(raw)).split("\n") if raw else []
    except ParseFailed:
        decoded = []
    better = dict(zip((entry.filename for entry in unmarked), decoded, strict=False))
    return [better.get(entry.filename, entry.filename) for entry in entries]


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, passwords: tuple[str, ...]) -> IO[bytes]:
    if not entry.flag_bits & 1:
        return archive.open(entry)
    for password in passwords:
        try:
            return archive.open(entry, pwd=password.encode())
        except RuntimeError:
            continue
    raise ParseFailed("encrypted", "The archive is protected by a password, and none that is configured opens it.")


def of_tar(stream: IO[bytes], unpacked: Unpacked) -> Iterator[Member]:
    """The members of a tar archive; links and devices are none."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            if entry.isfile() and _wanted(entry.name) and (file := archive.extractfile(entry)) is not None:
                yield Member(entry.name, unpacked.take(file))


def of_7z(content: Content, unpacked: Unpacked) -> Iterator[Member]:
    """The members of a 7z archive.

    Raises:
        ImportError: py7zr is not installed.
    """
    import py7zr

    with content.open() as stream, py7zr.SevenZipFile(stream, password=next(iter(content.passwords), None)) as archive:
        entries = archive.list()
        if len(entries) > _MOST_MEMBERS or sum(entry.uncompressed for entry in entries) > unpacked.most:
            raise _too_much()
        with tempfile.TemporaryDirectory(prefix="unpacked-") as folder:
            wanted = [entry.filename for entry in entries if not entry.is_directory and _wanted(entry.filename)]
            archive.extract(folder, targets=wanted)
            for name in wanted:
                place = Path(folder, name)
                if place.is_file() and not place.is_symlink():
                    with place.open("rb") as file:
                        yield Member(name, unpacked.take(file))


def _wanted(name: str) -> bool:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return bool(parts) and not any(part in _SYSTEM or part.startswith(".") for part in parts if part != "..")


def _too_much() -> ParseFailed:
    return ParseFailed("too_large", "The archive would unpack to too much.")

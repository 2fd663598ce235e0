"""The binary PowerPoint format (97 to 2003): records in records, and which of them are the newest."""

from collections.abc import Iterator
from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

from rage_assets.blocks.parsing.office.ole import CompoundFile
from resources.errors import ParseFailed

_ENCRYPTED = 0xF3D1C4DF
_USER_EDIT, _PERSIST_DIRECTORY = 0x0FF5, 0x1772
_MAX_EDITS = 10_000
_MAX_OBJECTS = 1_000_000
_WITH_KEY = 32  # the length of an edit that names what it is encrypted with


class Record(NamedTuple):
    """A record: its kind, and where its content stands in the stream."""

    kind: int
    instance: int
    start: int
    end: int


class SlideFile:
    """The stream of a presentation.

    Attributes:
        data: Its bytes.
        document: The number of the object that is the document.
    """

    def __init__(self, file: CompoundFile) -> None:
        """Read which objects there are.

        Raises:
            ParseFailed: `encrypted`, `unsupported_format` for PowerPoint before 97, or `broken`.
        """
        self.data = file.read("PowerPoint Document") or file.read("PP97_DUALSTORAGE/PowerPoint Document")
        if not self.data:
            older = file.has("PP40") or file.has("PowerPoint")
            reason = "was written by PowerPoint 95 or older" if older else "is an Office file, but no presentation"
            raise ParseFailed("unsupported_format", f"The file {reason}.")
        self._places: dict[int, int] = {}
        self.document = 0
        current = file.read("Current User") or file.read("PP97_DUALSTORAGE/Current User")
        place = -1
        if len(current) >= 20:
            token, place = unpack_from("<II", current, 12)
            if token == _ENCRYPTED:
                raise ParseFailed("encrypted", "The presentation is protected by a password.")
        if not self._read_edits(place):
            edits = [record.start - 8 for record in self.records(0, len(self.data)) if record.kind == _USER_EDIT]
            if not edits or not self._read_edits(edits[-1]):
                raise ParseFailed("broken", "The presentation does not say where its slides are.")

    def records(self, start: int, end: int) -> Iterator[Record]:
        """The records of a range, one after the other."""
        end = min(end, len(self.data))
        while start + 8 <= end:
            version, kind, length = unpack_from("<HHI", self.data, start)
            yield Record(kind, version >> 4, start + 8, min(start + 8 + length, end))
            start += 8 + length

    def children(self, record: Record) -> Iterator[Record]:
        """The records in a record."""
        return self.records(record.start, record.end)

    def child(self, record: Record, kind: int) -> Record | None:
        """The first record of a kind in a record."""
        return next((each for each in self.children(record) if each.kind == kind), None)

    def object(self, number: int) -> Record | None:
        """An object by its number, in its newest version."""
        place = self._places.get(number)
        return next(self.records(place, len(self.data)), None) if place is not None else None

    def bytes_of(self, record: Record) -> bytes:
        """The content of a record."""
        return self.data[record.start : record.end]

    def _read_edits(self, place: int) -> bool:
        """Follow the edits from the newest to the oldest; what a newer one has counts."""
        seen: set[int] = set()
        directories: set[int] = set()
        try:
            while 0 < place < len(self.data) and place not in seen and len(seen) < _MAX_EDITS:
                seen.add(place)
                kind, length = unpack_from("<HI", self.data, place + 2)
                if kind != _USER_EDIT:
                    break
                if length >= _WITH_KEY:
                    raise ParseFailed("encrypted", "The presentation is protected by a password.")
                older, directory, document = unpack_from("<III", self.data, place + 16)
                self.document = self.document or document
                if directory not in directories:
                    directories.add(directory)
                    self._read_directory(directory)
                place = older
        except StructError:
            pass  # the edits so far
        return bool(self.document and self._places)

    def _read_directory(self, place: int) -> None:
        kind, length = unpack_from("<HI", self.data, place + 2)
        at, end = place + 8, min(place + 8 + length, len(self.data))
        while kind == _PERSIST_DIRECTORY and at + 4 <= end:
            entry = unpack_from("<I", self.data, at)[0]
            first, count = entry & 0xFFFFF, entry >> 20
            count = min(count, (end - at - 4) // 4)
            if len(self._places) + count > _MAX_OBJECTS:
                raise ParseFailed("broken", "The presentation has too many objects.")
            for number, offset in enumerate(unpack_from(f"<{count}I", self.data, at + 4), start=first):
                self._places.setdefault(number, offset)
            at += 4 + 4 * count

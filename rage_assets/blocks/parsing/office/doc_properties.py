"""What the binary Word format says of its paragraphs and characters: lists of changes ("sprms") in pages of 512 bytes."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from

from rage_assets.blocks.parsing.office.doc_file import WordFile

_PAGE = 512
_CHARACTER_PAGES, _PARAGRAPH_PAGES = 12, 13
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)  # of an operand, by the three highest bits; 0 for those that say it themselves
_TABLE_DEFINITION, _TAB_STOPS = 0xD608, 0xC615
_HUGE = (0x6645, 0x6646)
_HIDDEN, _DELETED = 0x083C, 0x0800
_MAX_CELLS = 64


@dataclass
class ParagraphProperties:
    """What a paragraph says of itself; None where its style does.

    Attributes:
        style: The number of its style.
        outline: Its outline level, from 0.
        list: The number of its list; 0 for none.
        depth: Its depth in the list.
        in_table: Whether it stands in a table.
        nesting: How many tables it stands in.
        ends_row: Whether it is the end of a row.
        ends_inner_cell: Whether it is the end of a cell of a table in a table.
        ends_inner_row: Whether it is the end of a row of such a table.
        edges: Where the cells of the row end, from the left.
    """

    style: int = 0
    outline: int | None = None
    list: int | None = None
    depth: int | None = None
    in_table: bool = False
    nesting: int = 0
    ends_row: bool = False
    ends_inner_cell: bool = False
    ends_inner_row: bool = False
    edges: tuple[int, ...] = ()

    def apply(self, changes: bytes, data: bytes = b"") -> "ParagraphProperties":
        """Take a list of changes; a long one stands in the stream of data."""
        for code, operand in sprms(changes):
            value = int.from_bytes(operand[:4], "little")
            if code in _HUGE and value + 2 <= len(data):
                length = unpack_from("<H", data, value)[0]
                self.apply(data[value + 2 : value + 2 + length])
            elif code == _TABLE_DEFINITION:
                self.edges = _edges(operand)
            elif code in _NAMES:
                name, kind = _NAMES[code]
                setattr(self, name, kind(value))
        return self


_NAMES = {
    0x4600: ("style", int), 0x2640: ("outline", int), 0x460B: ("list", int), 0x260A: ("depth", int),
    0x2416: ("in_table", bool), 0x6649: ("nesting", int), 0x2417: ("ends_row", bool), 0x244B: ("ends_inner_cell", bool),
    0x244C: ("ends_inner_row", bool),
}  # fmt: skip


def sprms(changes: bytes) -> Iterator[tuple[int, bytes]]:
    """The changes of a list: what changes, and the operand."""
    at = 0
    while at + 3 <= len(changes):
        code = unpack_from("<H", changes, at)[0]
        at += 2
        size = _SIZES[code >> 13]
        if not size:
            if code == _TABLE_DEFINITION:
                if at + 2 > len(changes):
                    return
                size, at = max(unpack_from("<H", changes, at)[0] - 1, 0), at + 2
            else:
                size, at = changes[at], at + 1
                if code == _TAB_STOPS and size == 255:
                    return
        yield code, changes[at : at + size]
        at += size


def _edges(definition: bytes) -> tuple[int, ...]:
    count = min(definition[0] if definition else 0, _MAX_CELLS, (len(definition) - 1) // 2 - 1)
    return unpack_from(f"<{count}h", definition, 3) if count > 0 else ()


class Properties:
    """The properties of all paragraphs and characters of a document."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._runs = sorted(_runs(file, _PARAGRAPH_PAGES, 13), key=lambda run: run[0])
        self._starts = [start for start, _, _ in self._runs]

    def of(self, offset: int) -> ParagraphProperties:
        """The properties of the paragraph whose mark stands at an offset of the main stream."""
        properties = ParagraphProperties()
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._runs[at][1]:
            return properties
        place, page = self._runs[at][2], self._file.main
        if not place:
            return properties
        size = 2 * page[place] - 1 if page[place] else 2 * page[place + 1]
        place += 1 if page[place] else 2
        changes = page[place : place + size]
        if len(changes) >= 2:
            properties.style = unpack_from("<H", changes, 0)[0]
            properties.apply(changes[2:], self._file.data)
        return properties

    def hidden(self) -> Iterator[tuple[int, int]]:
        """The ranges of the main stream whose characters are hidden or deleted."""
        main = self._file.main
        for start, end, place in _runs(self._file, _CHARACTER_PAGES, 1):
            changes = main[place + 1 : place + 1 + main[place]] if place else b""
            if any(code in (_HIDDEN, _DELETED) and operand[:1] == b"\1" for code, operand in sprms(changes)):
                yield start, end


def _runs(file: WordFile, index: int, width: int) -> Iterator[tuple[int, int, int]]:
    """The runs of characters that share their properties: where each starts and ends, and where the properties stand."""
    table = file.place(index)
    count = max((len(table) - 4) // 8, 0)
    pages = dict.fromkeys(number & 0x3FFFFF for number in unpack_from(f"<{count}I", table, 4 * (count + 1))) if count else {}
    for number in pages:
        page = number * _PAGE
        if page + _PAGE > len(file.main):
            continue
        runs = file.main[page + _PAGE - 1]
        if 4 * (runs + 1) + width * runs > _PAGE:
            continue
        bounds = unpack_from(f"<{runs + 1}I", file.main, page)
        for run in range(runs):
            place = file.main[page + 4 * (runs + 1) + width * run] * 2
            yield bounds[run], bounds[run + 1], page + place if place and place < _PAGE - 2 else 0

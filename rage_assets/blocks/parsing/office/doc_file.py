"""The binary Word format (97 to 2003): where its texts stand, and the characters of each.

All texts of a document - body, footnotes, headers, comments, endnotes, text boxes - stand one after the other and are
counted in characters; a table of pieces says where in the file each run of them is.
"""

from bisect import bisect_right
from struct import error as StructError
from struct import unpack_from

from rage_assets.blocks.parsing.office.ole import CompoundFile
from resources.errors import ParseFailed

_WORD = 0xA5EC
_OLDEST = 0xC1  # Word 97
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_COUNTS = 0x4C
_PLACES = 0x9A
_CLX = 33
_COMPRESSED = 0x40000000
_SLACK = 65536
_TEXTS = ("body", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header boxes")


class WordFile:
    """The streams of a Word document, and its characters.

    Attributes:
        main: The stream with the text and its properties.
        table: The stream with the tables that say what is where.
        data: The stream with what is too large for the others.
        text: All characters, one for each UTF-16 unit.
    """

    def __init__(self, file: CompoundFile) -> None:
        """Read the header and the pieces.

        Raises:
            ParseFailed: `encrypted`, `unsupported_format` for Word before 97, or `broken`.
        """
        self.main = file.read("WordDocument")
        try:
            self._read_header(file)
            self._read_pieces()
        except StructError:
            raise ParseFailed("broken", "The Word document is cut off.") from None

    def _read_header(self, file: CompoundFile) -> None:
        magic, version = unpack_from("<HH", self.main, 0)
        flags = unpack_from("<H", self.main, 10)[0]
        if magic != _WORD:
            if magic in (0xA5DC, 0xA59C, 0xA59B, 0xA697, 0xA699, 0xA698):
                raise ParseFailed("unsupported_format", "The document was written by Word 95 or older.")
            raise ParseFailed("broken", "The file is no Word document.")
        if flags & _ENCRYPTED:
            raise ParseFailed("encrypted", "The document is protected by a password.")
        if version < _OLDEST:
            raise ParseFailed("unsupported_format", "The document was written by Word 95 or older.")
        named = "1Table" if flags & _SECOND_TABLE else "0Table"
        other = "0Table" if flags & _SECOND_TABLE else "1Table"
        self.table = file.read(named if file.has(named) else other)
        self.data = file.read("Data")
        lengths = unpack_from("<8i", self.main, _COUNTS)
        self._ranges: dict[str, tuple[int, int]] = {}
        start = 0
        for name, length in zip(_TEXTS, lengths, strict=True):
            length = max(length, 0)
            self._ranges[name] = (start, start + length)
            start += length

    def place(self, index: int) -> bytes:
        """The table of an index of the header; empty where it is missing or lies outside of the stream."""
        try:
            start, length = unpack_from("<II", self.main, _PLACES + 8 * index)
        except StructError:
            return b""
        return self.table[start : start + length] if start <= len(self.table) else b""

    def rest_after(self, index: int) -> bytes:
        """What follows upon a table in its stream."""
        start, length = unpack_from("<II", self.main, _PLACES + 8 * index)
        return self.table[start + length :]

    def range(self, name: str) -> tuple[int, int]:
        """The first character of one of the texts, and the one after its last."""
        start, end = self._ranges[name]
        return min(start, len(self.text)), min(end, len(self.text))

    def offset(self, character: int) -> int:
        """Where in the main stream a character stands."""
        at = max(bisect_right(self._starts, character) - 1, 0)
        first, offset, width = self._pieces[at]
        return offset + (character - first) * width

    def characters(self, start: int, end: int) -> list[tuple[int, int]]:
        """The ranges of characters whose bytes stand in a range of the main stream."""
        found = []
        at = bisect_right(self._by_offset, (start, 0)) - 1
        for piece_start, number in self._by_offset[max(at, 0) :]:
            if piece_start >= end:
                break
            first, offset, width = self._pieces[number]
            last = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
            low = first + max(start - offset, 0) // width
            high = min(first + max(end - offset, 0) // width, last)
            if low < high:
                found.append((low, high))
        return found

    def _read_pieces(self) -> None:
        clx = self.place(_CLX)
        at = 0
        while at < len(clx) and clx[at] == 1:
            at += 3 + unpack_from("<H", clx, at + 1)[0]
        if at >= len(clx) or clx[at] != 2:
            raise ParseFailed("broken", "The Word document does not say where its text stands.")
        table = clx[at + 5 : at + 5 + unpack_from("<I", clx, at + 1)[0]]
        count = max((len(table) - 4) // 12, 0)
        ends = unpack_from(f"<{count + 1}I", table, 0)
        self._pieces: list[tuple[int, int, int]] = []
        texts: list[str] = []
        size = 0
        for number in range(count):
            length = ends[number + 1] - ends[number]
            code = unpack_from("<I", table, 4 * (count + 1) + 8 * number + 2)[0]
            width = 1 if code & _COMPRESSED else 2
            offset = (code & (_COMPRESSED - 1)) // (2 if width == 1 else 1)
            if length <= 0:
                continue
            raw = self.main[offset : offset + length * width]
            text = raw.decode("cp1252", "replace") if width == 1 else _units(raw)
            self._pieces.append((size, offset, width))
            texts.append(text)
            size += len(text)
            if size > len(self.main) + _SLACK:  # pieces that overlap: a small file that repeats itself
                raise ParseFailed("broken", "The Word document's text is longer than the file.")
        self.text = "".join(texts)
        self._starts = [first for first, _, _ in self._pieces]
        self._by_offset = sorted((offset, number) for number, (_, offset, _) in enumerate(self._pieces))
        if not self._pieces:
            raise ParseFailed("no_text", "There is no text in the file.")


def _units(raw: bytes) -> str:
    """UTF-16 as one character for each of its units, so that they can be counted."""
    raw = raw[: len(raw) // 2 * 2]
    try:
        text = raw.decode("utf-16-le")
    except UnicodeDecodeError:
        text = ""
    return text if len(text) * 2 == len(raw) else "".join(map(chr, unpack_from(f"<{len(raw) // 2}H", raw)))

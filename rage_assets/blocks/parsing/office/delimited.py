"""CSV and its relatives: tables of bounded size, each with the header row, read in pieces whatever the file's size."""

import io
from collections.abc import Iterator, Sequence
from typing import IO, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import encoding_of, looks_binary
from rage_assets.blocks.parsing.office.dialect import dialect, records, usual_width
from rage_assets.blocks.parsing.office.header import goes_on, has_header, preamble
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from resources.domain import BlockType
from resources.errors import ParseFailed

Record = tuple[int, Sequence[str]]
_SAMPLE = 200_000
_LONGEST_LINE = 4_000_000
_WINDOW = 20  # rows by which is decided what a table is
_PART = 2000  # characters


class DelimitedParser:
    """Reads comma, semicolon, tab or pipe separated values, whichever the file uses."""

    name = "csv"
    version = 3
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = {
        ".csv": "text/csv",
        ".tsv": "text/tab-separated-values",
        ".tab": "text/tab-separated-values",
        ".psv": "text/csv",
    }

    def parse(self, content: Content) -> Outline:
        """Tables with `rows`, `[first, last]` of the file counted from 1; where there is a header, it stands in each."""
        outline = Outline()
        with content.open() as stream:
            encoding = _encoding(stream)
            stream.seek(0)
            text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
            start = text.read(_SAMPLE)
            text.seek(0)
            start = start.replace("\r\n", "\n").replace("\r", "\n")
            how = dialect(start)
            _Tables(outline, usual_width(start, how)).read(records(iter(lambda: text.readline(_LONGEST_LINE), ""), how))
        return outline


def _encoding(stream: IO[bytes]) -> str:
    """The encoding by the first part of a file that is not plain ASCII."""
    start = stream.read(_SAMPLE)
    if looks_binary(start):
        raise ParseFailed("binary", "These bytes are no text.")
    part = start
    while part.isascii() and b"\0" not in part[:2]:
        part = stream.read(_SAMPLE)
        if not part:
            return encoding_of(start)
    return encoding_of(part)


class _Tables:
    """Adds tables to an outline, of which a file has one after the other, parted by blank rows."""

    def __init__(self, outline: Outline, usual: int) -> None:
        self._outline = outline
        self._usual = usual
        self._header: Record | None = None
        self._width = 0
        self._part: list[Record] = []
        self._size = 0
        self._waiting = False  # for a first row below the header

    def read(self, rows: Iterator[Record]) -> None:
        """Add all tables of a file."""
        blank = True
        for number, row in rows:
            if not any(field.strip() for field in row):
                blank = True
            elif blank:
                blank = self._begin([(number, row), *_window(rows)])
            else:
                self._add(number, row)
        self._end()

    def _begin(self, window: list[Record]) -> bool:
        """Decide what stands below a blank row; whether another blank row ended what could be looked at."""
        filled = [record for record in window if any(field.strip() for field in record[1])]
        texts = [row for _, row in filled]
        if self._width and goes_on(self._width, texts):
            above = 0
        else:
            self._end()
            above = preamble(texts, self._usual)
            if above:
                lines = (" ".join(field for field in row if field.strip()) for row in texts[:above])
                self._outline.paragraph("\n".join(lines), rows=[filled[0][0], filled[above - 1][0]])
            texts = texts[above:]
            self._width = len(texts[0]) if texts else 0
            if texts and has_header(texts):
                self._header, self._waiting = filled[above], True
                above += 1
        for number, row in filled[above:]:
            self._add(number, row)
        return len(filled) < len(window)

    def _add(self, number: int, row: Sequence[str]) -> None:
        length = sum(map(len, row)) + 3 * len(row)
        if self._part and self._size + length > _PART:
            self._flush()
        self._part.append((number, row))
        self._size += length

    def _flush(self) -> None:
        header = [self._header] if self._header else []
        rows = self._part or header
        if rows and (self._part or self._waiting):
            table = pipe_table([row for _, row in [*header, *self._part]])
            self._outline.add(BlockType.TABLE, table, rows=[rows[0][0], rows[-1][0]])
            self._outline.flush()
        self._part, self._size, self._waiting = [], 0, False

    def _end(self) -> None:
        self._flush()
        self._header, self._width = None, 0


def _window(rows: Iterator[Record]) -> list[Record]:
    """The next rows, to the first blank one."""
    window: list[Record] = []
    for number, row in rows:
        window.append((number, row))
        if len(window) >= _WINDOW or not any(field.strip() for field in row):
            break
    return window

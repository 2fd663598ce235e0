"""Recognised lines to blocks: reading order, paragraphs, headings, lists and tables."""

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from rage_assets.blocks.parsing.images.columns import Column, Row, columns_of, ordered, rows_of
from rage_assets.blocks.parsing.images.recognised import BBox, RecognisedLine, RecognisedPage, mean_confidence
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.lines import Segment, unbroken
from rage_assets.blocks.parsing.pdf.rulings import Rulings
from rage_assets.blocks.parsing.pdf.tables import find_tables
from resources.domain import BlockType

_TYPE = 0.72  # of the height of a recognised line is its font's
_HEADING = 1.35  # times the usual height
_MOST_HEADING = 150  # characters
_BULLET = re.compile(r"(?:[•‣◦▪■●○·*-]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)|[•‣◦▪■●○](?=\w)")
_SYMBOL = re.compile(r"[•‣◦▪■●○·*-]\s*")
_ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")


@dataclass(frozen=True)
class _Pieces:
    """The lines of a page as the PDF's code for positioned text knows them; heights count from the bottom.

    Attributes:
        lines: Where each segment comes from, by its id.
        segments: The lines that run across the page.
        turned: Those that run up or down.
    """

    lines: dict[int, RecognisedLine]
    segments: list[Segment]
    turned: list[Segment]

    @classmethod
    def of(cls, page: RecognisedPage) -> "_Pieces":
        pieces = cls({}, [], [])
        for line in page.lines:
            left, top, right, bottom = line.bbox
            middle = (left + right) / 2, (top + bottom) / 2
            level = middle[0] + page.skew * middle[1], page.size[1] - (middle[1] - page.skew * middle[0])
            half = (right - left) / 2
            size = _TYPE * max(bottom - top - abs(page.skew) * (right - left), 1.0)
            base = level[1] - 0.3 * size
            segment = Segment(line.text, level[0] - half, level[0] + half, base, size, False, len(pieces.lines))
            pieces.lines[id(segment)] = line
            (pieces.turned if line.turned else pieces.segments).append(segment)
        return pieces


def add_recognised_page(outline: Outline, page: RecognisedPage, scale: float = 1.0) -> bool:
    """Add the blocks of a recognised page.

    Args:
        outline: Where they go.
        page: The page.
        scale: What a pixel is in the measure of the blocks' places.

    Returns:
        Whether the page was read surely; the blocks of others carry `low_confidence`.
    """
    if not page.lines:
        return False
    pieces = _Pieces.of(page)
    _Writer(outline, page, pieces, scale).write()
    return page.sure


class _Writer:
    """Adds the blocks of one page."""

    def __init__(self, outline: Outline, page: RecognisedPage, pieces: _Pieces, scale: float) -> None:
        self.outline, self.page, self.pieces, self.scale = outline, page, pieces, scale
        self.usual = statistics.median(
            segment.size for segment in pieces.segments for _ in range(max(len(segment.text) // 8, 1))
        )

    def write(self) -> None:
        """Add all blocks."""
        tables = find_tables(self.pieces.segments, Rulings())
        taken = {id(segment) for table in tables for segment in table.segments}
        columns = columns_of(rows_of([segment for segment in self.pieces.segments if id(segment) not in taken]))
        whole = [Column.of([Row(tuple(table.segments))]) for table in tables]
        table_of = {id(column): table for column, table in zip(whole, tables, strict=True)}
        for column in ordered([*columns, *whole]):
            if (table := table_of.get(id(column))) is not None:
                self.outline.add(BlockType.TABLE, table.text, **self._facts(table.segments))
            else:
                self._text(column)
        for segment in self.pieces.turned:
            self.outline.paragraph(segment.text, **self._facts([segment]))

    def _text(self, column: Column) -> None:
        items: list[list[Row]] = []
        for rows in _paragraphs(column.rows):
            if _BULLET.match(rows[0].text):
                items.append(rows)
                continue
            self._list(items)
            items = []
            text = unbroken([row.text for row in rows])
            if (level := self._level(rows, text)) is None:
                self.outline.paragraph(text, **self._facts(_pieces(rows)))
            else:
                self.outline.heading(text, level, **self._facts(_pieces(rows)))
        self._list(items)

    def _list(self, items: list[list[Row]]) -> None:
        texts = [unbroken([row.text for row in rows]) for rows in items]
        texts = [_SYMBOL.sub("- ", text, count=1) if _SYMBOL.match(text) else text for text in texts]
        if items:
            self.outline.add(BlockType.LIST, "\n".join(texts), **self._facts(_pieces(chain.from_iterable(items))))

    def _level(self, rows: list[Row], text: str) -> int | None:
        """The level of a heading, by its height; None for ordinary text."""
        size = min(row.size for row in rows)
        words = sum(char.isalpha() for char in text)
        if size < _HEADING * self.usual or len(rows) > 3 or len(text) > _MOST_HEADING or words < 3:
            return None
        return 1 if size > 1.8 * self.usual else 2

    def _facts(self, segments: Sequence[Segment]) -> dict[str, Any]:
        lines = [self.pieces.lines[id(segment)] for segment in segments]
        box: BBox = (
            min(line.bbox[0] for line in lines),
            min(line.bbox[1] for line in lines),
            max(line.bbox[2] for line in lines),
            max(line.bbox[3] for line in lines),
        )
        return {
            "bbox": [round(side * self.scale, 1) for side in self.page.shown(box)],
            "confidence": round(mean_confidence(lines), 3),
            "low_confidence": None if self.page.sure else True,
        }


def _pieces(rows: Iterable[Row]) -> list[Segment]:
    return [piece for row in rows for piece in row.pieces]


def _paragraphs(rows: Sequence[Row]) -> list[list[Row]]:
    """Lines of a column that belong together."""
    pitches = [above.base - below.base for above, below in pairwise(rows)]
    usual = statistics.median_low(pitches) if pitches else 0.0
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    found: list[list[Row]] = []
    for at, row in enumerate(rows):
        if at and pitches[at - 1] < 1.35 * usual and _goes_on(rows[at - 1], row, left, right):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _goes_on(above: Row, row: Row, left: float, right: float) -> bool:
    """Whether a line continues the paragraph of the line above it, in a column with these sides."""
    if _BULLET.match(row.text) or max(above.size, row.size) > 1.35 * min(above.size, row.size):
        return False
    short = above.right < right - 0.2 * (right - left)
    indented = row.left > max(left, above.left) + 0.7 * row.size
    return not (_ENDS.search(above.text) and not row.text[:1].islower() and (short or indented))

"""Recognised lines to blocks: reading order, paragraphs, headings, lists and tables."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rage_assets.blocks.parsing.images.recognised import BBox, RecognisedLine, RecognisedPage, mean_confidence
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.layout import unbroken
from rage_assets.blocks.parsing.pdf.lines import Segment
from rage_assets.blocks.parsing.pdf.order import reading_order
from rage_assets.blocks.parsing.pdf.tables import Table, find_tables
from resources.domain import BlockType

# Below this, most words of a page are wrong: another script, handwriting, a photograph.
SURE = 0.8
_TYPE = 0.72  # of the height of a recognised line is its font's
_HEADING = 1.35  # times the usual height
_MOST_HEADING = 150  # characters
_BULLET = re.compile(r"(?:[•‣◦▪■●○·*-]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)|[•‣◦▪■●○](?=\w)")
_SYMBOL = re.compile(r"[•‣◦▪■●○·*-]\s*")
_ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")


@dataclass(frozen=True)
class _Pieces:
    """The lines of a page as the PDF's code for positioned text knows them; heights count from the bottom."""

    lines: dict[int, RecognisedLine]
    segments: list[Segment]

    @classmethod
    def of(cls, page: RecognisedPage) -> "_Pieces":
        segments = []
        lines = {}
        for line in page.lines:
            left, top, right, bottom = line.bbox
            sunk = page.skew * (left + right) / 2
            height = max(bottom - top - abs(page.skew) * (right - left), 1.0)
            middle = page.size[1] - ((top + bottom) / 2 - sunk)
            size = _TYPE * height
            segment = Segment(line.text, left, right, middle - 0.3 * size, size, False, len(segments))
            lines[id(segment)] = line
            segments.append(segment)
        segments.sort(key=lambda segment: (-segment.base, segment.left))
        for at, row in enumerate(_rows(segments)):
            for segment in row:
                segment.line = at
        return cls(lines, [segment for row in _rows(segments) for segment in row])


def _rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Lines to the eye, from the top, each from the left."""
    rows: list[list[Segment]] = []
    for segment in segments:
        if rows and any(segment.beside(other) for other in rows[-1][-4:]):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [sorted(row, key=lambda segment: segment.left) for row in rows]


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
    sure = page.confidence >= SURE
    _Writer(outline, page, pieces, scale, sure).write()
    return sure


class _Writer:
    """Adds the blocks of one page."""

    def __init__(self, outline: Outline, page: RecognisedPage, pieces: _Pieces, scale: float, sure: bool) -> None:
        self.outline, self.page, self.pieces, self.scale, self.sure = outline, page, pieces, scale, sure
        self.usual = statistics.median(
            segment.size for segment in pieces.segments for _ in range(max(len(segment.text) // 8, 1))
        )

    def write(self) -> None:
        """Add all blocks."""
        tables = {id(segment): table for table in find_tables(self.pieces.segments) for segment in table.segments}
        parts: list[Segment | Table] = []
        for segment in self.pieces.segments:
            part: Segment | Table = tables.get(id(segment), segment)
            if not any(part is other for other in parts[-40:]):
                parts.append(part)
        run: list[Segment] = []
        for part in reading_order(parts):
            if isinstance(part, Segment):
                run.append(part)
                continue
            self._text(run)
            self.outline.add(BlockType.TABLE, part.text, **self._facts(part.segments))
            run = []
        self._text(run)

    def _text(self, segments: list[Segment]) -> None:
        items: list[list[Segment]] = []
        for lines in _paragraphs(segments):
            if _BULLET.match(lines[0].text):
                items.append(lines)
                continue
            self._list(items)
            items = []
            text = unbroken([line.text for line in lines])
            if (level := self._level(lines, text)) is None:
                self.outline.paragraph(text, **self._facts(lines))
            else:
                self.outline.heading(text, level, **self._facts(lines))
        self._list(items)

    def _list(self, items: list[list[Segment]]) -> None:
        texts = [unbroken([line.text for line in lines]) for lines in items]
        texts = [_SYMBOL.sub("- ", text, count=1) if _SYMBOL.match(text) else text for text in texts]
        if items:
            facts = self._facts([line for lines in items for line in lines])
            self.outline.add(BlockType.LIST, "\n".join(texts), **facts)

    def _level(self, lines: list[Segment], text: str) -> int | None:
        """The level of a heading, by its height; None for ordinary text."""
        size = min(line.size for line in lines)
        words = sum(char.isalpha() for char in text)
        if size < _HEADING * self.usual or len(lines) > 3 or len(text) > _MOST_HEADING or words < 3:
            return None
        return 1 if size > 1.8 * self.usual else 2

    def _facts(self, segments: Sequence[Segment]) -> dict[str, object]:
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
            "low_confidence": None if self.sure else True,
        }


def _paragraphs(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Lines that belong together; pieces beside each other are one line."""
    found: list[list[Segment]] = []
    for segment in segments:
        if found and _goes_on(found[-1], segment):
            found[-1].append(segment)
        else:
            found.append([segment])
    return found


def _goes_on(lines: list[Segment], segment: Segment) -> bool:
    """Whether a line continues the paragraph above it."""
    above = lines[-1]
    alike = max(above.size, segment.size) < 1.45 * min(above.size, segment.size)
    if segment.beside(above):
        return alike and 0 <= segment.left - above.right < 3 * segment.size
    pitch = above.base - segment.base
    if not alike or _BULLET.match(segment.text) or segment.left > above.right or segment.right < above.left:
        return False
    tops = [one.base for one in lines]
    pitches = [high - low for high, low in zip(tops, tops[1:], strict=False) if high - low > 0.5 * segment.size]
    usual = statistics.median(pitches) if pitches else 1.7 * segment.size
    if not 0 < pitch < 1.3 * usual + 0.2 * segment.size:
        return False
    left, right = min(line.left for line in lines), max(segment.right, *(line.right for line in lines))
    short = above.right < right - 0.2 * (right - left)
    indented = segment.left > left + segment.size and segment.left > above.left + segment.size
    return not (_ENDS.search(above.text) and not segment.text[:1].islower() and (short or indented))

"""Pieces of lines to blocks: paragraphs, headings, lists, tables."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.body import BULLET, ENDS, SYMBOL, Body
from rage_assets.blocks.parsing.pdf.frame import Frame
from rage_assets.blocks.parsing.pdf.lines import Segment, Word, segments_of, unbroken
from rage_assets.blocks.parsing.pdf.order import Boxed, reading_order
from rage_assets.blocks.parsing.pdf.rulings import Ruling, Rulings
from rage_assets.blocks.parsing.pdf.tables import Table, find_tables
from rage_assets.blocks.parsing.pipe_table import pipe_table
from resources.domain import BlockType

_TYPED_LINE = re.compile(r"(?:[-–—_=]\s?){5,}")
_COLUMN = 12  # times the font's height; a narrower piece is no line of a column


@dataclass
class PageText:
    """What stands on a page in one direction.

    Attributes:
        frame: How the page is turned for it.
        segments: The pieces of its lines, in the order of the content.
        rulings: The lines drawn on the page, turned alike.
    """

    frame: Frame
    segments: list[Segment]
    rulings: Rulings = field(default_factory=Rulings)

    @classmethod
    def of(cls, frame: Frame, words: Iterable[Word], rulings: Rulings) -> "PageText":
        """The text that words make; the same for a text layer and for words that were recognised."""
        segments = segments_of(words, rulings)
        # Lines that are typed are lines too.
        typed = [segment for segment in segments if _TYPED_LINE.fullmatch(segment.text)]
        if not typed:
            return cls(frame, segments, rulings)
        lines = (Ruling(segment.middle, segment.left, segment.right) for segment in typed)
        texts = [segment for segment in segments if not _TYPED_LINE.fullmatch(segment.text)]
        return cls(frame, texts, replace(rulings, across=(*rulings.across, *lines)))


def add_page(outline: Outline, page: PageText, body: Body, before: Table | None = None) -> Table | None:
    """Add the blocks of a page in reading order, each with its place.

    Args:
        outline: Where they are added.
        page: What stands on the page.
        body: What is usual in the document.
        before: The table that the page before ends with; this page may go on with it.

    Returns:
        The table that the page ends with; None where it ends with something else.
    """
    tables = {id(segment): table for table in find_tables(page.segments, page.rulings) for segment in table.segments}
    parts: list[Segment | Table] = []
    placed: set[int] = set()
    last: Segment | None = None
    for segment in page.segments:
        table = tables.get(id(segment))
        if table is not None:
            if id(table) not in placed:
                placed.add(id(table))
                parts.append(table)
        elif last is not None and isinstance(parts[-1], Segment) and _same_line(parts[-1], last, segment):
            parts[-1] = _joined(parts[-1], segment)
        else:
            parts.append(segment)
        last = segment if table is None else None
    writer = _Writer(outline, page.frame, body)
    ordered = reading_order(parts)
    for at, part in enumerate(ordered):
        writer.add(part, before if at == 0 else None)
    writer.close()
    return ordered[-1] if ordered and isinstance(ordered[-1], Table) else None


def _one_line(before: Segment, segment: Segment) -> bool:
    """Whether two pieces are one line; two wide ones are lines of two columns."""
    return segment.line == before.line and segment.beside(before) and min(segment.width, before.width) < _COLUMN


def _same_line(line: Segment, last: Segment, segment: Segment) -> bool:
    """Whether a piece belongs to a line whose last piece is known."""
    return _one_line(last, segment) or _raised(line, segment)


def _raised(line: Segment, segment: Segment) -> bool:
    """Whether a piece goes on right after a line, raised or lowered: an index, or what follows one."""
    size = max(line.size, segment.size)
    beside = -0.3 * size < segment.left - line.right < 0.5 * size
    return beside and segment.base < line.top and segment.top > line.base and abs(segment.base - line.base) < 0.6 * size


def _joined(line: Segment, more: Segment) -> Segment:
    larger = line if line.size >= more.size else more
    apart = more.left - line.right > 0.15 * larger.size or more.right < line.left
    return replace(
        larger,
        text=f"{line.text}{' ' if apart else ''}{more.text}",
        left=min(line.left, more.left),
        right=max(line.right, more.right),
        bold=line.bold and more.bold,
    )


class _Writer:
    """Adds parts of a page as blocks."""

    def __init__(self, outline: Outline, frame: Frame, body: Body) -> None:
        self.outline, self.frame, self.body = outline, frame, body
        self.lines: list[Segment] = []

    def add(self, part: Segment | Table, before: Table | None = None) -> None:
        """Add a line or a table, which may go on with the one before."""
        if isinstance(part, Segment):
            self.lines.append(part)
        else:
            self.close()
            goes_on = before is not None and part.goes_on(before)
            text = (
                pipe_table([before.rows[0], *part.rows]) if before and goes_on and part.lacks_header(before) else part.text
            )
            self.outline.add(BlockType.TABLE, text, bbox=self._box([part]), continues=goes_on or None)

    def close(self) -> None:
        """Add the lines so far as paragraphs, headings and lists."""
        items: list[tuple[str, list[Segment]]] = []
        for lines in _paragraphs(self.lines):
            text = unbroken([line.text for line in lines])
            level = self.body.level(lines)
            if level is None and BULLET.match(text):
                items.append((SYMBOL.sub("- ", text, count=1) if SYMBOL.match(text) else text, lines))
                continue
            self._list(items)
            items = []
            if level is None:
                self.outline.paragraph(text, bbox=self._box(lines))
            else:
                self.outline.heading(text, level, bbox=self._box(lines))
        self._list(items)
        self.lines = []

    def _list(self, items: list[tuple[str, list[Segment]]]) -> None:
        if items:
            box = self._box([line for _, lines in items for line in lines])
            self.outline.add(BlockType.LIST, "\n".join(text for text, _ in items), bbox=box)

    def _box(self, parts: Sequence[Boxed]) -> list[float]:
        left, right = min(part.left for part in parts), max(part.right for part in parts)
        return self.frame.shown(left, min(part.bottom for part in parts), right, max(part.top for part in parts))


def _paragraphs(lines: list[Segment]) -> list[list[Segment]]:
    """Lines that belong together."""
    found: list[list[Segment]] = []
    for line in lines:
        if found and _goes_on(found[-1], line):
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _goes_on(lines: list[Segment], line: Segment) -> bool:
    """Whether a line continues the paragraph above it."""
    above = lines[-1]
    if abs(line.size - above.size) > 0.15 * max(line.size, above.size) or line.bold != above.bold:
        return False
    if line.font != above.font and abs(line.size - above.size) > 0.03 * line.size:
        return False
    pitch = above.base - line.base
    if BULLET.match(line.text) or line.left > above.right or line.right < above.left:
        return False
    usual = lines[-2].base - above.base if len(lines) > 1 else 1.3 * line.size
    if not 0 < pitch < 1.25 * usual + 0.2 * line.size:
        # Above: the next column or page; a paragraph whose sentence is open goes on there.
        return False
    left, right = min(each.left for each in lines), max(line.right, *(each.right for each in lines))
    if BULLET.match(lines[0].text):
        reads_on = line.text[:1].islower() and not ENDS.search(above.text)
        return reads_on or line.left > lines[0].left + 0.3 * line.size
    short = above.right < right - 0.2 * (right - left)
    indented = len(lines) > 1 and line.left > lines[-1].left + 0.8 * line.size and line.left > left + 0.8 * line.size
    return not (ENDS.search(above.text) and not line.text[:1].islower() and (short or indented))

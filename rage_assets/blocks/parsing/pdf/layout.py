"""Pieces of lines to blocks: paragraphs, headings, lists."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.lines import Segment
from rage_assets.blocks.parsing.pdf.order import reading_order
from rage_assets.blocks.parsing.pdf.tables import Table, find_tables
from resources.domain import BlockType

_BULLET = re.compile(r"(?:[•‣◦▪■●○–\uf0b7\uf0a7➢➤✓*o-]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)")
_SYMBOL = re.compile(r"[•‣◦▪■●○–\uf0b7\uf0a7➢➤✓*o-]\s+")
_ENDS = re.compile(r"[.!?:;。]['\"”’)\]]*$")
_MAX_HEADING = 200
_COLUMN = 12  # times the font's height; a narrower piece is no line of a column


@dataclass(frozen=True)
class Body:
    """What is usual in a document, against which headings stand out.

    Attributes:
        size: The font size of most of its text.
        bold: Whether most of its text is bold.
        sizes: The sizes of headings, largest first: the place of one is its level.
        marks: The titles of the PDF's own outline with their levels.
    """

    size: float
    bold: bool
    sizes: tuple[float, ...]
    marks: dict[str, int]

    @classmethod
    def of(cls, pages: list[list[Segment]], marks: dict[str, int]) -> "Body":
        """Measure a document."""
        sizes: Counter[float] = Counter()
        bold = 0
        for segment in (segment for page in pages for segment in page):
            sizes[segment.size] += len(segment.text)
            bold += len(segment.text) if segment.bold else 0
        usual = max(sizes, key=sizes.__getitem__)
        larger = sorted({round(size) for size in sizes if size > 1.12 * usual}, reverse=True)
        return cls(usual, bold > 0.5 * sizes.total(), tuple(larger[:5]), marks)

    @staticmethod
    def key(text: str) -> str:
        """A title as it is looked up among the outline's."""
        return "".join(char for char in text.lower() if char.isalnum())

    def level(self, lines: list[Segment]) -> int | None:
        """The level of a heading; None for ordinary text."""
        text = " ".join(line.text for line in lines)
        if len(text) > _MAX_HEADING or not any(char.isalpha() for char in text):
            return None
        if (mark := self.marks.get(self.key(text))) is not None:
            return mark
        size = min(line.size for line in lines)
        if size > 1.12 * self.size and len(lines) <= 4 and not text.endswith((",", ";")):
            return 1 + next((at for at, known in enumerate(self.sizes) if known <= round(size)), len(self.sizes))
        bold = all(line.bold for line in lines) and not self.bold and size >= 0.95 * self.size
        if bold and len(lines) <= 2 and len(text) < 120 and not _ENDS.search(text) and not _BULLET.match(text):
            return len(self.sizes) + 1
        return None


def add_page(outline: Outline, segments: list[Segment], body: Body) -> None:
    """Add the blocks of a page in reading order."""
    tables = {id(segment): table for table in find_tables(segments) for segment in table.segments}
    parts: list[Segment | Table] = []
    before: Segment | None = None
    for segment in segments:
        table = tables.get(id(segment))
        if table is not None:
            if not any(part is table for part in parts):
                parts.append(table)
        elif before is not None and isinstance(parts[-1], Segment) and _one_line(before, segment):
            parts[-1] = _joined(parts[-1], segment)
        else:
            parts.append(segment)
        before = segment if table is None else None
    run: list[Segment] = []
    for part in reading_order(parts):
        if isinstance(part, Segment):
            run.append(part)
        else:
            _add_text(outline, run, body)
            outline.add(BlockType.TABLE, part.text)
            run = []
    _add_text(outline, run, body)


def _one_line(before: Segment, segment: Segment) -> bool:
    """Whether two pieces are one line; two wide ones are lines of two columns."""
    return segment.line == before.line and segment.beside(before) and min(segment.width, before.width) < _COLUMN


def _joined(line: Segment, more: Segment) -> Segment:
    return replace(
        line,
        text=f"{line.text} {more.text}",
        left=min(line.left, more.left),
        right=max(line.right, more.right),
        bold=line.bold and more.bold,
    )


def _add_text(outline: Outline, segments: list[Segment], body: Body) -> None:
    """Add paragraphs, headings and lists."""
    items: list[str] = []
    for lines in _paragraphs(segments):
        text = unbroken([line.text for line in lines])
        if _BULLET.match(text):
            items.append(_SYMBOL.sub("- ", text, count=1) if _SYMBOL.match(text) else text)
            continue
        if items:
            outline.add(BlockType.LIST, "\n".join(items))
            items = []
        level = body.level(lines)
        if level is None:
            outline.paragraph(text)
        else:
            outline.heading(text, level)
    outline.add(BlockType.LIST, "\n".join(items))


def unbroken(lines: list[str]) -> str:
    r"""Lines as running text: a word that a hyphen parts is one word again.

    >>> unbroken(["a well-", "known hy\u00ad", "phen"])
    'a well-known hyphen'
    """
    text = ""
    for line in lines:
        if text.endswith("\u00ad") and line[:1].islower():
            text = text[:-1] + line
        elif text.endswith(("-", "\u00ad")) and not text.endswith(" -"):
            text = text.removesuffix("\u00ad") + ("-" if text.endswith("\u00ad") else "") + line
        elif text and _wide(text[-1]) and line and _wide(line[0]):
            text += line
        else:
            text += (" " if text else "") + line
    return text.replace("\u00ad", "-") if text.endswith("\u00ad") else text


def _wide(char: str) -> bool:
    """Whether a character belongs to a script that is written without spaces."""
    return "\u3000" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"


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
    pitch = above.base - line.base
    if _BULLET.match(line.text) or line.left > above.right or line.right < above.left:
        return False
    usual = lines[-2].base - above.base if len(lines) > 1 else 1.3 * line.size
    if not 0 < pitch < 1.25 * usual + 0.2 * line.size:
        # Above: the next column or page; a paragraph whose sentence is open goes on there.
        return False
    left, right = min(each.left for each in lines), max(line.right, *(each.right for each in lines))
    if _BULLET.match(lines[0].text):
        return line.left > lines[0].left + 0.3 * line.size
    short = above.right < right - 0.2 * (right - left)
    indented = len(lines) > 1 and line.left > lines[-1].left + 0.8 * line.size and line.left > left + 0.8 * line.size
    return not (_ENDS.search(above.text) and not line.text[:1].islower() and (short or indented))

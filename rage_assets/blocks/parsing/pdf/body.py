"""What is usual in a document, against which headings stand out."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rage_assets.blocks.parsing.pdf.lines import SIGNS, Segment

BULLET = re.compile(rf"(?:[{SIGNS}–*o-]|\(?(?:\d{{1,2}}|[a-z]|[ivx]{{2,5}})[.)])\s+(?=\S)")
ENDS = re.compile(r"[.!?:;。]['\"”’)\]]*$")
SYMBOL = re.compile(rf"[{SIGNS}–*o-]\s+")
_NO_TITLE = re.compile(r"^[,;]|\w[}]?@\w|^https?://")
_MAX_HEADING = 200


class Usual:
    """Counts the type of a document, page by page."""

    def __init__(self) -> None:
        self.sizes: Counter[float] = Counter()
        self.fonts: Counter[str] = Counter()
        self.bold = 0

    def add(self, segments: Iterable[Segment]) -> None:
        """Count some text."""
        for segment in segments:
            if segment.line < 0:  # turned into the cell of a table
                continue
            self.sizes[segment.size] += len(segment.text)
            self.fonts[segment.font] += len(segment.text)
            self.bold += len(segment.text) if segment.bold else 0


@dataclass(frozen=True)
class Body:
    """What is usual in a document, against which headings stand out.

    Attributes:
        size: The font size of most of its text.
        bold: Whether most of its text is bold.
        sizes: The sizes of headings, largest first: the place of one is its level.
        marks: The titles of the PDF's own outline with their levels.
        font: The family of most of its text.
    """

    size: float
    bold: bool
    sizes: tuple[float, ...]
    marks: dict[str, int]
    font: str = ""

    @classmethod
    def of(cls, usual: Usual, marks: dict[str, int] | None = None) -> "Body":
        """What counts so far say."""
        sizes = usual.sizes or Counter([10.0])
        size = max(sizes, key=sizes.__getitem__)
        larger = sorted({round(other) for other in sizes if other > 1.12 * size}, reverse=True)
        return cls(
            size,
            usual.bold > 0.5 * sizes.total(),
            tuple(larger[:5]),
            marks or {},
            max(usual.fonts, key=usual.fonts.__getitem__, default=""),
        )

    @staticmethod
    def key(text: str) -> str:
        """A title as it is looked up among the outline's."""
        return "".join(char for char in text.lower() if char.isalnum())

    def level(self, lines: list[Segment]) -> int | None:
        """The level of a heading; None for ordinary text."""
        text = " ".join(line.text for line in lines)
        if len(text) > _MAX_HEADING or not any(char.isalpha() for char in text) or SYMBOL.match(text):
            return None
        if (mark := self.marks.get(self.key(text))) is not None:
            return mark
        size = min(line.size for line in lines)
        if _NO_TITLE.search(text):
            return None
        if size > 1.12 * self.size and len(lines) <= 4 and not text.endswith((",", ";")):
            return 1 + next((at for at, known in enumerate(self.sizes) if known <= round(size)), len(self.sizes))
        bold = all(line.bold for line in lines) and not self.bold and size >= 0.95 * self.size
        other = self.font and lines[0].font != self.font and size >= 1.03 * self.size and len(lines) == 1
        if (bold or other) and len(lines) <= 2 and len(text) < 120 and not ENDS.search(text):
            return len(self.sizes) + (1 if bold else 2)
        return None

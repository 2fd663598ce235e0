"""What all parts of a LaTeX document share."""

import re
from bisect import bisect_right

from rage_assets.blocks.parsing.texts.latex import names
from rage_assets.blocks.parsing.texts.latex.macros import Macros
from rage_assets.blocks.parsing.texts.latex.tokens import Token


class Document:
    """What all parts of a document share.

    Attributes:
        facts: Its title, author and date, before they are set.
        includes: The files that it would read.
    """

    def __init__(self, text: str) -> None:
        """Find where the lines of a text begin, and which headings it has."""
        self.macros = Macros()
        self.facts: dict[str, list[Token]] = {}
        self.includes: list[str] = []
        self.theorems = dict(names.THEOREMS)
        used = [name for name in names.SECTIONS if re.search(rf"\\{name}[*\[{{\s]", text)]
        self.sets_title = "\\maketitle" in text
        titled = 2 if "\\title" in text else 1
        self.levels = {name: titled + rank for rank, name in enumerate(used)}
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def line(self, at: int) -> int:
        """The line of a place of the source, from 1."""
        return bisect_right(self._starts, at)

"""What all parts of a LaTeX document share."""

import re
from bisect import bisect_right

from rage_assets.blocks.parsing.texts.latex import names
from rage_assets.blocks.parsing.texts.latex.macros import Macros
from rage_assets.blocks.parsing.texts.latex.tokens import Token

_PREAMBLE = 20_000
_BEGIN = re.compile(rf"^([^%\n]{{0,300}})\\begin\{{(document|(?:{'|'.join(sorted(names.VERBATIM))})\*?)\}}", re.MULTILINE)
_GERMAN = re.compile(r"\\(?:usepackage|documentclass|documentstyle)[^\n]{0,300}\b(?:n?german|n?austrian|n?swissgerman)\b")
_SHORTHANDS = {
    "a": "ä", "o": "ö", "u": "ü", "A": "Ä", "O": "Ö", "U": "Ü", "s": "ß", "z": "ß", "`": "„", "'": "“", "<": "«", ">": "»",
    "=": "-", "~": "-", "-": "", "|": "", '"': "", "/": "/",
}  # fmt: skip
_SHORTHAND = re.compile(r"\"([aouAOUsz`'<>=~|\"/-])")


class Document:
    """What all parts of a document share.

    Attributes:
        facts: Its title, authors, date and the like, before they are set.
        includes: The files that it would read.
        glossary: What its preamble says of terms and abbreviations, until that is set.
        verbatim: Its own environments for code, each with its language.
        has_preamble: Whether it begins with one; a chapter of a larger work does not.
    """

    def __init__(self, text: str) -> None:
        """Find where the lines of a text begin, and which headings it has."""
        self.macros = Macros()
        self.facts: dict[str, list[Token]] = {}
        self.includes: list[str] = []
        self.theorems = dict(names.THEOREMS)
        self.verbatim: dict[str, str] = {}
        self.glossary: list[str] = []
        used = [name for name in names.SECTIONS if re.search(rf"\\{name}[*\[{{\s]", text)]
        self.sets_title = "\\maketitle" in text
        titled = 2 if "\\title" in text else 1
        self.levels = {name: titled + rank for rank, name in enumerate(used)}
        self.has_preamble = _has_preamble(text)
        self._is_german = bool(_GERMAN.search(text[:_PREAMBLE]))
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def word(self, text: str) -> str:
        """A word as it reads: documents in German write umlauts and hyphens with quotation marks."""
        return _SHORTHAND.sub(lambda found: _SHORTHANDS[found[1]], text) if self._is_german and '"' in text else text

    def line(self, at: int) -> int:
        """The line of a place of the source, from 1."""
        return bisect_right(self._starts, at)


def _has_preamble(text: str) -> bool:
    """Whether a document begins in a text; one that is shown there as an example is none."""
    at = 0
    unclosed: set[str] = set()  # is not looked for again
    while found := _BEGIN.search(text, at):
        if found[2] == "document":
            return "\\verb" not in found[1]
        end = -1 if found[2] in unclosed else text.find(f"\\end{{{found[2]}}}", found.end())
        if end < 0:
            unclosed.add(found[2])
        at = max(end, found.end())
    return False

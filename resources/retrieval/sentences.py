"""Cuts blocks into pieces that can stand in an answer: sentences, table rows, list items, stretches of code."""

import re
from itertools import zip_longest
from typing import NamedTuple

from resources.domain import Block, BlockType

_LONGEST = 600  # characters; a longer sentence is cut at a word
_MOST_CODE_LINES = 12
_SHORTEST = 3  # characters
# A full stop ends no sentence after these, after a single letter or inside a number.
_ABBREVIATIONS = frozenset(
    """al approx art bd bzw ca cf ch co corp dept dr ed eds eg e.g ev fig figs gen gov hr i.e ie inc jr lt ltd max min
    mr mrs ms nos nr op p pp prof ref rev sec sen sr st str u.a usw vgl vol vs z.b""".split()  # noqa: SIM905
)
_END = re.compile(r"""[.!?…。！？]+["'”’»)\]]*(?=\s|$)|[。！？]|\n\s*\n""")
_LAST_WORD = re.compile(r"([^\s(\[\"']+)$")
_BULLET = re.compile(r"^(?:[-*+•–]|\(?\d{1,3}[.)])\s+")
_RULE = re.compile(r"^[\s|:+=\-]+$")


class Piece(NamedTuple):
    """A stretch of a block's text without white space at its ends.

    Attributes:
        quote: Its words, exactly as they stand in the block.
        said: How they read in an answer: a row with the names of its columns, an item without its bullet.
    """

    block: Block
    quote: str
    said: str


def pieces(block: Block) -> list[Piece]:
    """The pieces of a block in order; a heading has none, for it says nothing by itself."""
    text = block.text
    if block.type is BlockType.HEADING:
        return []
    if block.type is BlockType.CODE:
        return _cut(block, _stretches(text))
    if block.type is BlockType.TABLE:
        return _rows(block)
    if block.type is BlockType.LIST:
        items = [span for line in _lines(text) for span in _sentences(text, *line)]
        return [piece._replace(said=_BULLET.sub("", piece.quote)) for piece in _cut(block, items)]
    return _cut(block, _sentences(text, 0, len(text)))


def _cut(block: Block, spans: list[tuple[int, int]]) -> list[Piece]:
    quotes = (block.text[start:end].strip() for start, end in spans)
    return [Piece(block, quote, quote) for quote in quotes if len(quote) >= _SHORTEST]


def _rows(block: Block) -> list[Piece]:
    """A pipe table's rows, each cell with its column's name."""
    lines = [piece for piece in _cut(block, _lines(block.text)) if not _RULE.match(piece.quote)]
    if len(lines) < 2:
        return lines
    names = _cells(lines[0].quote)
    rows = []
    for line in lines[1:]:
        pairs = zip_longest(names, _cells(line.quote), fillvalue="")
        said = "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
        rows.append(line._replace(said=said or line.quote))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _lines(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"[^\n]+", text)]


def _stretches(text: str) -> list[tuple[int, int]]:
    """Code between empty lines, in bites that can be quoted."""
    found = []
    for match in re.finditer(r"(?:[^\n]*\S[^\n]*\n?)+", text):
        lines = [(match.start() + a, match.start() + b) for a, b in _lines(match[0])]
        for first in range(0, len(lines), _MOST_CODE_LINES):
            bite = lines[first : first + _MOST_CODE_LINES]
            found.append((bite[0][0], bite[-1][1]))
    return found


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found, at = [], start
    for match in _END.finditer(text, start, end):
        if match.start() < at or _is_abbreviation(text[at : match.start()], match[0]):
            continue
        following = text[match.end() : match.end() + 2].lstrip()
        if following[:1].islower():  # a dot within a sentence, as in "approx. five"
            continue
        found += _bounded(text, at, match.end())
        at = match.end()
    return found + _bounded(text, at, end)


def _is_abbreviation(before: str, mark: str) -> bool:
    word = _LAST_WORD.search(before)
    if mark[0] != "." or not word:
        return False
    last = word[1].lower()
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or bool(re.fullmatch(r"(?:\w\.)+\w", last))


def _bounded(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found = []
    while end - start > _LONGEST:
        cut = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        cut = cut if cut > 0 else start + _LONGEST
        found.append((start, cut))
        start = cut
    return [*found, (start, end)]

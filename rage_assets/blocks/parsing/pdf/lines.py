"""Words with their places, and the pieces of lines they make; from a text layer or recognised, all the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rage_assets.blocks.parsing.pdf.rulings import Rulings

# A gap this many times the font size parts columns and cells; words are a quarter apart, justified ones half.
WIDE_GAP = 0.9
# Numbers that stand so far apart are two values, no thousands.
_NUMBERS_GAP = 0.4
LEADER = "...."
_IS_DOTS = re.compile("[.…]+")
_FEWEST_DOTS = 4
_LEADER_GAP = 4.0  # times the height of the font
_DOTS = re.compile(r"(?:\s?[.…]){4,}$")
# What stands before an item of a list; of picture fonts, the private characters.
SIGNS = "•‣◦▪■●○∙·⁃◆◇►▶▸❖➔➢➤✓✔□☐☑\uf020-\uf0ff"
_MARK = re.compile(rf"[{SIGNS}o*–-]|\(?\d{{1,2}}(?:\.\d{{1,2}}){{0,4}}[.)]|\(?[a-z]\)")
_ITEM = re.compile(rf"[{SIGNS}](?!\S)")
_LONGEST_MARK = 12


@dataclass(slots=True)
class Word:
    """What stands between two spaces.

    Attributes:
        text: Its text.
        left, right: Its sides in points, in the page as its text is read.
        base: The height of its baseline, counted from the bottom of the page.
        size: The font's height in points.
        bold: Whether its font is heavy.
        line: The number of its line in the order of the content; words of one line follow each other.
        joined: Whether no space parts it from the word before.
        font: The family of its font, where it is known.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    line: int
    joined: bool = False
    font: str = ""


@dataclass(slots=True)
class Segment:
    """A piece of a line, as wide as words follow each other.

    Attributes:
        text: Its text; one that ends in a soft hyphen goes on with the rest of the word.
        left, right: Its sides in points.
        base: The height of its baseline, counted from the bottom of the page.
        size: The font's height in points.
        bold: Whether all of it is in a heavy font.
        line: The number of the line of the page that it is part of, in the order of the content.
        words: What it is made of.
        font: The family of the font of most of it.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    line: int
    words: list[Word] = field(default_factory=list)
    font: str = ""

    @classmethod
    def of(cls, words: list[Word]) -> "Segment":
        """The piece that some words of a line make."""
        middle = max(words, key=lambda word: len(word.text))
        return cls(
            text="".join(("" if word.joined or not at else " ") + word.text for at, word in enumerate(words)),
            left=min(word.left for word in words),
            right=max(word.right for word in words),
            base=middle.base,
            size=round(middle.size, 1) or 1.0,
            bold=all(word.bold for word in words),
            line=words[0].line,
            words=words,
            font=middle.font,
        )

    @property
    def top(self) -> float:
        """Where capital letters end."""
        return self.base + 0.72 * self.size

    @property
    def bottom(self) -> float:
        """Where descenders end."""
        return self.base - 0.22 * self.size

    @property
    def middle(self) -> float:
        """Its height between the top and the bottom."""
        return self.base + 0.25 * self.size

    @property
    def width(self) -> float:
        """Its width in times its font's height."""
        return (self.right - self.left) / max(self.size, 1)

    def beside(self, other: "Segment") -> bool:
        """Whether both stand on the same line to the eye."""
        return abs(self.base - other.base) < 0.45 * min(self.size, other.size)


def segments_of(words: Iterable[Word], rulings: Rulings | None = None) -> list[Segment]:
    """The pieces of lines that words make, in the order of the words.

    Args:
        words: In the order of their lines.
        rulings: The lines drawn on the page; one that goes down parts the words on both sides.
    """
    found: list[Segment] = []
    run: list[Word] = []
    for word in _with_leaders(words):
        if run and not _follows(run, word, rulings):
            found.append(Segment.of(run))
            run = []
        run.append(word)
    return [*found, Segment.of(run)] if run else found


def _with_leaders(words: Iterable[Word]) -> list[Word]:
    """The words with dots that stand apart as one leader, such as those of a table of contents."""
    found: list[Word] = []
    dots: list[Word] = []
    for word in [*words, None]:
        if word is not None and _IS_DOTS.fullmatch(word.text) and (not dots or _leads_on(dots[-1], word)):
            dots.append(word)
            continue
        if len(dots) >= _FEWEST_DOTS:
            left, right = min(dot.left for dot in dots), max(dot.right for dot in dots)
            dots = [replace(dots[0], text=LEADER, left=left, right=right)]
        found += dots
        dots = []
        if word is not None:
            # Dots in another line than those before are looked at anew.
            (dots if _IS_DOTS.fullmatch(word.text) else found).append(word)
    return found + dots


def _leads_on(before: Word, dots: Word) -> bool:
    """Whether dots stand right of a word or of others, not far from them."""
    return abs(before.base - dots.base) < 0.3 * dots.size and 0 <= dots.left - before.right < _LEADER_GAP * dots.size


def _follows(run: list[Word], word: Word, rulings: Rulings | None) -> bool:
    before = run[-1]
    if word.text == LEADER and _leads_on(before, word):
        return True
    if word.line != before.line or before.text.endswith(LEADER):
        return False
    gap = max(word.left - before.right, before.left - word.right)
    if gap > WIDE_GAP * max(min(run[0].size, word.size), 1) and not _is_mark(run):
        return False
    if word.left - before.right > _NUMBERS_GAP * word.size and is_value(word.text) and is_value(before.text):
        return False
    if rulings is None or not rulings.down:
        return True
    first, second = (before, word) if before.left <= word.left else (word, before)
    inside = (first.left + first.right) / 2, (second.left + second.right) / 2
    return not rulings.parts(*inside, before.base + 0.25 * before.size) or first.right > second.left + 0.5 * word.size


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


def _is_mark(run: list[Word]) -> bool:
    """Whether words are only the bullet or number of a list item, whose text stands apart."""
    text = "".join(word.text for word in run[:_LONGEST_MARK])
    return len(text) <= _LONGEST_MARK and _MARK.fullmatch(text) is not None


def is_item(text: str) -> bool:
    """Whether a piece of text begins with the sign of a list's item."""
    return _ITEM.match(text) is not None


def is_value(text: str) -> bool:
    """Whether a piece of text is a number or another short value, no part of a sentence."""
    digits = sum(map(str.isdigit, text))
    return (digits > 0 and digits >= 0.4 * len(text)) or not any(map(str.isalnum, text))


def eye_lines(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Pieces as lines to the eye, from the top, each from the left."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: -segment.base):
        if rows and any(segment.beside(other) for other in rows[-1][-3:]):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [sorted(row, key=lambda segment: segment.left) for row in rows]


def cell_text(segments: Iterable[Segment]) -> str:
    """The text of pieces that fill one cell."""
    lines = []
    for row in eye_lines(segments):
        texts = [segment.text for segment in row]
        backward = sum(map(_runs_left, texts)) > len(texts) / 2
        lines.append(" ".join(reversed(texts) if backward else texts))
    # Cells break at hyphens that are there anyway, seldom within a word.
    lines = [line[:-1] + "-" if line.endswith("\u00ad") else line for line in lines]
    return _DOTS.sub("", unbroken(lines))


def _runs_left(text: str) -> bool:
    """Whether a text is written from right to left."""
    return sum("\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc" for char in text) > len(text) / 2

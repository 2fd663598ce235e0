"""Plain text of any size: paragraphs parted by blank lines, lists, and headings where they are certain."""

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import text_stream
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.lines import numbered_lines, runs
from resources.domain import BlockType

Run = list[tuple[int, str]]
_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦▪]|\(?\d{1,3}[.)])[ \t]+\S")
_BULLET = re.compile(r"^([ \t]*)[*+•‣◦▪](?=[ \t])")
UNDERLINE = re.compile(r"([=\-~^\"'#*+_`:.])\1{2,}\s*")
_RULE = re.compile(r"[=\-~*_#+. ]{3,}")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4}\.?[ \t]+|\d{1,2}\.  |Appendix [A-Z]\.[ \t]+)[A-Z].{0,80}[^.,;:!?]")
_PAGE_FOOT = re.compile(r"\S.{0,100}\[Page \d{1,4}\]\s*")
_PAGE_HEAD = re.compile(r"(?:RFC \d{1,5}|Internet-Draft) .{0,100}\d{4}\s*")
_NO_TITLE = re.compile(r"\S(?:  |\t)|\||[.,;]$")
_LONGEST_TITLE = 250
_LONGEST_HEADING = 100


class TextParser:
    """Reads plain text in pieces, so that its size does not matter."""

    name = "text"
    version = 4
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".txt", ".text", ".log", ".nfo"), "text/plain")

    def parse(self, content: Content) -> Outline:
        """Paragraphs and lists with their lines, `[first, last]` counted from 1."""
        outline = Outline()
        add_text(outline, numbered_lines(text_stream(content)))
        return outline


def add_text(outline: Outline, lines: Iterable[tuple[int, str]]) -> None:
    """Add the blocks of plain text, and its first heading or line as the title."""
    ranks: list[str] = []
    title = first_line = ""
    for count, (run, following) in enumerate(_pairs(runs(_without_page_ends(lines)))):
        heading, used = _heading(run, following, ranks)
        if heading:
            level, text = heading
            outline.heading(text, level, lines=[run[0][0], run[used - 1][0]])
            title = title or text
        if run[used:]:
            _add_run(outline, run[used:])
        if not count and len(run) == 1 and not heading and not _ITEM.match(run[0][1]):
            first_line = run[0][1].strip()
        outline.title = title or (first_line if count and len(first_line) <= _LONGEST_TITLE else "")
        outline.flush()


def paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between blank ones, each with the number of its first line."""
    run: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            run.append(line)
        elif run:
            yield number - len(run), run
            run = []


def _add_run(outline: Outline, run: Run) -> None:
    texts = [line for _, line in run]
    lines = [run[0][0], run[-1][0]]
    if _ITEM.match(texts[0]):
        outline.add(BlockType.LIST, "\n".join(_BULLET.sub(r"\1-", line) for line in texts), lines=lines)
    elif len(texts) > 1 or not _RULE.fullmatch(texts[0]):
        outline.paragraph("\n".join(texts), lines=lines)


def _pairs(found: Iterable[Run]) -> Iterator[tuple[Run, Run]]:
    """Each run with the one after it."""
    before: Run | None = None
    for run in found:
        if before is not None:
            yield before, run
        before = run
    if before is not None:
        yield before, []


def _without_page_ends(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines without what printed texts repeat around each page's end."""
    paged = False
    for number, line in lines:
        if _PAGE_FOOT.fullmatch(line):
            paged = True
        elif not (paged and _PAGE_HEAD.fullmatch(line.strip("\f"))):
            yield number, line


def _heading(run: Run, following: Run, ranks: list[str]) -> tuple[tuple[int, str] | None, int]:
    """A heading at the start of a run, with its level, and how many lines it takes."""
    line = run[0][1].strip()
    if len(line) > _LONGEST_HEADING or (not following and len(run) < 3):
        return None, 0
    if len(run) > 1 and UNDERLINE.fullmatch(run[1][1]) and any(map(str.isalnum, line)) and run[0][1][0] not in " \t|+":
        under = run[1][1].strip()
        if abs(len(under) - len(line)) <= 2 and not _ITEM.match(line):
            return (_rank(under[0], ranks), line), 2
    if (framed := _framed(run, following)) is not None:
        return (_rank(run[0][1].strip()[0] * 2, ranks), framed), 3
    if len(run) > 1 or not following:
        return None, 0
    indent = len(following[0][1]) - len(following[0][1].lstrip())
    if _NUMBERED.fullmatch(run[0][1]) and indent == 3:
        number = line.split()[0].strip(".")
        return (number.count(".") + 1 if number[0].isdigit() else 1, line), 1
    if _is_capitals(line) and run[0][1][0] not in " \t" and not _is_capitals(following[0][1]):
        return (_rank("A", ranks), line), 1
    return None, 0


def _framed(run: Run, following: Run) -> str | None:
    """The heading between two equal lines of signs; the head of a table, whose words stand apart, is none."""
    if len(run) < 3 or not (following or len(run) > 3):
        return None
    above, line, below = (text.strip() for _, text in run[:3])
    plain = any(map(str.isalnum, line)) and not _ITEM.match(line) and not _NO_TITLE.search(line)
    return line if plain and len(line) <= _LONGEST_HEADING and above == below and UNDERLINE.fullmatch(above) else None


def _rank(sign: str, ranks: list[str]) -> int:
    if sign not in ranks:
        ranks.append(sign)
    return ranks.index(sign) + 1


def _is_capitals(line: str) -> bool:
    """Whether a line is words in capitals, as old texts write their headings."""
    letters = [char for char in line if char.isalpha()]
    capitals = len(letters) >= 5 and line.upper() == line and line.lower() != line
    return (
        capitals
        and len(letters) > 0.7 * len(line.replace(" ", ""))
        and line.strip()[-1] not in ".,;:!?"
        and len(line.split()) <= 12
    )

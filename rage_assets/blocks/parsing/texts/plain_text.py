"""Plain text: paragraphs parted by blank lines, and lists."""

import re
from collections.abc import Iterator
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦▪]|\(?\d{1,3}[.)])[ \t]+\S")
_BULLET = re.compile(r"^([ \t]*)[*+•‣◦▪](?=[ \t])")
_UNDERLINE = re.compile(r"([=\-~^\"'#*+])\1{2,}\s*")
_EQUALS = re.compile(r"(={1,6}|\*{1,6}) +(\S.{0,150})")
_LONGEST_TITLE = 250
_MARKUP = {".rst": "rst", ".org": "org"}


class TextParser:
    """Reads plain text, and of light markup languages the headings."""

    name = "text"
    version = 2
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".txt", ".text", ".log", ".nfo", *_MARKUP), "text/plain"
    )

    def parse(self, content: Content) -> Outline:
        """Paragraphs and lists with their lines, `[first, last]` counted from 1."""
        outline = Outline()
        markup = _MARKUP.get(content.suffix, "")
        ranks: list[str] = []
        for first, lines in paragraphs(content.text):
            last = first + len(lines) - 1
            found = _heading(lines, markup, ranks)
            if found:
                text, level, used = found
                outline.heading(text, level, lines=[first, first + used - 1])
                lines, first = lines[used:], first + used
            if lines and _ITEM.match(lines[0]):
                items = "\n".join(_BULLET.sub(r"\1-", line) for line in lines)
                outline.add(BlockType.LIST, items, lines=[first, last])
            elif lines:
                outline.paragraph("\n".join(lines), lines=[first, last])
        heading = next((block for block in outline.blocks if block.type is BlockType.HEADING), None)
        outline.title = heading.text if heading else _first_line(outline)
        return outline


def _first_line(outline: Outline) -> str:
    """The title of a text without headings: a first paragraph of one short line, with more below it."""
    first = outline.blocks[0].text if len(outline.blocks) > 1 and outline.blocks[0].type is BlockType.PARAGRAPH else ""
    return first if "\n" not in first and len(first) <= _LONGEST_TITLE else ""


def paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between blank ones, each with the number of its first line."""
    run: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            run.append(line)
        elif run:
            yield number - len(run), run
            run = []


def _heading(lines: list[str], markup: str, ranks: list[str]) -> tuple[str, int, int] | None:
    """A heading at the start of a paragraph: its text, its level, and how many lines it takes."""
    if markup in ("asciidoc", "org") and (marked := _EQUALS.fullmatch(lines[0].rstrip())):
        return marked[2], len(marked[1]), 1
    if markup == "rst" and len(lines) > 1:
        over = 1 if _UNDERLINE.fullmatch(lines[0]) else 0
        under = lines[over + 1] if len(lines) > over + 1 else ""
        if _UNDERLINE.fullmatch(under) and len(under.rstrip()) >= len(lines[over].rstrip()) - 2:
            rank = under[0] * (over + 1)
            if rank not in ranks:
                ranks.append(rank)
            return lines[over].strip(), ranks.index(rank) + 1, over + 2
    return None

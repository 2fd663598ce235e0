"""Paragraphs, list items and tables in the order of a text; neighbouring items become one block."""

import re
from collections.abc import Sequence
from typing import Any

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType

_TABLE_CHARS = 6000
_DEEPEST_ITEM = 20
# Heading styles as the languages of Word and LibreOffice call them, where only the name is there.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift|otsikko|nagłówek|nadpis|címsor|titlu|başlık|"
    r"заголовок|επικεφαλίδα|見出し|标题|標題|제목)\s?_?(\d{1,2})",
    re.IGNORECASE,
)


def style_level(name: str) -> int | None:
    """The level of heading that a paragraph style's name promises; None for any other style."""
    name = name.strip().lower()
    found = _HEADING.fullmatch(name)
    if found and 1 <= int(found[1]) <= 10:
        return int(found[1])
    return 1 if name in ("title", "titel") else None


# A bullet or number that was typed before an item of a list; a tab parts it from the text.
_TYPED = re.compile(r"([•◦▪■●○‣⁃–-]|\(?(?:\d{1,3}|[A-Za-z])[.)])[ \xa0]*\t\s*(?=\S)|[•◦▪■●○‣⁃][ \xa0]+(?=\S)")


def typed_item(text: str) -> tuple[str, str] | None:
    """The number and the text of an item whose mark was typed, as programs without lists do; None for other text.

    The number of a bullet is empty.
    """
    mark = _TYPED.match(text)
    if mark is None:
        return None
    number = mark[1] or ""
    return (number if any(map(str.isalnum, number)) else ""), text[mark.end() :]


class Flow:
    """Writes a text into an outline."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._items: list[str] = []
        self._code: list[str] = []

    def heading(self, text: str, level: int, **metadata: Any) -> None:
        """Add a heading."""
        self.flush()
        self.outline.heading(text, level, **metadata)

    def paragraph(self, text: str, **metadata: Any) -> None:
        """Add a paragraph; one that begins with a typed bullet is an item of a list."""
        item = None if metadata else typed_item(text.lstrip(" \n"))
        if item is not None:
            self.item(item[1], label=item[0])
        elif text.strip():
            self.flush()
            self.outline.paragraph(text, **metadata)

    def item(self, text: str, depth: int = 0, label: str = "") -> None:
        """Add an item of a list.

        Args:
            text: Its text without the mark.
            depth: How many lists it stands in, from 0.
            label: Its number; without one it has a bullet.
        """
        if text.strip():
            if self._code:
                self.flush()
            indent = "  " * min(max(depth, 0), _DEEPEST_ITEM)
            lines = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
            self._items.append(f"{indent}{label or '-'} " + f"\n{indent}  ".join(lines))

    def add(self, kind: BlockType, text: str, **metadata: Any) -> None:
        """Add a line of code, or a block of another kind."""
        if kind is BlockType.CODE:
            if self._items:
                self.flush()
            self._code.append(text)
        else:
            self.flush()
            self.outline.add(kind, text, **metadata)

    def table(self, rows: Sequence[Sequence[str]], **metadata: Any) -> None:
        """Add a table, a long one in parts that each have the header."""
        self.flush()
        parts = list(table_parts(rows, max_chars=_TABLE_CHARS))
        for first, last, table in parts:
            at = [first, last] if len(parts) > 1 else None
            self.outline.add(BlockType.TABLE, table, rows=at, **metadata)

    def flush(self) -> None:
        """End the list or the code that is open."""
        if self._items:
            self.outline.add(BlockType.LIST, "\n".join(self._items))
        if self._code:
            self.outline.add(BlockType.CODE, "\n".join(self._code))
        self._items, self._code = [], []


def finish(
    outline: Outline, title: str = "", headers: Sequence[str] = (), footers: Sequence[str] = (), **facts: str
) -> None:
    """Give a document its title, and its first block what holds for the whole of it.

    Args:
        outline: The document.
        title: Its own title; else its first heading, where that is of the highest level.
        headers: Texts above its pages.
        footers: Texts below its pages.
        **facts: Its author, subject and so on.
    """
    if not outline.blocks:
        return
    headings = (block for block in outline.blocks if block.type is BlockType.HEADING)
    first = next(headings, None)
    outline.title = title.strip() or (first.text if first and first.metadata["level"] == 1 else "")
    document = {name: value.strip() for name, value in facts.items() if value.strip()}
    whole = {"headers": list(headers), "footers": list(footers), "document": document}
    outline.blocks[0].metadata |= {name: value for name, value in whole.items() if value}

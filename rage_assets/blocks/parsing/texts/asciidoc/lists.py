"""Lists of AsciiDoc: bullets, numbers, callouts and terms, nested by their markers."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.texts.asciidoc.lines import Line
from rage_assets.blocks.parsing.texts.asciidoc.signs import ATTRIBUTES, DELIMITER, SECTION, TITLE, joined

if TYPE_CHECKING:
    from rage_assets.blocks.parsing.texts.asciidoc.blocks import BlockReader
_ITEM = re.compile(r"[ \t]*(-|\*{1,6}|•|\.{1,6}|\d{1,5}\.|[a-zA-Z]\.|[ivxIVX]{1,8}\)|<(?:\d{1,3}|\.)>)[ \t]+(\S.*)")
_CHECK = re.compile(r"\[[ xX*]\][ \t]+")
_TERM = re.compile(r"[ \t]*(?!//)(\S(?:.{0,500}?\S)??)(:{2,4}|;;)(?:[ \t]+(\S.*))?")


def is_item(line: str) -> bool:
    """Whether a line begins a list item."""
    return _marker(line) is not None


def _marker(line: str) -> tuple[str, str, str] | None:
    """An item's marker, its term where it has one, and its text."""
    if found := _ITEM.fullmatch(line):
        sign = found[1]
        kind = "1" if sign[0].isdigit() else "a" if sign[0].isalpha() else "<" if sign[0] == "<" else sign
        return kind, "", found[2]
    if (found := _TERM.fullmatch(line)) and not line.startswith(("image::", "video::", "audio::", "toc::", "include::")):
        return found[2], found[1], found[3] or ""
    return None


def read_list(reader: "BlockReader", lines: list[Line], at: int, options: dict[str, str]) -> int:
    """Add a list with all lists in it; where the block after it begins."""
    outer = reader.items.depth
    if not outer:
        reader.item_lines = [lines[at].number, lines[at].number]
    open_: list[str] = []
    start = options.get("start", "")
    while at < len(lines):
        line = lines[at].text
        found = _marker(line)
        if found:
            _open_item(reader, open_, found[0], int(start) if start.isdigit() and len(start) < 6 else 1)
            start = ""
            at = _item(reader, lines, at, found[1], found[2])
        elif line == "+" and at + 1 < len(lines):
            at = _attached(reader, lines, at + 1)
        elif (line.startswith("//") and not line.startswith("////")) or (line[:1] == ":" and reader.attributes.entry(line)):
            at += 1
        else:
            following = _continues(lines, at, open_)
            if following is None:
                break
            at = following
    for _ in open_:
        reader.items.close()
    if not outer:
        reader.end_list([])
    return at


def _open_item(reader: "BlockReader", open_: list[str], kind: str, first: int) -> None:
    """Begin an item: of the list with its marker, or of a new list in the item that is open."""
    if kind in open_:
        while open_[-1] != kind:
            open_.pop()
            reader.items.close()
    else:
        open_.append(kind)
        # numbers that the source does not write are no text of it
        written = kind[0] in "1a<" or kind[-1] == ")"
        reader.items.open(first if written else None)
    reader.items.item()


def _item(reader: "BlockReader", lines: list[Line], at: int, term: str, text: str) -> int:
    """Add the text of an item, which goes on to the next blank line, marker or block."""
    first, taken = at, [text] if text else []
    at += 1
    if term and not text:
        while at < len(lines) and not lines[at].text.strip() and _is_text(lines, at + 1):
            at += 1
    while at < len(lines):
        line = lines[at].text
        if not line.strip() or line == "+" or DELIMITER.fullmatch(line) or ATTRIBUTES.fullmatch(line) or _marker(line):
            break
        if not line.startswith("//"):
            taken.append(line.strip())
        at += 1
    shown = reader.plain(_CHECK.sub("", joined(taken)))
    name = reader.plain(term)
    reader.text(f"{name}: {shown}" if name and shown else name or shown, lines[first:at])
    return at


def _is_text(lines: list[Line], at: int) -> bool:
    """Whether a line can be the text of the term above it."""
    line = lines[at].text if at < len(lines) else ""
    other = (ATTRIBUTES, DELIMITER, SECTION, TITLE)
    return not line.strip() or not (any(pattern.fullmatch(line) for pattern in other) or is_item(line))


def _attached(reader: "BlockReader", lines: list[Line], at: int) -> int:
    """Add the block that a plus attaches to the current item."""
    while at < len(lines):
        line = lines[at].text
        head = ATTRIBUTES.fullmatch(line) or TITLE.fullmatch(line) or (line.startswith("//") and line[2:3] != "/")
        if not head and line.strip():
            break
        at = reader.block(lines, at)
    return reader.block(lines, at) if at < len(lines) and not is_item(lines[at].text) else at


def _continues(lines: list[Line], at: int, open_: list[str]) -> int | None:
    """Where the list goes on after a blank line or the attributes of a list in it; None where it ends."""
    blank = attributes = False
    while at < len(lines) and (not lines[at].text.strip() or ATTRIBUTES.fullmatch(lines[at].text)):
        blank = blank or not lines[at].text.strip()
        attributes = attributes or bool(lines[at].text.strip())
        at += 1
    if at >= len(lines) or not (blank or attributes):
        return None
    found = _marker(lines[at].text)
    if found:
        return None if attributes and found[0] in open_[:1] else at
    if lines[at].text == "+" and not attributes:
        return at
    return None

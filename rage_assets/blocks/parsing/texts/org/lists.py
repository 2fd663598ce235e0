"""Lists of Org: bullets, numbers and terms, nested by their indent."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.texts.list_items import ListItems
from rage_assets.blocks.parsing.texts.org.signs import BEGIN, CODE, DRAWER, HEADING, ITEM, KEYWORD, SILENT, code

if TYPE_CHECKING:
    from rage_assets.blocks.parsing.texts.org.parser import Reader

_CHECK = re.compile(r"(?:\[@(\d{1,5})\][ \t]*)?(?:\[[ xX-]\][ \t]+)?")
_TERM = re.compile(r"(\S.{0,300}?)[ \t]+::(?:[ \t]+|$)(.*)")


def read_list(reader: "Reader") -> str:
    """The list that begins at the reader's line, with all lists in it; the reader goes behind it."""
    items, indents, kinds = ListItems(), list[int](), dict[int, bool]()
    blank = 0
    while reader.at < len(reader.lines):
        line = reader.lines[reader.at]
        indent = len(line) - len(line.lstrip())
        found = ITEM.fullmatch(line)
        if not line.strip():
            blank += 1
        elif HEADING.fullmatch(line) or blank > 1 or (not found and indent <= indents[0]):
            break
        elif found:
            while indents and indent < indents[-1]:
                indents.pop()
                items.close()
            numbered = found[2][0].isalnum()
            if indents and indent == indents[-1] and numbered != kinds[indent]:
                indents.pop()
                items.close()
            if not indents or indent > indents[-1]:
                indents.append(indent)
                items.open(int(found[2][:-1]) if found[2][0].isdigit() else 1 if numbered else None)
            kinds[indent] = numbered
            _item(reader, found[3] or "", items)
        else:
            _in_item(reader, line, items)
        blank = 0 if line.strip() else blank
        reader.at += 1
    return items.take()


def _item(reader: "Reader", text: str, items: ListItems) -> None:
    """Begin an item; its number where the text sets one, and no box to check."""
    check = _CHECK.match(text)
    items.item(int(check[1]) if check and check[1] else None)
    text = text[check.end() if check else 0 :]
    term = _TERM.fullmatch(text)
    items.text(reader.inline.plain(f"{term[1]}: {term[2]}" if term else text))


def _in_item(reader: "Reader", line: str, items: ListItems) -> None:
    """Add a line below the first of an item; code stays as it is, and the settings of blocks are no text."""
    begun, keyword = BEGIN.fullmatch(line), KEYWORD.fullmatch(line)
    end = reader.end(f"#+end_{begun[1].lower()}") if begun and begun[1].lower() in CODE else None
    if begun and end is not None:
        if begun[1].lower() != "comment":
            items.text(code(reader.lines[reader.at + 1 : end]))
        reader.at = end
    elif keyword:
        items.text(reader.inline.plain(keyword[2]) if keyword[1].lower() == "caption" else "")
    elif not (DRAWER.fullmatch(line) or SILENT.fullmatch(line) or line.lstrip().startswith("#+")):
        items.text(reader.inline.plain(line))

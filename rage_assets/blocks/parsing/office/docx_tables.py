"""The tables of Word: rows and cells, through revisions and content controls, merged cells once."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local

if TYPE_CHECKING:
    from lxml.etree import _Element

_TRANSPARENT = {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body", "AlternateContent", "Choice"}
_MAX_DEPTH = 20
_WIDEST = 100


def blocks(container: "_Element", depth: int = 0) -> Iterator["_Element"]:
    """The paragraphs, tables and imported parts of a container, through the wrappers around them."""
    for element in container:
        name = local(element)
        if name in ("p", "tbl", "altChunk"):
            yield element
        elif name in _TRANSPARENT and depth < _MAX_DEPTH and not is_prompt(element):
            yield from blocks(element, depth + 1)


def is_prompt(element: "_Element") -> bool:
    """Whether a content control still shows what to write there."""
    prompt = child(element, "sdtPr", "showingPlcHdr")
    return prompt is not None and attribute(prompt, "val") not in ("0", "false")


def table_rows(table: "_Element", read: "Callable[[_Element], str]") -> list[list[str]]:
    """The texts of a table; those of tables within its cells stand apart.

    Args:
        table: The table.
        read: The text of a paragraph.
    """
    return [list(_cells(row, read)) for row in _rows(table)]


def table_cells(table: "_Element") -> "list[_Element]":
    """The cells of a table, in order."""
    return [cell for row in _rows(table) for cell in _elements(row, "tc")]


def _rows(table: "_Element") -> Iterator["_Element"]:
    for row in _elements(table, "tr"):
        if child(row, "trPr", "del") is None:
            yield row


def _elements(element: "_Element", name: str, depth: int = 0) -> Iterator["_Element"]:
    for each in element:
        if local(each) == name:
            yield each
        elif local(each) in _TRANSPARENT and depth < _MAX_DEPTH:
            yield from _elements(each, name, depth + 1)


def _cells(row: "_Element", read: "Callable[[_Element], str]") -> Iterator[str]:
    """The texts of a row's cells; one that is merged stands in its first place, the others are blank."""
    yield from [""] * _count(child(row, "trPr", "gridBefore"), 0)
    for element in _elements(row, "tc"):
        properties = child(element, "tcPr")
        merge = child(properties, "vMerge")
        goes_on = merge is not None and attribute(merge, "val") != "restart"
        yield "" if goes_on else _cell_text(element, read)
        yield from [""] * (_count(child(properties, "gridSpan"), 1) - 1)


def _count(element: "_Element | None", default: int) -> int:
    value = attribute(element, "val") or ""
    return min(int(value), _WIDEST) if value.isdecimal() and len(value) < 9 else default


def _cell_text(cell: "_Element", read: "Callable[[_Element], str]") -> str:
    texts = (read(element) for element in blocks(cell) if local(element) == "p")
    return " ".join(filter(None, (text.strip() for text in texts)))

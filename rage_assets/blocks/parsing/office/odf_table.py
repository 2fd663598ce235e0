"""Tables of OpenDocument texts and slides; what one cell repeats is bounded."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.odf_package import number, tag
from rage_assets.blocks.parsing.office.story import Item, Table
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_REPEATED = 1000
_MAX_CELLS = 200_000
_GROUPS = ("table:table-header-rows", "table:table-rows", "table:table-row-group")
_CELLS = ("table:table-cell", "table:covered-table-cell")


def table_of(element: "_Element", read: "Callable[[_Element], list[Item]]") -> list[Item]:
    """A table; a merged cell stands in its first place, the others are blank.

    Args:
        element: The `table:table`.
        read: What reads the content of a cell.
    """
    rows: list[tuple[list[list[Item]], tuple[int, ...]]] = []
    size = 0
    for row in _rows(element):
        cells: list[list[Item]] = []
        for cell in row:
            if tag(cell) in _CELLS:
                # A covered cell may hold what it had before it was merged; nobody sees it.
                content = read(cell) if tag(cell) == "table:table-cell" else []
                cells += [content] * max(number(cell, "table:number-columns-repeated", 1, _MAX_REPEATED), 1)
        while cells and not cells[-1]:
            cells.pop()
        filled = any(cells)
        times = max(number(row, "table:number-rows-repeated", 1, _MAX_REPEATED), 1) if filled else 1
        size += len(cells) * times
        if size > _MAX_CELLS:
            raise ParseFailed("too_large", f"A table would have more than {_MAX_CELLS} cells.")
        rows += [(cells, ())] * times
    return [Table(rows)] if any(cells for cells, _ in rows) else []


def _rows(element: "_Element") -> "Iterator[_Element]":
    for child in element:
        if tag(child) == "table:table-row":
            yield child
        elif tag(child) in _GROUPS:
            yield from _rows(child)

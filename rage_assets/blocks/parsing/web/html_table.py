"""Tables of HTML as rows of text."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CODE = re.compile(
    r"\b(?:highlighttable|rouge-table|lntable|hljs-ln|js-file-line-container|blob-code|syntaxhighlighter|linenos|lineno|gutter)\b"
)
_MAX_SPAN = 100
_MOST_PLACES = 2_000_000


def is_data_table(table: "HtmlElement") -> bool:
    """Whether a table holds data; else it lays out a page, and its cells are ordinary text."""
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [row.xpath("./td|./th") for row in _own_rows(table)]
    columns = max(map(len, rows), default=0)
    if any(cell.tag == "th" for row in rows for cell in row) or table.find("caption") is not None:
        return columns > 0
    if columns < 2 or next(table.iterdescendants("table"), None) is not None:
        return False
    cells = [cell for row in rows for cell in row]
    long_cells = sum(len(cell.text_content()) > 1000 for cell in cells)
    if next(table.iterdescendants("h1", "h2", "h3", "article"), None) is not None or long_cells * 4 > len(cells):
        return False
    # A single row of boxes with paragraphs in them is two columns of a page.
    boxes = sum(len(cell.xpath("./p|./div|./ul|./ol|./blockquote")) > 1 for cell in cells)
    return not boxes if sum(map(bool, rows)) == 1 else boxes * 2 <= len(cells)


def code_of_table(table: "HtmlElement", text_of: Callable[["HtmlElement"], str]) -> str | None:
    """The code that a table shows beside the numbers of its lines; None for a table of anything else.

    Args:
        table: The `table` element.
        text_of: Gives the text of preformatted lines.
    """
    names = f"{table.get('class') or ''} {' '.join(table.xpath('.//td[position() < 3]/@class')[:4])}"
    if not _CODE.search(names):
        return None
    cells = [row.xpath("./td")[-1:] for row in _own_rows(table)]
    return "\n".join(text_of(cell).strip("\n") for row in cells for cell in row)


def table_rows(table: "HtmlElement", text_of: Callable[["HtmlElement"], str]) -> list[list[str]]:
    """The rows of a table; a merged cell's text stands once, in its first row and column.

    Args:
        table: The `table` element.
        text_of: Gives the text of a cell.
    """
    rows: list[list[str]] = []
    taken: set[tuple[int, int]] = set()
    for at, row in enumerate(_own_rows(table)):
        texts: dict[int, str] = {}
        column = 0
        for cell in row.xpath("./td|./th"):
            while (at, column) in taken:
                column += 1
            texts[column] = text_of(cell)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            if len(taken) + width * height > _MOST_PLACES:
                raise ParseFailed("too_large", f"A table takes more than {_MOST_PLACES} places.")
            taken.update((at + down, column + right) for down in range(height) for right in range(width))
            column += width
        rows.append([texts.get(place, "") for place in range(max(texts, default=-1) + 1)])
    return rows


def _own_rows(table: "HtmlElement") -> list["HtmlElement"]:
    """The rows of a table without those of tables in its cells."""
    return list(table.xpath("./tr|./thead/tr|./tbody/tr|./tfoot/tr"))


def _span(cell: "HtmlElement", name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() else 1

"""Tables of HTML and XML as rows of text."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CODE = re.compile(
    r"\b(?:highlighttable|rouge-table|lntable|hljs-ln|js-file-line-container|blob-code|syntaxhighlighter|linenos|lineno|gutter)\b"
)
# Tables of HTML, of CALS (DocBook, DITA), of TEI, and DITA's simple ones.
_ROWS = frozenset(("tr", "row", "sthead", "strow", "property", "prophead", "chhead", "chrow"))
_CELLS = frozenset(("td", "th", "entry", "cell", "stentry", "proptype", "propvalue", "propdesc", "proptypehd",
                    "propvaluehd", "propdeschd",
          "choption", "chdesc", "choptionhd", "chdeschd"))  # fmt: skip
_PARTS = ("thead", "tbody", "tfoot")
_MAX_SPAN = 100
_MOST_PLACES = 2_000_000


def is_data_table(table: "HtmlElement") -> bool:
    """Whether a table holds data; else it lays out a page, and its cells are ordinary text."""
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in _own_rows(table)]
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
    cells = [next(row.iterchildren("td", reversed=True), None) for row in _own_rows(table)]
    return "\n".join(text_of(cell).strip("\n") for cell in cells if cell is not None)


def table_rows(table: Any, text_of: Callable[[Any], str]) -> list[list[str]]:
    """The rows of a table; a merged cell's text stands once, in its first row and column.

    Args:
        table: The `table` element, of HTML or of XML.
        text_of: Gives the text of a cell.
    """
    rows: list[list[str]] = []
    taken: set[tuple[int, int]] = set()
    columns = {column.get("colname"): at for at, column in enumerate(table.iter("{*}colspec"))}
    for at, row in enumerate(_own_rows(table)):
        texts: dict[int, str] = {}
        column = 0
        for cell in row:
            if _name(cell) not in _CELLS:
                continue
            while (at, column) in taken:
                column += 1
            texts[column] = text_of(cell)
            width = _columns_named(cell, columns) or _span(cell.get("colspan") or cell.get("cols"))
            height = _span(cell.get("rowspan") or cell.get("rows"), more=cell.get("morerows"))
            if len(taken) + width * height > _MOST_PLACES:
                raise ParseFailed("too_large", f"A table takes more than {_MOST_PLACES} places.")
            taken.update((at + down, column + right) for down in range(height) for right in range(width))
            column += width
        rows.append([texts.get(place, "") for place in range(max(texts, default=-1) + 1)])
    return rows


def _own_rows(table: Any) -> list[Any]:
    """The rows of a table without those of tables in its cells."""
    rows = []
    for child in table:
        if _name(child) in _ROWS:
            rows.append(child)
        elif _name(child) in _PARTS:
            rows += [row for row in child if _name(row) in _ROWS]
        elif _name(child) == "tgroup":
            rows += [row for part in child for row in part if _name(row) in _ROWS]
    return rows


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _columns_named(cell: Any, columns: dict[str | None, int]) -> int:
    """How many columns a cell of a CALS table spans by their names; 0 where it names none."""
    first, last = columns.get(cell.get("namest") or "-"), columns.get(cell.get("nameend") or "-")
    return max(last - first + 1, 1) if first is not None and last is not None else 0


def _span(value: str | None, more: str | None = None) -> int:
    if more and more.strip().isdecimal():
        return min(int(more) + 1, _MAX_SPAN)
    value = (value or "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() and len(value) < 9 else 1

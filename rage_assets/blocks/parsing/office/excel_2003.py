"""Workbooks in the XML of Excel 2003, which many programs still export under the name `.xls`."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.number_formats import plain
from rage_assets.blocks.parsing.office.regions import Area, column_name
from rage_assets.blocks.parsing.office.sheets import Comment, Sheet
from rage_assets.blocks.parsing.office.xlsx_sheet import elements

if TYPE_CHECKING:
    from lxml.etree import _Element

_NAMESPACE = b"urn:schemas-microsoft-com:office:spreadsheet"
_LAST_PLACE = 1_048_576


def is_excel_2003(content: Content) -> bool:
    """Whether a file is such a workbook."""
    with content.open() as stream:
        start = stream.read(4096)
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and _NAMESPACE in start


def excel_2003_sheets(content: Content) -> Iterator[Sheet]:
    """The sheets of such a workbook."""
    for worksheet in elements(io.BytesIO(content.data), "Worksheet"):
        sheet = Sheet(attribute(worksheet, "Name") or "", [])
        sheet.rows, sheet.merges = _cells(child(worksheet, "Table"), sheet.comments)
        yield sheet


def _cells(table: "_Element | None", comments: list[Comment]) -> tuple[list[tuple[int, dict[int, str]]], list[Area]]:
    rows: list[tuple[int, dict[int, str]]] = []
    merges: list[Area] = []
    number = 0
    for row in (each for each in (table if table is not None else ()) if local(each) == "Row"):
        number = _whole(row, "Index", number + 1)
        texts: dict[int, str] = {}
        column = 0
        for cell in (each for each in row if local(each) == "Cell"):
            column = _whole(cell, "Index", column + 1)
            across, down = _whole(cell, "MergeAcross", 0), _whole(cell, "MergeDown", 0)
            if across or down:
                merges.append(Area(number, column, number + down, column + across))
            text = _shown(child(cell, "Data"))
            if text:
                texts[column] = text
            note = child(cell, "Comment")
            said = child(note, "Data")
            if said is not None:
                words = "".join(said.itertext()).strip()
                comments.append(Comment(f"{column_name(column)}{number}", attribute(note, "Author") or "", words))
            column += across
        if texts:
            rows.append((number, texts))
    return rows, merges


def _shown(data: "_Element | None") -> str:
    text = "" if data is None else "".join(data.itertext()).strip()
    match attribute(data, "Type"):
        case "Number":
            try:
                return plain(float(text))
            except (ValueError, OverflowError):
                return text
        case "DateTime":
            return text.removesuffix(".000").removesuffix("T00:00:00").replace("T", " ").removeprefix("1899-12-31 ")
        case "Boolean":
            return "FALSE" if text == "0" else "TRUE"
    return text


def _whole(element: "_Element", name: str, default: int) -> int:
    written = attribute(element, name) or ""
    return min(int(written), _LAST_PLACE) if written.isdecimal() and len(written) < 9 else default

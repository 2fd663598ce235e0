"""Spreadsheets: the values of each sheet as tables."""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, ClassVar

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS, Archive
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType
from resources.errors import ParseFailed

_MAX_COLUMNS = 500
_MAX_CELLS = 5_000_000
_CORNER = re.compile(r"([A-Z]{0,4})([0-9]{0,9})")
_LAST_COLUMN, _LAST_ROW = "XFD", 1_048_576


class XlsxParser:
    """Reads Excel workbooks with openpyxl, where that is installed."""

    name = "xlsx"
    version = 1
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".xlsx", ".xlsm"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )

    def parse(self, content: Content) -> Outline:
        """A heading for each sheet, and its tables with `sheet` and `rows`; blank rows part tables."""
        import openpyxl

        archive = Archive(content.data)  # for its bounds on what an archive unpacks to
        archive.refuse_doctypes()
        _refuse_large_areas(archive)
        outline = Outline()
        book = openpyxl.load_workbook(io.BytesIO(content.data), data_only=True)
        for page, sheet in enumerate(book.worksheets, start=1):
            outline.page = page
            outline.heading(sheet.title, 1)
            if sheet.max_row * min(sheet.max_column, _MAX_COLUMNS) > _MAX_CELLS:
                raise ParseFailed("too_large", f"Sheet {sheet.title} has more than {_MAX_CELLS} cells.")
            cells = list(sheet.iter_rows(max_col=_MAX_COLUMNS if sheet.max_column > _MAX_COLUMNS else None))
            for first, rows in _regions([_shown(cell.value) for cell in row] for row in cells):
                _add(outline, rows, sheet.title, first)
            for cell in (cell for row in cells for cell in row if cell.comment):
                text = f"{cell.coordinate} {cell.comment.author or ''}: {cell.comment.text}"
                outline.paragraph(text, role="comment", sheet=sheet.title)
        if all(block.type is BlockType.HEADING for block in outline.blocks):
            outline.blocks.clear()
        return outline


def _refuse_large_areas(archive: Archive) -> None:
    """Refuses areas (merged cells, links) of which openpyxl would make every cell."""
    from lxml import etree

    for name in archive.names:
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            continue
        total = 0
        sheet = etree.iterparse(io.BytesIO(archive.read(name)), tag=("{*}mergeCell", "{*}hyperlink"), **XML_OPTIONS)
        try:
            for _, element in sheet:
                total += _cells_of(element.get("ref", ""))
                if total > _MAX_CELLS:
                    raise ParseFailed("too_large", f"The areas of {name} have more than {_MAX_CELLS} cells.")
        except etree.XMLSyntaxError as error:
            raise ParseFailed("broken", f"Part {name} is not XML: {error}") from None


def _cells_of(area: str) -> int:
    """How many cells an area has, such as `A1:C3`, `A:C` or `1:3`."""
    corners = [_CORNER.fullmatch(corner) for corner in area.replace("$", "").upper().split(":")]
    first, last = corners[0], corners[-1]
    if len(corners) != 2 or first is None or last is None:
        return 1
    columns = _column(last[1] or _LAST_COLUMN) - _column(first[1] or "A")
    rows = int(last[2] or _LAST_ROW) - int(first[2] or 1)
    return (abs(columns) + 1) * (abs(rows) + 1)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _add(outline: Outline, rows: list[list[str]], sheet: str, first: int) -> None:
    if len(rows[0]) == 1 and len(rows) == 1:
        outline.paragraph(rows[0][0], sheet=sheet, rows=[first, first])
        return
    for start, end, table in table_parts(rows):
        outline.add(BlockType.TABLE, table, sheet=sheet, rows=[first + start - 1, first + end - 1])


def _regions(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[list[str]]]]:
    """Runs of rows between blank ones without blank columns, each with the number of its first row."""
    run: list[list[str]] = []
    number = 0
    for number, row in enumerate(rows, start=1):
        if any(row):
            run.append(row)
        elif run:
            yield number - len(run), _trimmed(run)
            run = []
    if run:
        yield number - len(run) + 1, _trimmed(run)


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    used = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    return [[row[column] for column in used] for row in rows]


def _shown(value: Any) -> str:
    """A value as a reader of the sheet knows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).strip()

"""Excel's binary workbooks, of before 2007 (`.xls`) and of today (`.xlsb`)."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import looks_binary
from rage_assets.blocks.parsing.office.binary_bounds import refuse_large
from rage_assets.blocks.parsing.office.delimited import DelimitedParser
from rage_assets.blocks.parsing.office.excel_2003 import excel_2003_sheets, is_excel_2003
from rage_assets.blocks.parsing.office.number_formats import plain
from rage_assets.blocks.parsing.office.regions import Area
from rage_assets.blocks.parsing.office.sheets import Sheet, add_book
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_OLE = b"\xd0\xcf\x11\xe0"
_OLDER = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")  # workbooks of before 1995, without a container


class BinarySheetsParser:
    """Reads binary workbooks with calamine, which knows dates from numbers, but no other format of a number."""

    name = "xls"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {
        ".xls": "application/vnd.ms-excel",
        ".xlt": "application/vnd.ms-excel",
        ".xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    }

    def parse(self, content: Content) -> Outline:
        """A heading for each sheet that is shown, and its tables with `sheet`, `rows` and `cells`."""
        import python_calamine

        outline = Outline()
        if is_excel_2003(content):
            add_book(outline, excel_2003_sheets(content))
            return outline
        if not content.data.startswith((b"PK", _OLE, *_OLDER)) and not looks_binary(content.data):
            return DelimitedParser().parse(content)  # what many a program calls an export to Excel
        refuse_large(content.data)
        try:
            book = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content.data))
            hidden = [each.name for each in book.sheets_metadata if _hidden(each)]
            add_book(outline, _sheets(book), hidden if len(hidden) < len(book.sheet_names) else ())
        except python_calamine.PasswordError:
            raise ParseFailed("encrypted", "The workbook is protected by a password.") from None
        except python_calamine.CalamineError as error:
            raise ParseFailed("broken", f"The workbook cannot be read: {error}") from None
        except ParseFailed:
            raise
        except BaseException as error:
            # A panic in calamine is no Exception, so that nothing takes it for one that it knows.
            if type(error).__name__ != "PanicException":
                raise
            raise ParseFailed("broken", f"The workbook cannot be read: {error}"[:300]) from None
        return outline


def _hidden(sheet: Any) -> bool:
    import python_calamine

    return bool(sheet.visible != python_calamine.SheetVisibleEnum.Visible)


def _sheets(book: Any) -> Iterator[Sheet]:
    import python_calamine

    kinds = (python_calamine.SheetTypeEnum.WorkSheet, python_calamine.SheetTypeEnum.DialogSheet)
    sheets = [each for each in book.sheets_metadata if each.typ in kinds]
    for each in [sheet for sheet in sheets if not _hidden(sheet)] or sheets:
        sheet = book.get_sheet_by_name(each.name)
        merges = [Area(top + 1, left + 1, bottom + 1, right + 1)
                  for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]  # fmt: skip
        yield Sheet(each.name, _rows(sheet), merges)


def _rows(sheet: Any) -> Iterator[tuple[int, dict[int, str]]]:
    if sheet.start is None:
        return
    # Rows are counted from the sheet's first, columns from its first column that has a value.
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), start=sheet.start[0] + 1):
        texts = {column: text for column, value in enumerate(row, start=sheet.start[1] + 1) if (text := _shown(value))}
        if texts:
            yield number, texts


def _shown(value: Any) -> str:
    """A value as a reader of the sheet knows it."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            return plain(value)
        case datetime() if value.time() != time():
            return value.isoformat(" ", "minutes" if not value.second else "seconds")
        case datetime():
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value).strip()

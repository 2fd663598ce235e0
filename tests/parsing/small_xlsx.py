"""Small Excel workbooks, built in memory."""

import io

import openpyxl

from tests.parsing.small_files import zipped

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sheet(cells, merged=(), formats=None):
    """A workbook of one sheet with these cells."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    for place, value in cells.items():
        book.active[place] = value
    for place, form in (formats or {}).items():
        book.active[place].number_format = form
    for area in merged:
        book.active.merge_cells(area)
    return saved(book)


def raw(data, **parts):
    """A workbook of one sheet with this XML, and further parts by the kind of their relation."""
    relation = '<Relationship Id="{0}" Type="http://x/{0}" Target="{1}"/>'
    return zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {MAIN} {LINKS}><sheets><sheet name="S" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships>" + relation.format("worksheet", "sheet.xml")
        + relation.format("person", "person.xml") + "</Relationships>",
        "xl/sheet.xml": f"<worksheet {MAIN}>{data}</worksheet>",
        "xl/_rels/sheet.xml.rels": "<Relationships>" + "".join(relation.format(kind, f"{kind}.xml") for kind in parts)
        + "</Relationships>",
    } | {f"xl/{kind}.xml": xml for kind, xml in parts.items()})  # fmt: skip

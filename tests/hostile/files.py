"""Small files that mean harm, built in memory."""

import io
import struct
import zipfile

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
    + "]>"
)
QUADRATIC = f'<!DOCTYPE l [<!ENTITY j "{"x" * 50_000}">]>'


def outside(url: str) -> str:
    """A document type with an entity from elsewhere."""
    return f'<!DOCTYPE l [<!ENTITY j SYSTEM "{url}">]>'


def outside_parameter(url: str) -> str:
    """A document type with a parameter entity from elsewhere, used at once."""
    return f'<!DOCTYPE l [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY j "x">]>'


def outside_subset(url: str) -> str:
    """A document type that is elsewhere as a whole."""
    return f'<!DOCTYPE l SYSTEM "{url}">'


def zipped(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def xlsx(after: str = "", rows: str = CELL.format("hello"), before: str = "", **parts: str) -> bytes:
    """A workbook of one sheet, with XML before and after its rows."""
    one = f'<Relationship Id="r1" Type="{_RELATIONS}/{{}}" Target="{{}}"/>'
    relation = f'<Relationships xmlns="{_PACKAGE}/relationships">{one}</Relationships>'
    overrides = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for name, kind in (("workbook", "sheet.main"), ("worksheets/sheet1", "worksheet"), *((part, part) for part in parts))
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>',
        "_rels/.rels": relation.format("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relation.format("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>',
    }
    return zipped(files | {f"xl/{name}.xml": text for name, text in parts.items()})


def pptx(before: str, text: str) -> bytes:
    """A presentation of one slide, with XML before it."""
    from pptx import Presentation

    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "MARK"
    buffer = io.BytesIO()
    deck.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    slide = parts["ppt/slides/slide1.xml"].decode().replace("MARK", text)
    head, _, rest = slide.partition("?>")
    parts["ppt/slides/slide1.xml"] = f"{head}?>{before}{rest}".encode()
    return zipped(parts)


def docx(before: str, text: str) -> bytes:
    """A Word document of one paragraph, with XML before it."""
    body = f'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": before + body})


def epub(before: str, text: str) -> bytes:
    """A book of one chapter, with XML before its package."""
    package = (
        f"{before}<package><metadata><title>{text}</title></metadata><manifest><item id='a' href='a.html'/></manifest>"
        "<spine><itemref idref='a'/></spine></package>"
    )
    container = "<container><rootfile full-path='o.opf'/></container>"
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "o.opf": package, "a.html": "<p>text"}
    )


def overlapping() -> bytes:
    """A zip whose members are all the same bytes: its directory names one place many times."""
    data = zipped({"word/document.xml": b"\0" * 100_000, "[Content_Types].xml": "<Types/>"})
    start = data.index(b"PK\1\2")
    (size_of_name,) = struct.unpack_from("<H", data, start + 28)
    entry = data[start : start + 46 + size_of_name]
    end = data[data.index(b"PK\5\6") :]
    directory = data[start : data.index(b"PK\5\6")] + b"".join(
        entry[:46] + f"word/d{at:09}.xml".encode()[:size_of_name].ljust(size_of_name, b"x") for at in range(200)
    )
    count = 202
    tail = end[:8] + struct.pack("<HHII", count, count, len(directory), start) + end[20:]
    return data[:start] + directory + tail

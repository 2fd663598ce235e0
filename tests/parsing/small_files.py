"""Small real files, built in memory."""

import io
import zipfile

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def zipped(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def docx(body: str, **parts: str) -> bytes:
    """A Word document with this body, and further parts by their names in `word/`."""
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {_W} {_M}><w:body>{body}</w:body></w:document>",
    }
    files |= {f"word/{name}.xml": f"<w:{name} {_W}>{xml}</w:{name}>" for name, xml in parts.items()}
    return zipped(files)


def pdf(*pages: str) -> bytes:
    """A PDF whose pages are these content streams; fonts F1 (Helvetica) and F2 (Helvetica-Bold)."""
    kids = " ".join(f"{5 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>",
    ]
    for at, stream in enumerate(pages):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
            b"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>/Contents %d 0 R>>" % (6 + 2 * at)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream.encode("latin-1")))
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, len(objects) + 1, len(data),
    )  # fmt: skip


def line(text: str, x: float, y: float, size: float = 11, font: str = "F1") -> str:
    """A line of text in a PDF's content stream."""
    return f"BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET\n"

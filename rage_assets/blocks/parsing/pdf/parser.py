"""PDF with a text layer: pages, paragraphs, headings, lists and plain tables, without running headers and footers."""

import re
import threading
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.layout import Body, add_page
from rage_assets.blocks.parsing.pdf.lines import Segment, page_segments
from rage_assets.blocks.parsing.pdf.scanned import add_scanned_page
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# PDFium keeps global state: two threads in it at once crash the process.
_PDFIUM = threading.Lock()
_PASSWORD_ERROR = 4
_MAX_PAGES = 20_000
_DIGITS = re.compile(r"\d+")


class PdfParser:
    """Reads the text layer with PDFium."""

    name = "pdf"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {".pdf": "application/pdf"}

    def parse(self, content: Content) -> Outline:
        """Blocks with their page.

        Raises:
            ParseFailed: `encrypted` with a password, `broken` when no page can be opened, `no_text` for scans.
        """
        with _PDFIUM:
            return _parse(content)


def _parse(content: Content) -> Outline:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(content.data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        if pdfium.FPDF_GetLastError() == _PASSWORD_ERROR or "password" in str(error).lower():
            raise ParseFailed("encrypted", "The PDF is protected by a password.") from None
        raise ParseFailed("broken", f"PDFium cannot open the file: {error}") from None
    try:
        pages, failed = [], 0
        for at in range(min(count, _MAX_PAGES)):
            try:
                pages.append(page_segments(document, at))
            except pypdfium2.PdfiumError:
                pages.append([])
                failed += 1
        if count == 0 or failed == count:
            raise ParseFailed("broken", f"None of the {count} pages can be read.")
        outline = Outline()
        outline.title, marks = _title(document), _bookmarks(document)
        _drop_running_lines(pages)
        sure = any(segment.text.strip() for page in pages for segment in page)
        body = Body.of(pages, marks) if sure else None
        for number, segments in enumerate(pages, start=1):
            outline.page = number
            if body is not None and segments:
                add_page(outline, segments, body)
            else:
                sure = _recognised(outline, document, content) or sure
        if not sure:
            raise ParseFailed("no_text", "The PDF has no text layer, and none could be recognised surely.")
        return outline
    finally:
        document.close()


def _recognised(outline: Outline, document: "PdfDocument", content: Content) -> bool:
    """Add what is recognised on a page without text; whether it is sure."""
    import pypdfium2

    try:
        page = document[(outline.page or 1) - 1]
    except pypdfium2.PdfiumError:
        return False
    try:
        return add_scanned_page(outline, page, content)
    finally:
        page.close()


def _title(document: "PdfDocument") -> str:
    title = str(document.get_metadata_dict().get("Title", "")).strip("\0 ")
    # What a program puts there when nobody gave a title.
    return "" if re.match(r"(?i)untitled|microsoft word - |.*\.(?:docx?|indd|tex|dvi|pdf|qxd)$", title) else title


def _bookmarks(document: "PdfDocument") -> dict[str, int]:
    """The titles of the PDF's own outline, as `Body` looks them up, each with its level."""
    marks: dict[str, int] = {}
    for mark in document.get_toc(max_depth=6):
        if len(marks) > 10_000:
            break
        marks.setdefault(Body.key(mark.get_title()), mark.level + 1)
    marks.pop("", None)
    return marks


def _drop_running_lines(pages: list[list[Segment]]) -> None:
    """Remove, in place, what stands at the top or bottom of most pages, whatever the page number in it."""
    if len(pages) < 3:
        return
    seen: dict[tuple[bool, str], int] = {}
    edges = []
    for page in pages:
        keys = {}
        if page:
            top, bottom = max(segment.top for segment in page), min(segment.bottom for segment in page)
            height = max(top - bottom, 1)
            for at, segment in enumerate(page):
                if segment.bottom > top - 0.08 * height or segment.top < bottom + 0.08 * height:
                    keys[at] = (segment.bottom > top - 0.08 * height, _DIGITS.sub("#", segment.text.strip().lower()))
        edges.append(keys)
        for key in set(keys.values()):
            seen[key] = seen.get(key, 0) + 1
    filled = sum(map(bool, pages))
    for page, keys in zip(pages, edges, strict=True):
        page[:] = [segment for at, segment in enumerate(page) if at not in keys or seen[keys[at]] < max(3, 0.5 * filled)]

"""PDF with a text layer: pages, paragraphs, headings, lists and tables, without running headers and footers."""

import math
import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import WHOLE_BYTES, Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.body import Body, Usual
from rage_assets.blocks.parsing.pdf.characters import page_words
from rage_assets.blocks.parsing.pdf.extras import add_annotations, attach_files
from rage_assets.blocks.parsing.pdf.layout import PageText, add_page
from rage_assets.blocks.parsing.pdf.rulings import Rulings, page_drawings
from rage_assets.blocks.parsing.pdf.running import Running, take_running_lines
from rage_assets.blocks.parsing.pdf.sanity import is_garbage, is_picture
from rage_assets.blocks.parsing.pdf.scanned import add_scanned_page
from rage_assets.blocks.parsing.pdf.tables import Table
from rage_assets.blocks.parsing.pdf.turned import put_into_cells
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

# PDFium keeps global state: two threads in it at once crash the process.
_PDFIUM = threading.Lock()
_PASSWORD_ERROR = 4
_MAX_PAGES = 20_000
_TOGETHER = 100  # pages held at once; running headers are found among them


class PdfParser:
    """Reads the text layer with PDFium."""

    name = "pdf"
    version = 3
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = {".pdf": "application/pdf"}

    def parse(self, content: Content) -> Outline:
        """Blocks with their page and place.

        Raises:
            ParseFailed: `encrypted` when no password opens it, `broken` when no page can be opened, `no_text` for
                scans in which nothing is recognised.
        """
        with _PDFIUM:
            document = _opened(content)
            try:
                return _Reader(document, content).read()
            finally:
                document.close()


def _opened(content: Content) -> "PdfDocument":
    """The document, with the first password that opens it."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    for password in (None, *content.passwords):
        try:
            source = content.data if content.size <= WHOLE_BYTES else content.open()
            document = pypdfium2.PdfDocument(source, password=password, autoclose=True)
            document.init_forms()
        except pypdfium2.PdfiumError as error:
            if pdfium.FPDF_GetLastError() != _PASSWORD_ERROR and "password" not in str(error).lower():
                raise ParseFailed("broken", f"PDFium cannot open the file: {error}") from None
        else:
            return document
    raise ParseFailed("encrypted", "The PDF is protected by a password.")


class _Reader:
    """Reads a document some pages at a time, so that its length costs no memory."""

    def __init__(self, document: "PdfDocument", content: Content) -> None:
        self.document, self.content = document, content
        self.outline = Outline()
        self.usual, self.running = Usual(), Running()
        self.marks: dict[str, int] = {}
        self.failed = 0
        self.any_text = False
        self.table: Table | None = None  # that the page before ends with

    def read(self) -> Outline:
        """All blocks."""
        count = min(len(self.document), _MAX_PAGES)
        self.outline.title, self.marks = _title(self.document), _bookmarks(self.document)
        for first in range(0, count, _TOGETHER):
            self._pages(range(first, min(first + _TOGETHER, count)))
        if self.failed == count:
            raise ParseFailed("broken", f"None of the {count} pages can be read.")
        if not self.any_text:
            raise ParseFailed("no_text", "The PDF has no text layer, and none was recognised.")
        attach_files(self.outline, self.document)
        return self.outline

    def _pages(self, numbers: range) -> None:
        pages = [self._read(number) for number in numbers]
        mains = [page.texts[0].segments if page.texts else [] for page in pages]
        take_running_lines(mains, self.running)
        for segments in mains:
            self.usual.add(segments)
        body = Body.of(self.usual, self.marks)
        for number, page in zip(numbers, pages, strict=True):
            self._add(number, page, body)
            self.outline.flush()

    def _read(self, number: int) -> "_Page":
        """A page's text, most of it first."""
        import pypdfium2

        try:
            page = self.document[number]
            try:
                return _page(page)
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            self.failed += 1
            return _Page([], scanned=False)

    def _add(self, number: int, read: "_Page", body: Body) -> None:
        import pypdfium2

        self.outline.page = number + 1
        before = len(self.outline.blocks)
        try:
            page = self.document[number]
        except pypdfium2.PdfiumError:
            return
        try:
            sure = read.scanned and add_scanned_page(self.outline, page, self.content)
            if not sure and read.texts:  # what stands there counts for more than what may be seen
                del self.outline.blocks[before:]
                self._add_texts(read.texts, body)
            add_annotations(self.outline, page)
        finally:
            page.close()
        if not self.any_text and any(not b.metadata.get("low_confidence") for b in self.outline.blocks[before:]):
            self.any_text = True
            self.outline.blocks[0].metadata.update(self.running.metadata())

    def _add_texts(self, texts: list[PageText], body: Body) -> None:
        table = self.table
        self.table = None
        for text in texts:
            if text is texts[0]:
                self.table = add_page(self.outline, text, body, table)
            else:
                # What runs up the margin is no heading, however large.
                add_page(self.outline, text, replace(body, size=math.inf, font="", marks={}))


@dataclass
class _Page:
    """What a page's text layer says.

    Attributes:
        texts: By direction; none where they cannot be trusted.
        scanned: Whether the page is worth recognising.
    """

    texts: list[PageText]
    scanned: bool


def _page(page: "PdfPage") -> _Page:
    words = page_words(page)
    texts = [word.text for each in words.values() for word in each]
    if is_garbage(texts):
        return _Page([], scanned=True)
    drawn, picture = page_drawings(page)
    found = [PageText.of(frame, each, Rulings.of(drawn, frame)) for frame, each in words.items()]
    found.sort(key=lambda text: -sum(len(segment.text) for segment in text.segments))
    return _Page(put_into_cells(found), scanned=is_picture(texts, picture))


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

"""Spreadsheets of OpenDocument: the cells as they are shown, charts, text boxes and comments."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS, Archive
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.drawings import described
from rage_assets.blocks.parsing.office.odf_cells import count, paragraphs, shown
from rage_assets.blocks.parsing.office.odf_charts import add_chart
from rage_assets.blocks.parsing.office.regions import Area, column_name
from rage_assets.blocks.parsing.office.sheets import Comment, Floating, Sheet, add_book
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MOST_CELLS = 5_000_000
_MOST_REPEATED = 1000  # of cells and rows that have text
_MAX_DEPTH = 30


class OdsParser:
    """Reads sheets of LibreOffice and its relatives."""

    name = "ods"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {".ods": _MEDIA_TYPE, ".ots": f"{_MEDIA_TYPE}-template"}

    def parse(self, content: Content) -> Outline:
        """A heading for each sheet that is shown, and its tables with `sheet`, `rows` and `cells`."""
        archive = Archive(content.data)
        archive.refuse_doctypes("content.xml")  # LibreOffice itself declares one in what holds its menus
        outline = Outline()
        outline.title = _title(archive)
        book = _Book(archive)
        sheets = list(book.sheets())
        visible = [sheet for sheet, hidden in sheets if not hidden]
        unseen = [sheet.name for sheet, hidden in sheets if hidden] if visible else []
        add_book(outline, visible or [sheet for sheet, _ in sheets], unseen)
        return outline


class _Book:
    """The tables of a document, read row by row."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._cells = 0

    def sheets(self) -> Iterator[tuple[Sheet, bool]]:
        """The sheets, each with whether it is hidden."""
        from lxml import etree

        if "content.xml" not in self._archive.names:
            raise ParseFailed("broken", "The document has no content.")
        hidden: set[str | None] = set()
        sheet: _Sheet | None = None
        depth = 0
        tags = ("{*}style", "{*}table", "{*}table-row", "{*}shapes")
        with self._archive.open("content.xml") as stream:
            try:
                for event, element in etree.iterparse(
                    stream, ("start", "end"), tag=tags, remove_comments=True, **XML_OPTIONS
                ):
                    kind = local(element)
                    if kind == "table":  # those within a table are parts of a cell or of a chart
                        depth += 1 if event == "start" else -1
                        if event == "start" and depth == 1:
                            sheet = _Sheet(self, attribute(element, "name") or "", attribute(element, "style-name"))
                        elif event == "end" and depth == 0 and sheet is not None:
                            yield sheet.sheet, sheet.style in hidden
                            element.clear()
                    elif event == "start":
                        continue
                    elif kind == "style" and attribute(child(element, "table-properties"), "display") == "false":
                        hidden.add(attribute(element, "name"))
                    elif depth == 1 and sheet is not None and kind in ("table-row", "shapes"):
                        sheet.take(element)
                        element.clear()
            except (etree.XMLSyntaxError, OSError, EOFError, ValueError) as error:
                raise ParseFailed("broken", f"The content cannot be read: {error}") from None

    def count(self, cells: int) -> None:
        """Refuse a document whose cells would fill the memory."""
        self._cells += cells
        if self._cells > _MOST_CELLS:
            raise ParseFailed("too_large", f"The sheets have more than {_MOST_CELLS} cells.")

    def chart(self, name: str) -> "_Element | None":
        """The content of an object within the document."""
        part = f"{name.removeprefix('./').rstrip('/')}/content.xml"
        return self._archive.xml(part) if part in self._archive.names else None


class _Sheet:
    """One table as it is read."""

    def __init__(self, book: _Book, name: str, style: str | None) -> None:
        self._book = book
        self.style = style
        self._rows: list[tuple[int, dict[int, str]]] = []
        self._merges: list[Area] = []
        self.sheet = Sheet(name, self._rows, self._merges)
        self._next = 1

    def take(self, element: "_Element") -> None:
        """Read a row, or the shapes of the sheet."""
        if local(element) == "shapes":
            self._floating(element, 1, 1)
            return
        texts: dict[int, str] = {}
        column = 1
        for cell in element:
            if local(cell) not in ("table-cell", "covered-table-cell"):
                continue
            repeated = count(cell, "number-columns-repeated")
            text = shown(cell) if local(cell) == "table-cell" else ""
            if text:
                texts |= dict.fromkeys(range(column, column + min(repeated, _MOST_REPEATED)), text)
            self._merge(cell, column)
            self._above(cell, column)
            column += repeated
        repeated = count(element, "number-rows-repeated")
        if texts:
            times = min(repeated, _MOST_REPEATED)
            self._book.count(times * len(texts))
            self._rows += [(self._next + at, texts) for at in range(times)]
        self._next += repeated

    def _merge(self, cell: "_Element", column: int) -> None:
        wide, tall = count(cell, "number-columns-spanned"), count(cell, "number-rows-spanned")
        if wide > 1 or tall > 1:
            self._merges.append(Area(self._next, column, self._next + tall - 1, column + wide - 1))

    def _above(self, cell: "_Element", column: int) -> None:
        """What stands over a cell: comments and drawings."""
        for each in cell:
            if local(each) == "annotation":
                facts = {local(fact): (fact.text or "").strip() for fact in each}
                place = f"{column_name(column)}{self._next}"
                comment = Comment(place, facts.get("creator", ""), paragraphs(each), facts.get("date", ""))
                self.sheet.comments.append(comment)
        self._floating(cell, self._next, column)

    def _floating(self, holder: "_Element", row: int, column: int, depth: int = 0) -> None:
        for each in holder:
            if local(each) == "g" and depth < _MAX_DEPTH:
                self._floating(each, row, column, depth + 1)
            elif "drawing" in str(each.tag):
                self.sheet.floating += [Floating(row, column, add) for add in self._drawings(each)]

    def _drawings(self, shape: "_Element") -> "Iterator[partial[None]]":
        # The row is forgotten as soon as it is read, so what is wanted of it is taken now.
        name = self.sheet.name
        words = described(*((found.text or "") for key in ("title", "desc") if (found := child(shape, key)) is not None))
        chart = child(shape, "object")
        href = attribute(chart, "href")
        root = self._book.chart(href) if href else None
        box = child(shape, "text-box")
        text = paragraphs(shape if box is None else box)
        if root is not None:
            yield partial(add_chart, root=root, sheet=name)
        elif text:
            yield partial(Outline.paragraph, text=text, sheet=name, role="text_box")
        if words:
            yield partial(Outline.add, kind=BlockType.IMAGE, text=words, sheet=name)


def _title(archive: Archive) -> str:
    if "meta.xml" not in archive.names:
        return ""
    return next((text.strip() for text in archive.xml("meta.xml").xpath("//*[local-name()='title']/text()")), "")

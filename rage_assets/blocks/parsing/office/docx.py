"""DOCX: Word documents, read from their XML.

Elements are looked up by local name, so that both namespaces of the standard (transitional and strict) are read alike.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.archives.archive import Archive
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_styles import Numbering, Styles, attribute, child, local
from rage_assets.blocks.parsing.office.docx_text import paragraph_text, text_boxes
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_TRANSPARENT = {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body"}
_CODE_STYLE = re.compile(
    r"source ?code|code(?: ?block)?|html preformatted|macro(?: text)?|preformatted(?: text)?|verbatim", re.IGNORECASE
)
_MAX_CELL_DEPTH = 20


class DocxParser:
    """Reads Word documents: headings, lists, tables, text boxes, equations, notes and comments."""

    name = "docx"
    version = 1
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".docx", ".docm", ".dotx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    )

    def parse(self, content: Content) -> Outline:
        """The body's blocks, then footnotes, endnotes and comments."""
        archive = Archive(content.data)
        main = _main_part(archive)
        folder = posixpath.dirname(main)
        outline = Outline()
        reader = _Reader(outline, archive, folder)
        root = archive.xml(main)
        body = child(root, "body")
        if body is None:
            raise ParseFailed("broken", "The document has no body.")
        reader.read(body)
        for notes in ("footnote", "endnote", "comment"):
            reader.notes(notes)
        outline.title = _title(archive, outline)
        return outline


def _main_part(archive: Archive) -> str:
    """The part that holds the document, as the package says."""
    if "_rels/.rels" in archive.names:
        for relation in archive.xml("_rels/.rels"):
            target = str(relation.get("Target", "")).lstrip("/")
            if relation.get("Type", "").endswith("/officeDocument") and target in archive.names:
                return target
    return "word/document.xml"


def _title(archive: Archive, outline: Outline) -> str:
    if "docProps/core.xml" in archive.names:
        title = str(archive.xml("docProps/core.xml").xpath("string(//*[local-name()='title'])")).strip()
        if title:
            return title
    first = next((block for block in outline.blocks if block.type is BlockType.HEADING), None)
    return first.text if first and first.metadata["level"] == 1 else ""


class _Reader:
    """Reads the body of a document, paragraph by paragraph; neighbouring items and lines of code are one block."""

    def __init__(self, outline: Outline, archive: Archive, folder: str) -> None:
        self.outline = outline
        self.archive = archive
        self.folder = folder
        self.styles = Styles(self._part("styles.xml"))
        self.numbering = Numbering(self._part("numbering.xml"))
        self.run: list[str] = []
        self.run_of: tuple[BlockType, str] | None = None

    def read(self, container: "_Element") -> None:
        """Add the blocks of a body or of a text box."""
        for element in _blocks(container):
            if local(element) == "tbl":
                self._flush()
                self._table(element)
            else:
                self._paragraph(element)
        self._flush()

    def notes(self, kind: str) -> None:
        """Add footnotes, endnotes or comments as paragraphs that say what they are."""
        root = self._part(f"{kind}s.xml")
        for note in root if root is not None else ():
            if local(note) != kind or (attribute(note, "type") or "normal") != "normal":
                continue  # the lines that part notes from the text
            texts = (paragraph_text(each).strip() for each in _blocks(note) if local(each) == "p")
            text = "\n".join(filter(None, texts))
            mark = f"[{attribute(note, 'id')}] " if kind != "comment" and text else ""
            self.outline.paragraph(mark + text, role=kind, author=attribute(note, "author"))

    def _part(self, name: str) -> "_Element | None":
        path = posixpath.join(self.folder, name)
        return self.archive.xml(path) if path in self.archive.names else None

    def _paragraph(self, element: "_Element") -> None:
        text = paragraph_text(element)
        style = self.styles.of(element)
        level = self.styles.heading_level(element)
        if not text.strip():
            pass
        elif level is not None:
            self._flush()
            label = self.numbering.label(*self.styles.numbering(element))
            self.outline.heading(f"{label} {text}" if label not in ("", "-") else text, level)
        elif _CODE_STYLE.fullmatch(style):
            self._collect(BlockType.CODE, "", text)
        elif self.styles.numbering(element)[0]:
            self._item(element, text)
        else:
            self._flush()
            self.outline.paragraph(text)
        for box in text_boxes(element):
            self._flush()
            self.read(box)

    def _item(self, element: "_Element", text: str) -> None:
        number, depth = self.styles.numbering(element)
        marker = self.numbering.label(number, depth) or "-"
        indent = "  " * depth
        self._collect(BlockType.LIST, number, f"{indent}{marker} " + text.strip().replace("\n", f"\n{indent}  "))

    def _collect(self, kind: BlockType, of: str, text: str) -> None:
        if self.run_of != (kind, of) and not (kind is BlockType.LIST and text.startswith(" ") and self.run):
            self._flush()
            self.run_of = (kind, of)
        self.run.append(text)

    def _flush(self) -> None:
        if self.run_of:
            self.outline.add(self.run_of[0], "\n".join(self.run))
        self.run, self.run_of = [], None

    def _table(self, element: "_Element") -> None:
        rows = [list(_cells(row)) for row in _rows(element)]
        if len(rows) == 1 and len(rows[0]) == 1:
            # A frame around text.
            for cell in (each for row in _rows(element) for each in row if local(each) == "tc"):
                self.read(cell)
            return
        parts = list(table_parts(rows, max_chars=6000))
        for first, last, table in parts:
            self.outline.add(BlockType.TABLE, table, rows=[first, last] if len(parts) > 1 else None)
        for paragraph in element.iter("{*}p"):
            for box in text_boxes(paragraph):
                self.read(box)


def _blocks(container: "_Element", depth: int = 0) -> Iterator["_Element"]:
    """The paragraphs and tables of a container, through the wrappers around them."""
    for element in container:
        name = local(element)
        if name in ("p", "tbl"):
            yield element
        elif name in _TRANSPARENT and depth < _MAX_CELL_DEPTH:
            yield from _blocks(element, depth + 1)


def _rows(table: "_Element") -> Iterator["_Element"]:
    for element in table:
        if local(element) == "tr":
            yield element
        elif local(element) in _TRANSPARENT:
            yield from _rows(element)


def _cells(row: "_Element") -> Iterator[str]:
    """The texts of a row's cells; one that is merged stands in its first place, the others are blank."""
    for element in row:
        if local(element) in _TRANSPARENT:
            yield from _cells(element)
        if local(element) != "tc":
            continue
        properties = child(element, "tcPr")
        span = attribute(child(properties, "gridSpan"), "val") or "1"
        merge = child(properties, "vMerge")
        goes_on = merge is not None and attribute(merge, "val") != "restart"
        yield "" if goes_on else _cell_text(element)
        yield from [""] * (min(int(span), 100) - 1 if span.isdecimal() else 0)


def _cell_text(cell: "_Element", depth: int = 0) -> str:
    """All text of a cell, that of tables in it included."""
    parts = []
    for element in _blocks(cell):
        if local(element) == "p":
            parts.append(paragraph_text(element))
        elif depth < _MAX_CELL_DEPTH:
            inner = (each for row in _rows(element) for each in row if local(each) == "tc")
            parts += [_cell_text(each, depth + 1) for each in inner]
    return " ".join(filter(None, (part.strip() for part in parts)))

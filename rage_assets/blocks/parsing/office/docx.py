"""DOCX: Word documents, read from their XML.

Elements are looked up by local name, so that both namespaces of the standard (transitional and strict) are read alike.
"""

import posixpath
import re
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_graphics import add_graphics, has_graphics
from rage_assets.blocks.parsing.office.docx_styles import Numbering, Styles, attribute, child, local
from rage_assets.blocks.parsing.office.docx_tables import blocks, table_cells, table_rows
from rage_assets.blocks.parsing.office.docx_text import paragraph_text, text_boxes
from rage_assets.blocks.parsing.office.drawings import described
from rage_assets.blocks.parsing.office.flow import typed_item
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_CODE_STYLE = re.compile(
    r"source ?code|code(?: ?block)?|html preformatted|macro(?: text)?|preformatted(?: text)?|verbatim", re.IGNORECASE
)
_MAX_DEPTH = 20


class DocxParser:
    """Reads Word documents: headings, lists, tables, text boxes, equations, notes and comments."""

    name = "docx"
    version = 4
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".docx", ".docm", ".dotx", ".dotm"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    )

    def parse(self, content: Content) -> Outline:
        """The body's blocks, then footnotes, endnotes and comments; headers and footers are the first block's metadata."""
        package = Package(content.data)
        main = package.main("word/document.xml")
        root = package.xml(main)
        body = child(root, "body")
        if body is None:
            raise ParseFailed("broken", "The document has no body.")
        outline = Outline()
        reader = _Reader(outline, package, main)
        reader.read(body)
        for notes in ("footnote", "endnote", "comment"):
            reader.notes(notes)
        if outline.blocks:
            outline.blocks[0].metadata |= {key: texts for key in ("header", "footer") if (texts := reader.furniture(key))}
        for name, data in package.embedded([main]):
            outline.attach(name, data)
        outline.title = package.title() or _title(outline)
        return outline


def _title(outline: Outline) -> str:
    first = next((block for block in outline.blocks if block.type is BlockType.HEADING), None)
    return first.text if first and first.metadata["level"] == 1 else ""


class _Reader:
    """Reads the body of a document, paragraph by paragraph; neighbouring items and lines of code are one block."""

    def __init__(self, outline: Outline, package: Package, main: str) -> None:
        self.outline = outline
        self.package = package
        self.main = main
        self.styles = Styles(self._part("styles"))
        self.numbering = Numbering(self._part("numbering"), self.styles)
        self.run: list[str] = []
        self.run_of: tuple[BlockType, str] | None = None
        self.depth = 0

    def read(self, container: "_Element") -> None:
        """Add the blocks of a body or of a text box."""
        if self.depth > _MAX_DEPTH:
            return
        self.depth += 1
        for element in blocks(container):
            if local(element) == "tbl":
                self._flush()
                self._table(element)
            elif local(element) == "p":
                self._paragraph(element)
            else:
                self._imported(element)
        self._flush()
        self.depth -= 1

    def notes(self, kind: str) -> None:
        """Add footnotes, endnotes or comments as paragraphs that say what they are."""
        root = self._part(f"{kind}s")
        for note in root if root is not None else ():
            if local(note) != kind or (attribute(note, "type") or "normal") != "normal":
                continue  # the lines that part notes from the text
            text = _plain(note)
            mark = f"[{attribute(note, 'id')}] " if kind != "comment" and text else ""
            self.outline.paragraph(
                mark + text, role=kind, author=attribute(note, "author") or None, time=attribute(note, "date") or None
            )

    def furniture(self, kind: str) -> list[str]:
        """The texts of the headers or footers of pages, each once."""
        roots = [self.package.further(part) for part in self.package.related(self.main, kind)]
        texts = (" ".join(_plain(root).split()) for root in roots if root is not None)
        return list(dict.fromkeys(text for text in texts if any(map(str.isalpha, text))))  # not of numbers of pages

    def _part(self, kind: str) -> "_Element | None":
        usual = posixpath.join(posixpath.dirname(self.main), f"{kind}.xml")
        return self.package.xml(next(iter(self.package.related(self.main, kind)), usual))

    def _imported(self, element: "_Element") -> None:
        """Attach a file of another format that Word shows at this place."""
        target = self.package.relations(self.main).get(attribute(element, "id") or "")
        if target is not None and self.package.has(target.target):
            self.outline.attach(posixpath.basename(target.target), self.package.read(target.target))

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
        elif (item := typed_item(text.lstrip(" \n"))) is not None:
            self._collect(BlockType.LIST, "", f"{item[0] or '-'} " + item[1].strip().replace("\n", "\n  "))
        else:
            self._flush()
            self.outline.paragraph(text)
        for box in text_boxes(element):
            self._flush()
            self.read(box)
        if has_graphics(element):
            self._flush()
            add_graphics(self.outline, self.package, self.main, element)

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
        cells = table_cells(element)
        if len(cells) == 1:  # a frame around text
            self.read(cells[0])
            return
        named = [attribute(child(element, "tblPr", name), "val") or "" for name in ("tblCaption", "tblDescription")]
        self.outline.paragraph(described(*named, least=3), role="caption")
        parts = list(table_parts(table_rows(element, self._in_cell), max_chars=6000))
        for first, last, table in parts:
            self.outline.add(BlockType.TABLE, table, rows=[first, last] if len(parts) > 1 else None)
        for cell in cells:
            self._inside(cell)

    def _in_cell(self, paragraph: "_Element") -> str:
        """The text of a paragraph in a cell, with its number where it is an item of a list."""
        text = paragraph_text(paragraph)
        label = self.numbering.label(*self.styles.numbering(paragraph)) if text.strip() else ""
        return f"{label} {text.strip()}" if label not in ("", "-") else text

    def _inside(self, cell: "_Element") -> None:
        """What a cell holds beside its text: tables, text boxes, charts and pictures."""
        for element in blocks(cell):
            if local(element) == "tbl" and self.depth < _MAX_DEPTH:
                self.depth += 1
                self._table(element)
                self.depth -= 1
            elif local(element) == "altChunk":
                self._imported(element)
            elif local(element) == "p":
                for box in text_boxes(element):
                    self.read(box)
                add_graphics(self.outline, self.package, self.main, element)


def _plain(container: "_Element") -> str:
    """The text of all paragraphs, those in tables included."""
    texts = (paragraph_text(each).strip() for each in container.iter("{*}p"))
    return "\n".join(filter(None, texts))

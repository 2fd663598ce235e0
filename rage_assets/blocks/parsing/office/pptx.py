"""Slides: titles, texts, tables, charts, diagrams, the speaker's notes and comments."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.charts import add_chart
from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.drawings import Line, as_list, description, diagram, lines
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.office.slide_comments import Comments
from rage_assets.blocks.parsing.office.slides import Shape, Slides
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_FURNITURE = ("ftr", "hdr")
_NO_TEXT = ("sldNum", "dt", "sldImg")


class PptxParser:
    """Reads PowerPoint presentations from their XML."""

    name = "pptx"
    version = 4
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx"), _MEDIA_TYPE)

    def parse(self, content: Content) -> Outline:
        """The blocks of each slide in the order of reading, with the slide's number as `page`."""
        package = Package(content.data)
        package.archive.refuse_doctypes()
        main = package.main("ppt/presentation.xml")
        root = package.xml(main)
        if root is None:
            raise ParseFailed("broken", "The file has no presentation.")
        outline = Outline()
        outline.title = package.title()
        comments = Comments(package, main)
        parts = list(_slides(package, main, root))
        slides, seen = Slides(package), set[str]()
        for number, part in enumerate(parts, start=1):
            # A slide without a title is no part of the one before it.
            slide = Outline()
            slide.page = number
            _Slide(slide, package, slides, part, seen).read(comments)
            outline.extend(slide)
        for name, data in package.embedded(parts):
            outline.attach(name, data)
        return outline


def _slides(package: Package, main: str, root: "_Element") -> Iterator[str]:
    targets = package.relations(main)
    for entry in root.iter("{*}sldId"):
        target = next((targets.get(str(value)) for key, value in entry.attrib.items() if str(key).endswith("}id")), None)
        if target is not None and package.has(target.target):
            yield target.target


class _Slide:
    """One slide and what belongs to it."""

    def __init__(self, outline: Outline, package: Package, slides: Slides, part: str, seen: set[str]) -> None:
        self._outline = outline
        self._slides = slides
        self._package = package
        self._part = part
        self._seen = seen

    def read(self, comments: Comments) -> None:
        """Add the slide's blocks; those of a slide that is not shown say so."""
        root = self._package.further(self._part)
        if root is None:
            return
        first = len(self._outline.blocks)
        found = self._slides.shapes(self._part, root)
        title = next((shape for shape in found if shape.is_title and lines(child(shape.element, "txBody"))), None)
        if title is not None:
            self._outline.heading(" ".join(line.text for line in lines(child(title.element, "txBody"))), 1)
        for shape in found:
            if shape is not title:
                self._add(shape)
        for part in self._package.related(self._part, "notesSlide"):
            self._notes(part)
        for author, time, text in comments.of(self._part):
            said = f"{author}: {text}" if author else text
            self._outline.paragraph(said, role="comment", author=author or None, time=time or None)
        if root.get("show") in ("0", "false"):
            for block in self._outline.blocks[first:]:
                block.metadata["hidden"] = True

    def _add(self, shape: Shape) -> None:
        if shape.kind == "graphicFrame":
            self._graphic(shape.element)
        elif shape.kind == "pic":
            self._outline.add(BlockType.IMAGE, description(child(shape.element, "nvPicPr", "cNvPr")))
        elif shape.place in _FURNITURE:
            text = "\n".join(line.text for line in lines(child(shape.element, "txBody")))
            if text not in self._seen:  # once for all slides
                self._seen.add(text)
                self._outline.paragraph(text, role="footer" if shape.place == "ftr" else "header")
        elif shape.place not in _NO_TEXT:
            self._text(lines(child(shape.element, "txBody")), listed=shape.bulleted)

    def _text(self, texts: list[Line], *, listed: bool) -> None:
        """Lines as paragraphs, and runs of those with bullets as lists."""
        default = "-" if listed and len(texts) > 1 else ""
        marked = [line._replace(bullet=default if line.bullet is None else line.bullet) for line in texts]
        for in_list, run in groupby(marked, key=lambda line: bool(line.bullet)):
            if in_list:
                self._outline.add(BlockType.LIST, as_list(list(run)))
            else:
                for line in run:
                    self._outline.paragraph(line.text)

    def _graphic(self, frame: "_Element") -> None:
        targets = self._package.relations(self._part)
        for each in frame.iter("{*}tbl", "{*}chart", "{*}relIds"):
            kind = local(each)
            if kind == "tbl":
                for _, _, table in table_parts(list(map(_cells, _children(each, "tr"))), max_chars=6000):
                    self._outline.add(BlockType.TABLE, table)
                continue
            target = targets.get(attribute(each, "dm" if kind == "relIds" else "id") or "")
            root = self._package.further(target.target) if target else None
            if kind == "chart":
                add_chart(self._outline, root)
            else:
                self._outline.add(BlockType.LIST, as_list(diagram(root)), role="diagram")

    def _notes(self, part: str) -> None:
        root = self._package.further(part)
        if root is None:
            return
        for shape in self._slides.shapes(part, root):
            if shape.kind == "sp" and shape.place not in (*_FURNITURE, *_NO_TEXT):
                self._outline.paragraph("\n".join(line.text for line in lines(child(shape.element, "txBody"))), role="note")


def _cells(row: "_Element") -> list[str]:
    """The texts of a row's cells; one that is merged stands in its first place, the others are blank."""
    merged = ("1", "true")
    return [
        ""
        if cell.get("hMerge") in merged or cell.get("vMerge") in merged
        else " ".join(line.text for line in lines(child(cell, "txBody")))
        for cell in _children(row, "tc")
    ]


def _children(element: "_Element", name: str) -> "list[_Element]":
    return [each for each in element if local(each) == name]

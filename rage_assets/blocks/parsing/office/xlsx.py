"""Spreadsheets of Excel: the values of each sheet as they are shown, charts, text boxes and comments."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.charts import add_chart
from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.drawings import description, diagram, lines
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.office.sheets import Comment, Floating, Sheet, add_book
from rage_assets.blocks.parsing.office.xlsx_sheet import (
    Formats,
    cell_place,
    elements,
    merges,
    narrow_columns,
    rows,
    text_of,
)
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_DEPTH = 20


class XlsxParser:
    """Reads Excel workbooks from their XML."""

    name = "xlsx"
    version = 4
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".xlsx", ".xlsm", ".xltx", ".xltm"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )

    def parse(self, content: Content) -> Outline:
        """A heading for each sheet that is shown, and its tables with `sheet`, `rows` and `cells`."""
        package = Package(content.data)
        package.archive.refuse_doctypes()
        book = _Book(package)
        outline = Outline()
        outline.title = package.title()
        add_book(outline, book.sheets(), book.hidden)
        for name, data in package.embedded(book.parts):
            outline.attach(name, data)
        return outline


class _Book:
    """The sheets of a workbook and what they share."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._part = package.main("xl/workbook.xml")
        root = package.xml(self._part)
        if root is None:
            raise ParseFailed("broken", "The file has no workbook.")
        self._root = root
        properties = child(root, "workbookPr")
        styles = next(iter(package.related(self._part, "styles")), None)
        from_1904 = attribute(properties, "date1904") in ("1", "true")
        self._formats = Formats(package.further(styles), from_1904=from_1904)
        self._people = _people(package, self._part)
        self.parts: list[str] = []
        entries = [(str(each.get("name")), attribute(each, "state") or "visible", _relation_id(each))
                   for each in root.iter("{*}sheet")]  # fmt: skip
        visible = [entry for entry in entries if entry[1] == "visible"] or entries
        self.hidden = [name for name, state, _ in entries if state != "visible"] if len(visible) < len(entries) else []
        self._shown = [(name, relation) for name, _, relation in visible]

    def sheets(self) -> Iterator[Sheet]:
        """The sheets that are shown, one after the other."""
        strings = self._strings()
        targets = self._package.relations(self._part)
        for name, relation in self._shown:
            target = targets.get(relation)
            if target is None or not self._package.has(target.target):
                continue
            part = target.target
            self.parts.append(part)
            floating = [each for drawing in self._package.related(part, "drawing") for each in self._floating(drawing, name)]
            if target.kind != "worksheet":  # a chart of its own
                yield Sheet(name, (), floating=floating)
                continue
            yield Sheet(
                name,
                rows(self._package, part, strings, self._formats),
                merges(self._package, part),
                narrow_columns(self._package, part),
                floating,
                self._comments(part),
            )

    def _strings(self) -> list[str]:
        parts = self._package.related(self._part, "sharedStrings")
        if not parts:
            return []
        with self._package.open(parts[0]) as stream:
            return [text_of(element).strip() for element in elements(stream, "si")]

    def _comments(self, part: str) -> list[Comment]:
        found = []
        for threaded in self._package.related(part, "threadedComment"):
            root = self._package.further(threaded)
            for each in root if root is not None else ():
                author = self._people.get(each.get("personId"), "")
                found.append(Comment(each.get("ref", ""), author, _text(each), each.get("dT", "")))
        answered = {comment.cell for comment in found}
        for notes in self._package.related(part, "comments"):
            root = self._package.further(notes)
            if root is None:
                continue
            authors = [each.text or "" for each in root.iter("{*}author")]
            for each in root.iter("{*}comment"):
                number = each.get("authorId", "")
                author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
                body = child(each, "text")
                # A thread has a copy for old programs, whose author is no person.
                if body is not None and not (author.startswith("tc=") and each.get("ref") in answered):
                    said = text_of(body).strip()
                    found.append(Comment(each.get("ref", ""), author, said.removeprefix(f"{author}:").strip()))
        return sorted(found, key=lambda comment: cell_place(comment.cell) or (0, 0))

    def _floating(self, drawing: str, sheet: str) -> Iterator[Floating]:
        root = self._package.further(drawing)
        for anchor in root if root is not None else ():
            place = {local(each): each.text or "" for each in anchor[0]} if len(anchor) else {}
            row, column = (int(place[key]) + 1 if place.get(key, "").isdecimal() else 1 for key in ("row", "col"))
            yield Floating(row, column, partial(self._add, drawing, anchor, sheet))

    def _add(self, drawing: str, element: "_Element", sheet: str, outline: Outline, depth: int = 0) -> None:
        for each in element:
            kind = local(each)
            if kind == "sp":
                outline.paragraph(
                    "\n".join(line.text for line in lines(child(each, "txBody"))), sheet=sheet, role="text_box"
                )
            elif kind == "pic":
                outline.add(BlockType.IMAGE, description(child(each, "nvPicPr", "cNvPr")), sheet=sheet)
            elif kind == "graphicFrame":
                self._graphic(drawing, each, sheet, outline)
            elif kind in ("grpSp", "AlternateContent", "Choice") and depth < _MAX_DEPTH:
                self._add(drawing, each, sheet, outline, depth + 1)

    def _graphic(self, drawing: str, frame: "_Element", sheet: str, outline: Outline) -> None:
        targets = self._package.relations(drawing)
        for each in frame.iter("{*}chart", "{*}relIds"):
            target = targets.get(attribute(each, "dm" if local(each) == "relIds" else "id") or "")
            root = self._package.further(target.target) if target else None
            if local(each) == "chart":
                add_chart(outline, root, sheet=sheet)
            else:
                texts = "\n".join("  " * line.level + "- " + line.text for line in diagram(root))
                outline.add(BlockType.LIST, texts, sheet=sheet, role="diagram")


def _relation_id(element: "_Element") -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("}id")), "")


def _text(element: "_Element") -> str:
    return "".join(each.text or "" for each in element if local(each) == "text").strip()


def _people(package: Package, part: str) -> dict[str | None, str]:
    roots = [package.further(each) for each in package.related(part, "person")]
    return {each.get("id"): each.get("displayName", "") for root in roots if root is not None for each in root}

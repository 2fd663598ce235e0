"""The text of an OpenDocument: paragraphs, headings, lists, tables, frames, notes and comments."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.drawings import described
from rage_assets.blocks.parsing.office.odf_lists import Counters
from rage_assets.blocks.parsing.office.odf_package import Package, attribute, first, number, tag
from rage_assets.blocks.parsing.office.odf_table import table_of
from rage_assets.blocks.parsing.office.story import Item, Paragraph
from rage_assets.blocks.parsing.web.mathml import latex
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_SPACES = 100
_MAX_LEVEL = 10
_LONGEST_ITEM = 10_000
_LEFT_OUT = frozenset((
    "text:tracked-changes", "text:sequence-decls", "text:variable-decls", "text:user-field-decls",
    "text:dde-connection-decls", "office:forms", "office:annotation-end", "text:ruby-text", "text:hidden-text",
    "text:hidden-paragraph", "text:note-citation", "draw:enhanced-geometry",
    "draw:glue-point", "office:event-listeners", "svg:title", "svg:desc", "draw:image-map",
    "presentation:notes", "text:index-title-template", "text:script", "text:meta-field-properties", "table:shapes",
))  # fmt: skip
_SHAPES = frozenset((
    "draw:frame", "draw:g", "draw:custom-shape", "draw:rect", "draw:ellipse", "draw:circle", "draw:line", "draw:polyline",
    "draw:polygon", "draw:path", "draw:regular-polygon", "draw:connector", "draw:caption", "draw:measure", "draw:control",
    "draw:a", "draw:page-thumbnail",
))  # fmt: skip


class Reader:
    """Reads the elements of a text.

    Attributes:
        notes: Footnotes and endnotes, each with its mark.
        comments: Comments, each with its author.
        objects: The paths of objects inside the document, as it refers to them.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.notes: list[tuple[str, list[Item]]] = []
        self.comments: list[tuple[str, list[Item]]] = []
        self.objects: list[str] = []
        self._formulas: dict[str, str] = {}
        self._counters = Counters(package.lists)

    def items(self, container: "_Element") -> list[Item]:
        """All that stands in a body, a cell, a frame or a note."""
        found: list[Item] = []
        for element in container:
            self._add(element, found)
        return found

    def shape(self, element: "_Element") -> list[Item]:
        """The text of a frame, a drawn shape or a group of them."""
        name = tag(element)
        if name != "draw:frame":
            return self.items(element)
        content = next((child for child in element if tag(child) not in ("svg:title", "svg:desc")), None)
        kind = tag(content) if content is not None else ""
        if content is not None and kind == "draw:text-box":
            return self.items(content)
        if content is not None and kind == "table:table":
            return table_of(content, self.items)
        if content is not None and kind in ("draw:object", "draw:object-ole"):
            return self._object(content)
        words = [first(element, name) for name in ("svg:title", "svg:desc")]
        text = described(*(each.text or "" for each in words if each is not None))
        return [Paragraph(text, kind=BlockType.IMAGE)] if text else []

    def _object(self, element: "_Element") -> list[Item]:
        if formula := self._formula(element):
            return [Paragraph(formula)]
        if path := _path(element):
            self.objects.append(path)
        return []

    def _formula(self, element: "_Element | None") -> str:
        """A formula as LaTeX; nothing for other objects."""
        path = _path(element) if element is not None else ""
        if path not in self._formulas:
            own = first(element, "math:math")
            root = own if own is not None else self.package.object(path)
            found = _latex(root) if root is not None else ""
            if not path:
                return found
            self._formulas[path] = found
        return self._formulas[path]

    def _add(self, element: "_Element", found: list[Item]) -> None:
        name = tag(element)
        if name in ("text:p", "text:h"):
            self._paragraph(element, found)
        elif name == "text:list":
            self._list(element, found, "", 0)
        elif name == "table:table":
            found += table_of(element, self.items)
        elif name in _SHAPES:
            found += self.shape(element)
        elif name == "office:annotation":
            self._comment(element)
        elif name == "text:section" and attribute(element, "text:display") == "none":
            pass
        elif name and name not in _LEFT_OUT:
            for child in element:
                self._add(child, found)

    def _paragraph(self, element: "_Element", found: list[Item]) -> None:
        style = attribute(element, "text:style-name")
        boxes: list[Item] = []
        text = "" if self.package.is_hidden(style) else "".join(self._inline(element, boxes))
        level = self.package.level(style)
        label = None
        if tag(element) == "text:h" and text.strip():
            level = max(number(element, "text:outline-level", level or 1, _MAX_LEVEL), 1)
            if attribute(element, "text:is-list-header") != "true":
                label = self._counters.label("", level - 1)
        kind = BlockType.CODE if level is None and self.package.is_code(style) else BlockType.PARAGRAPH
        if text.strip():
            found.append(Paragraph(text, level, label, kind=kind))
        found += boxes

    def _list(self, element: "_Element", found: list[Item], style: str, depth: int) -> None:
        style = attribute(element, "text:style-name") or style
        if (
            not depth
            and attribute(element, "text:continue-numbering") != "true"
            and not attribute(element, "text:continue-list")
        ):
            self._counters.restart(style, 0)
        for entry in element:
            if tag(entry) not in ("text:list-item", "text:list-header"):
                continue
            start = number(entry, "text:start-value", -1, 1_000_000)
            labelled = tag(entry) == "text:list-header"
            for child in entry:
                if tag(child) == "text:list":
                    self._list(child, found, style, depth + 1)
                    continue
                inside: list[Item] = []
                self._add(child, inside)
                for item in inside:
                    if isinstance(item, Paragraph) and item.level is None and item.kind is BlockType.PARAGRAPH:
                        self._as_item(item, found, style, depth, start if not labelled else None, labelled)
                        labelled = True
                        continue
                    numbered = style in self.package.lists and not labelled
                    if numbered and isinstance(item, Paragraph) and item.level is not None:
                        item.label = self._counters.label(style, depth, start if start >= 0 else None)
                        labelled = True
                    found.append(item)

    def _as_item(self, item: Paragraph, found: list[Item], style: str, depth: int, start: int | None, goes_on: bool) -> None:
        last = found[-1] if found else None
        joins = isinstance(last, Paragraph) and last.label is not None and last.level is None
        if goes_on and isinstance(last, Paragraph) and joins and len(last.text) < _LONGEST_ITEM:
            last.text += f"\n{item.text}"
            return
        item.depth = depth
        item.label = (
            "" if goes_on else self._counters.label(style, depth, start if start is not None and start >= 0 else None)
        )
        found.append(item)

    def _comment(self, element: "_Element") -> None:
        author = first(element, "dc:creator")
        items = [item for item in self.items(element) if isinstance(item, Paragraph)]
        self.comments.append(((author.text or "") if author is not None else "", list(items)))

    def _inline(self, element: "_Element", boxes: list[Item]) -> Iterator[str]:
        """The text of a paragraph; what is anchored in it goes to the boxes."""
        yield _squeezed(element.text)
        for child in element:
            name = tag(child)
            if name == "text:s":
                yield " " * max(number(child, "text:c", 1, _MAX_SPACES), 1)
            elif name == "text:tab":
                yield "\t"
            elif name == "text:line-break":
                yield "\n"
            elif name == "text:note":
                yield self._note(child)
            elif name == "office:annotation":
                self._comment(child)
            elif name == "draw:frame" and (formula := self._formula(first(child, "draw:object"))):
                yield formula
            elif name in _SHAPES:
                boxes += self.shape(child)
            elif name == "text:span" and self.package.is_hidden(attribute(child, "text:style-name")):
                pass
            elif name not in _LEFT_OUT:
                yield from self._inline(child, boxes)
            yield _squeezed(child.tail)

    def _note(self, element: "_Element") -> str:
        citation, body = first(element, "text:note-citation"), first(element, "text:note-body")
        mark = (citation.text or "").strip() if citation is not None else ""
        place = len(self.notes)
        self.notes.append((mark or str(place + 1), []))
        if body is not None:
            self.notes[place] = (self.notes[place][0], self.items(body))
        return f"[{self.notes[place][0]}]"


def _path(element: "_Element") -> str:
    """The path of an object inside the document."""
    return attribute(element, "xlink:href").removeprefix("./").rstrip("/")


def _latex(root: "_Element") -> str:
    """A formula as LaTeX, or as it was typed where its structure says nothing."""
    math = next(root.iter("{http://www.w3.org/1998/Math/MathML}math"), None)
    if math is None:
        return ""
    typed = next((each.text for each in math.iter("{*}annotation") if each.text), "")
    text = latex(math) or typed
    return f"${' '.join(text.split())}$" if text.strip() else ""


def _squeezed(text: str | None) -> str:
    """White space in the XML is one space, whatever it is."""
    if not text:
        return ""
    words = " ".join(text.split())
    return f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() and words else ''}"

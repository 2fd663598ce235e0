"""The shapes of a slide: what they are, and where they stand, as their layouts say where they themselves do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.office.reading_order import Box, reading_order

if TYPE_CHECKING:
    from lxml.etree import _Element

_SHAPES = ("sp", "pic", "graphicFrame", "cxnSp", "grpSp")
_MAX_DEPTH = 20
_TITLES = ("title", "ctrTitle")
_SAME = {"ctrTitle": "title", "subTitle": "body", "obj": "body", "": "body"}


@dataclass(frozen=True)
class Shape:
    """A shape of a slide.

    Attributes:
        element: Its XML.
        kind: `sp`, `pic` or `graphicFrame`.
        place: What a placeholder is for, such as `title` or `body`; None of any other shape.
        above: The placeholders of the layout and the master that it has its looks from.
        box: Where it stands.
    """

    element: "_Element"
    kind: str
    place: str | None
    above: "tuple[_Element, ...]"
    box: Box

    @property
    def is_title(self) -> bool:
        """Whether it is the slide's title."""
        return self.place in _TITLES

    @cached_property
    def bulleted(self) -> bool:
        """Whether lines that say nothing of bullets have one: those of bodies do, where no layout says otherwise."""
        for holder in (self.element, *self.above):
            level = child(holder, "txBody", "lstStyle", "lvl1pPr")
            marks = {local(each) for each in level} if level is not None else set()
            if "buNone" in marks:
                return False
            if marks & {"buChar", "buAutoNum", "buBlip"}:
                return True
        return self.place in ("body", "obj", "")


class Slides:
    """Finds the shapes of slides; layouts and masters, which slides share, are read once."""

    def __init__(self, package: Package) -> None:
        """Take the presentation."""
        self._package = package
        self._holders: dict[str, dict[tuple[str, str], _Element]] = {}

    def shapes(self, part: str, root: "_Element") -> list[Shape]:
        """The shapes of a slide, or of its notes, in the order of reading, those of groups included."""
        above = self._package.related(part, "slideLayout")[:1]
        above += self._package.related(above[0], "slideMaster")[:1] if above else []
        holders = [self._placeholders_of(each) for each in above]
        return _in_order(child(root, "cSld", "spTree"), holders, Box(0, 0, 0, 0), (1.0, 1.0), 0)

    def _placeholders_of(self, part: str) -> "dict[tuple[str, str], _Element]":
        if part not in self._holders:
            self._holders[part] = _placeholders(self._package.further(part))
        return self._holders[part]


def _in_order(
    tree: "_Element | None",
    holders: "list[dict[tuple[str, str], _Element]]",
    origin: Box,
    scale: tuple[float, float],
    depth: int,
) -> list[Shape]:
    """The shapes of a tree or group in order; a group's stay together."""
    parts: list[tuple[Box, list[Shape]]] = []
    for element in _elements(tree):
        kind = local(element)
        if kind == "grpSp":
            frame = child(element, "grpSpPr", "xfrm")
            box = _moved(_box(frame), origin, scale)
            inner = _box(frame, "chOff", "chExt")
            wide, tall = inner.right - inner.left, inner.bottom - inner.top
            ratio = (
                (box.right - box.left) / wide if wide else scale[0],
                (box.bottom - box.top) / tall if tall else scale[1],
            )
            shift = Box(box.left - inner.left * ratio[0], box.top - inner.top * ratio[1], 0, 0)
            members = _in_order(element, holders, shift, ratio, depth + 1) if depth < _MAX_DEPTH else []
            parts.append((box, members))
        elif kind != "cxnSp":
            shape = _shape(element, kind, holders, origin, scale)
            parts.append((shape.box, [shape]))
    return [shape for _, members in reading_order(parts, lambda part: part[0]) for shape in members]


def _elements(tree: "_Element | None", depth: int = 0) -> "Iterator[_Element]":
    for element in tree if tree is not None else ():
        kind = local(element)
        if kind in _SHAPES:
            yield element
        elif kind in ("AlternateContent", "Choice", "sdt", "sdtContent") and depth < _MAX_DEPTH:
            chosen = list(_elements(element, depth + 1))
            # What an old program would draw instead is a picture of what cannot be read here.
            fallback = child(element, "Fallback") if kind == "AlternateContent" and not chosen else None
            yield from chosen if fallback is None else _elements(fallback, depth + 1)


def _shape(
    element: "_Element",
    kind: str,
    holders: "list[dict[tuple[str, str], _Element]]",
    origin: Box,
    scale: tuple[float, float],
) -> Shape:
    mark = _placeholder(element)
    above: list[_Element] = []
    if mark is not None:
        place, number = mark.get("type", ""), mark.get("idx", "")
        for holder in holders:
            found = holder.get(("idx", number)) if number and not above else None
            if found is None:
                found = holder.get(("type", _SAME.get(place, place)))
            if found is not None:
                above.append(found)
                own = _placeholder(found)
                place = place or (own.get("type", "") if own is not None else "")
    frames = [_frame(each) for each in (element, *above)]
    frame = next((each for each in frames if each is not None), None)
    return Shape(element, kind, None if mark is None else place, tuple(above), _moved(_box(frame), origin, scale))


def _placeholders(root: "_Element | None") -> "dict[tuple[str, str], _Element]":
    """The placeholders of a layout or master, by number and by what they are for."""
    found: dict[tuple[str, str], _Element] = {}
    for element in _elements(child(root, "cSld", "spTree")):
        mark = _placeholder(element)
        if mark is not None:
            place = mark.get("type", "")
            found.setdefault(("idx", mark.get("idx", "")), element)
            found.setdefault(("type", _SAME.get(place, place)), element)
    return found


def _placeholder(element: "_Element") -> "_Element | None":
    return next((child(each, "nvPr", "ph") for each in element if local(each).startswith("nv")), None)


def _frame(element: "_Element") -> "_Element | None":
    own = child(element, "xfrm")
    return own if own is not None else child(element, "spPr", "xfrm")


def _box(frame: "_Element | None", place: str = "off", size: str = "ext") -> Box:
    left, top = (_number(child(frame, place), key) for key in ("x", "y"))
    wide, tall = (_number(child(frame, size), key) for key in ("cx", "cy"))
    return Box(left, top, left + wide, top + tall)


def _moved(box: Box, origin: Box, scale: tuple[float, float]) -> Box:
    return Box(origin.left + box.left * scale[0], origin.top + box.top * scale[1],
               origin.left + box.right * scale[0], origin.top + box.bottom * scale[1])  # fmt: skip


def _number(element: "_Element | None", name: str) -> float:
    written = attribute(element, name) or "0"
    return float(written) if written.lstrip("-").isdecimal() and len(written) < 16 else 0.0

"""What Word keeps apart from the text: which style is a heading, and how lists are numbered."""

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.flow import style_level

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_BASES = 20
_HEADING_ID = re.compile(r"[Hh]eading ?([1-9])")
_DEEPEST = 8  # Word's lists have nine levels
_MOST_ITEMS = 32_767
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


def local(element: "_Element") -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: "_Element | None", *path: str) -> "_Element | None":
    """The first child of a name, and of that the next, or None."""
    for name in path:
        if element is None:
            return None
        element = next((each for each in element if local(each) == name), None)
    return element


def attribute(element: "_Element | None", name: str) -> str | None:
    """The value of an attribute, whatever its namespace."""
    if element is None:
        return None
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


class Styles:
    """The styles of a document, each with those it is based on."""

    def __init__(self, root: "_Element | None") -> None:
        self._styles: dict[str, _Element] = {}
        self._default = ""
        for style in root if root is not None else ():
            if local(style) == "style" and (style_id := attribute(style, "styleId")):
                self._styles[style_id] = style
                if attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true"):
                    self._default = style_id

    def of(self, paragraph: "_Element") -> str:
        """The name of a paragraph's style."""
        return next((attribute(child(style, "name"), "val") or "" for style in self._chain(paragraph)), "")

    def heading_level(self, paragraph: "_Element") -> int | None:
        """The level, from 1, of a paragraph that is a heading; None for any other."""
        own = attribute(child(paragraph, "pPr", "outlineLvl"), "val")
        if own is not None and own.isdecimal():
            return int(own) + 1 if int(own) < 9 else None
        for at, style in enumerate(self._chain(paragraph)):
            name = attribute(child(style, "name"), "val") or ""
            if not at and name.lower() == "heading":  # LibreOffice's base of all titles
                return 1
            if (named := style_level(name)) is not None:
                return named
            level = attribute(child(style, "pPr", "outlineLvl"), "val")
            if level is not None and level.isdecimal():
                return int(level) + 1 if int(level) < 9 else None
        # Programs that write no styles still name the usual ones.
        found = _HEADING_ID.fullmatch(attribute(child(paragraph, "pPr", "pStyle"), "val") or "")
        return int(found[1]) if found and found[0] not in self._styles else None

    def numbering(self, paragraph: "_Element") -> tuple[str, int]:
        """The list that a paragraph belongs to and its depth in it, from 0; an empty name for none."""
        number, depth = None, None
        for holder in [paragraph, *self._chain(paragraph)]:
            properties = child(holder, "pPr", "numPr")
            if properties is not None:
                number = number if number is not None else attribute(child(properties, "numId"), "val")
                depth = depth if depth is not None else attribute(child(properties, "ilvl"), "val")
        number = "" if number in (None, "0") else number
        return number or "", min(int(depth), _DEEPEST) if depth and depth.isdecimal() else 0

    def list_of(self, style_id: str) -> str:
        """The list that a style of lists names; empty for none."""
        return attribute(child(self._styles.get(style_id), "pPr", "numPr", "numId"), "val") or ""

    def _chain(self, paragraph: "_Element") -> "list[_Element]":
        style_id = attribute(child(paragraph, "pPr", "pStyle"), "val") or self._default
        chain: list[_Element] = []
        while style_id in self._styles and len(chain) < _MAX_BASES:
            chain.append(self._styles[style_id])
            style_id = attribute(child(chain[-1], "basedOn"), "val") or ""
        return chain


class Numbering:
    """Counts list items as Word does, so that a reference to `2.1` can be found."""

    def __init__(self, root: "_Element | None", styles: Styles | None = None) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._abstract_of: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        linked: dict[str, str] = {}
        for element in root if root is not None else ():
            if local(element) == "abstractNum":
                abstract = attribute(element, "abstractNumId") or ""
                levels = (level for level in element if local(level) == "lvl")
                self._levels[abstract] = {_whole(attribute(level, "ilvl"), 0): _level(level) for level in levels}
                linked[abstract] = attribute(child(element, "numStyleLink"), "val") or ""
            elif local(element) == "num":
                self._add(element)
        for abstract, style in linked.items():
            # A list may have its looks from a style, which names another list.
            other = styles.list_of(style) if styles and style else ""
            self._levels[abstract] = self._levels[abstract] or self._levels.get(self._abstract_of.get(other, ""), {})

    def _add(self, element: "_Element") -> None:
        number = attribute(element, "numId") or ""
        abstract = attribute(child(element, "abstractNumId"), "val") or ""
        levels = dict(self._levels.get(abstract, {}))
        starts_anew = False
        for override in (each for each in element if local(each) == "lvlOverride"):
            depth, level = _whole(attribute(override, "ilvl"), 0), child(override, "lvl")
            if level is not None:
                levels[depth] = _level(level)
            start = child(override, "startOverride")
            if start is not None:
                starts_anew = True
                form, pattern, usual = levels.get(depth, ("decimal", f"%{depth + 1}.", 1))
                levels[depth] = form, pattern, _whole(attribute(start, "val"), usual)
        # Lists of one definition go on counting, unless one is told to start anew.
        self._abstract_of[number] = f"{abstract}/{number}" if starts_anew else abstract
        if starts_anew or levels != self._levels.get(abstract, {}):
            self._abstract_of[number] = f"{abstract}/{number}"
            self._levels[f"{abstract}/{number}"] = levels

    def label(self, number: str, depth: int) -> str:
        """What stands before the next item: `2.1.`, or `-` for a bullet; empty where nothing does."""
        abstract = self._abstract_of.get(number)
        levels = self._levels.get(abstract or "", {})
        if abstract is None or depth not in levels:
            return "-" if number else ""
        form, pattern, start = levels[depth]
        if form == "bullet":
            return "-"
        counts = self._counts[abstract]
        counts[depth] = counts.get(depth, start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        label = pattern
        for level in range(depth + 1):
            level_form, _, level_start = levels.get(level, ("decimal", "", 1))
            label = label.replace(f"%{level + 1}", _shown(counts.get(level, level_start), level_form))
        return label.strip()


def _whole(text: str | None, default: int) -> int:
    return min(int(text), _MOST_ITEMS) if text and text.isdecimal() and len(text) < 9 else default


def _level(level: "_Element") -> tuple[str, str, int]:
    form = attribute(child(level, "numFmt"), "val") or "decimal"
    return form, attribute(child(level, "lvlText"), "val") or "", _whole(attribute(child(level, "start"), "val"), 1)


def _shown(count: int, form: str) -> str:
    """A number as letters or in Roman digits, where the list says so."""
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for value, digits in _ROMAN:
            roman += digits * (count // value)
            count %= value
        return roman if form == "lowerRoman" else roman.upper()
    return "" if form == "none" else f"{count:02}" if form == "decimalZero" else str(count)

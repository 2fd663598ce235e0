"""Which part of a page is its article.

Other readers vote on every block of text. Where the votes cover most of the prose, the smallest element around them is
the article: what lies outside goes, and so do lines above, between and below that no reader wants (bylines, share
buttons, calls to read on). Prose, tables and code within the article stay, whatever the votes say. Of a page that marks
its sections, all sections around the good text are the article, whole.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.web.sections import document_around
from rage_assets.blocks.parsing.web.tree import HEADINGS, INLINE, drop
from rage_assets.blocks.parsing.web.voting import Votes, words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_PROSE = 20
_FEWEST_WORDS = 40
_NEARLY_ALL = 0.95
_IN_LINE = INLINE | {"br", "hr"}
_DATA = ("table", "pre", "dl", "aside")
_LISTS = ("ul", "ol")
_CAPTION = re.compile(r"caption|credit", re.IGNORECASE)


@dataclass(eq=False)
class _Unit:
    """The text that stands in one element directly, or the pictures in it."""

    element: "HtmlElement"
    group: "HtmlElement | None"
    text: list[str] = field(default_factory=list)
    linked: int = 0
    share: float = 0.0

    @cached_property
    def words(self) -> list[str]:
        return words("".join(self.text))

    @property
    def is_heading(self) -> bool:
        return self.element.tag in HEADINGS

    @property
    def is_prose(self) -> bool:
        return len(self.words) >= _PROSE and self.linked < 0.3 * len("".join(self.text))

    @property
    def is_caption(self) -> bool:
        for element in (self.element, self.element.getparent()):
            if element is not None and (
                element.tag in ("figure", "figcaption") or _CAPTION.search(element.get("class") or "")
            ):
                return True
        return False


def keep_article(root: "HtmlElement", votes: Votes) -> bool:
    """Remove what is not the article from a page that has one; any other page stays as it is.

    Args:
        root: The page.
        votes: What other readers take for its article.

    Returns:
        Whether there is one.
    """
    body = root.find("body")
    if body is None or votes.words < _FEWEST_WORDS:
        return False
    units = _units(body)
    for unit in units:
        unit.share = votes.share(unit.words)
    good = [unit for unit in units if unit.share > 0.5 and not unit.is_heading]
    prose = sum(len(unit.words) for unit in units if unit.is_prose)
    if not good or sum(len(unit.words) for unit in good if unit.is_prose) < 0.5 * prose:
        return False
    document = document_around(good[0].element)
    article = document if document is not None and _holds(document, good) else _around(body, good)
    inside = [unit for unit in units if unit.element is article or article in unit.element.iterancestors()]
    chosen = set(inside) if article is document else _chosen(inside)
    title = " ".join(root.xpath("//title/text()|//meta[@property='og:title']/@content"))
    _keep_only(body, chosen | _title(units[: units.index(good[0])], set(words(title))))
    return True


def _units(body: "HtmlElement") -> list[_Unit]:
    """All blocks of text below an element, in reading order."""
    from lxml import etree

    units: list[_Unit] = []
    open_units: list[tuple[HtmlElement, _Unit | None]] = [(body, None)]
    groups: list[HtmlElement] = []
    links = 0
    if body.text and body.text.strip():
        units.append(_Unit(body, None, [body.text]))
        open_units[0] = body, units[0]

    def add(text: str, *, linked: bool) -> None:
        element, unit = open_units[-1]
        if unit is None:
            unit = _Unit(element, groups[-1] if groups else None)
            units.append(unit)
            open_units[-1] = element, unit
        unit.text.append(text)
        unit.linked += len(text) if linked else 0

    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag
        if not isinstance(tag, str) or element is body:
            continue
        is_block = tag not in _IN_LINE
        if event == "start":
            links += _leads_away(element)
            if is_block:
                open_units.append((element, None))
                if tag in _DATA or tag in _LISTS:
                    groups.append(element)
            if (element.text and element.text.strip()) or (tag == "img" and element.get("alt")):
                add(element.text or "", linked=links > 0)
            continue
        links -= _leads_away(element)
        if is_block:
            open_units.pop()
            if groups and groups[-1] is element:
                groups.pop()
        unit = open_units[-1][1]
        if unit is not None and (is_block or tag == "br"):
            unit.text.append(" ")
        if element.tail and element.tail.strip():
            add(element.tail, linked=links > 0)
    return units


def _leads_away(element: "HtmlElement") -> bool:
    return element.tag == "a" and not (element.get("href") or "#").startswith("#")


def _holds(element: "HtmlElement", good: list[_Unit]) -> bool:
    """Whether an element has nearly all of the good text."""
    held = sum(len(unit.words) for unit in good if unit.element is element or element in unit.element.iterancestors())
    return held >= _NEARLY_ALL * sum(len(unit.words) for unit in good)


def _around(body: "HtmlElement", good: list[_Unit]) -> "HtmlElement":
    """The smallest element with nearly all of the good text."""
    sizes: dict[HtmlElement, int] = {}
    for unit in good:
        for element in (unit.element, *unit.element.iterancestors()):
            sizes[element] = sizes.get(element, 0) + len(unit.words)
    element = body
    while True:
        inner = next((child for child in element if sizes.get(child, 0) >= _NEARLY_ALL * sizes[body]), None)
        if inner is None:
            return element
        element = inner


def _chosen(units: list[_Unit]) -> set[_Unit]:
    """What to keep of an article's blocks."""
    places = [at for at, unit in enumerate(units) if unit.share > 0.5 and not unit.is_heading]
    first, last = places[0], places[-1]
    opening = first
    while opening and units[opening - 1].is_heading:
        opening -= 1
    linked: dict[HtmlElement, list[int]] = {}
    for unit in units:
        if unit.group is not None:
            sums = linked.setdefault(unit.group, [0, 0])
            sums[0] += unit.linked
            sums[1] += len("".join(unit.text))
    kept = set()
    for at, unit in enumerate(units):
        size = len("".join(unit.text))
        links, total = linked[unit.group] if unit.group is not None else (unit.linked, size)
        if unit.share > 0.5:
            wanted = opening <= at <= last or not unit.is_heading
        elif first < at < last:
            wanted = links <= (0.9 if unit.is_heading else 0.6) * total
        elif unit.group is not None and unit.group.tag in _DATA:
            wanted = links < 0.5 * total
        else:
            wanted = (unit.is_prose and not unit.is_caption) or (unit.is_heading and at + 1 == first)
        if wanted:
            kept.add(unit)
    kept |= _headings_above(units, kept)
    return kept - _empty_headings(units, kept)


def _headings_above(units: list[_Unit], kept: set[_Unit]) -> set[_Unit]:
    """The headings right above tables and code, which no vote needs to reach."""
    above: set[_Unit] = set()
    waiting: list[_Unit] = []
    for unit in units:
        if unit.is_heading:
            level = HEADINGS[unit.element.tag]
            waiting = [heading for heading in waiting if HEADINGS[heading.element.tag] < level]
            waiting.append(unit)
            continue
        if unit in kept and unit.group is not None and unit.group.tag in _DATA:
            above.update(waiting)
        waiting = []
    return above


def _empty_headings(units: list[_Unit], kept: set[_Unit]) -> set[_Unit]:
    """Headings of which all that follows has gone."""
    empty = set()
    for at, heading in enumerate(units):
        if not heading.is_heading or heading not in kept:
            continue
        gone = False
        for unit in map(units.__getitem__, range(at + 1, len(units))):
            if unit.is_heading and HEADINGS[unit.element.tag] <= HEADINGS[heading.element.tag]:
                break
            if unit in kept and not unit.is_heading:
                gone = False
                break
            gone = gone or not unit.is_heading
        if gone:
            empty.add(heading)
    return empty


def _title(above: list[_Unit], title: set[str]) -> set[_Unit]:
    """The heading above an article that is its title."""
    for tags in (("h1",), ("h2", "h3")):
        found = [unit for unit in above if unit.element.tag in tags]
        fitting = [unit for unit in found if len(title.intersection(unit.words)) > 0.6 * len(set(unit.words))]
        if fitting:
            return {fitting[-1]}
        if len(found) == 1 and tags == ("h1",):
            return set(found)
    return set()


def _keep_only(body: "HtmlElement", kept: set[_Unit]) -> None:
    """Remove all text but that of some blocks."""
    whole = {unit.element for unit in kept}
    path = {parent for element in whole for parent in element.iterancestors()} | whole
    owners = {body: body}  # the block whose text stands in an element
    body.text = body.text if body in whole else None
    for element in list(body.iterdescendants()):
        outer = owners.get(element.getparent())
        if outer is None:  # gone with its parent
            continue
        owner = outer if element.tag in _IN_LINE else element
        if outer not in whole:
            element.tail = None
        if element not in path and (owner is element or owner not in whole):
            drop(element)
            continue
        owners[element] = owner
        if owner not in whole:
            element.text = None

"""What is a part of an article, although its element or its name is one of furniture: notes, tables, code, short parts."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.web.tree import HEADINGS, length
from rage_assets.blocks.parsing.web.voting import words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NOTE_ROLES = ("alert", "complementary")
_TEXT = frozenset(("p", "ul", "ol", "dl", "pre", "table", "blockquote", "figure", "aside", "details", *HEADINGS))
_CELLS = ("thead", "tbody", "tr", "td", "th")
_WRAPPERS = ("div", "section", "figure", "p")
# What documentation calls its notes.
_NOTE = re.compile(
    r"(?:^|[\s_-])(?:admonition|alert|attention|callout|caution|danger|hint|important|info|note|notice|tip|warning)(?:$|[\s_-])",
    re.IGNORECASE,
)
# Many a news site sets a sentence of the article in large letters, once more.
_REPEATED = re.compile(r"pull-?quote", re.IGNORECASE)
_FEWEST_WORDS = 4
_SENTENCE = 8
_MOST_LINKED = 0.3
_AROUND_DATA = 0.2


class Embedded:
    """Tells the parts of a page's articles."""

    def __init__(self, root: "HtmlElement") -> None:
        """Look at a page."""
        self._root = root
        self._articles = set(root.xpath("//article|//main|//*[@role='main']"))
        self._tables = {table for table in root.iter("table") if self._is_inside(table) and _has_data(table)}

    def is_note(self, element: "HtmlElement", names: str) -> bool:
        """Whether an aside is a note to the text around it: prose that is called a note, or stands between other text.

        Args:
            element: The element.
            names: Its classes and its id, none of which is furniture's.
        """
        if element.tag != "aside" and element.get("role") not in _NOTE_ROLES:
            return False
        if not self._is_inside(element) or _REPEATED.search(names) or not _is_prose(element, _FEWEST_WORDS):
            return False
        before, after = element.getprevious(), element.getnext()
        return bool(_NOTE.search(names)) or (before is not None and after is not None and {before.tag, after.tag} <= _TEXT)

    def is_data(self, element: "HtmlElement") -> bool:
        """Whether an element is a table of data or code, a part of such a table, or a wrapper around them."""
        if element.tag in ("table", *_CELLS):
            return any(table in self._tables for table in (element, *element.iterancestors("table")))
        if element.tag == "pre":
            return self._is_inside(element)
        if element.tag not in _WRAPPERS or not self._is_inside(element):
            return False
        inside = [node for node in element.iter("table", "pre") if next(node.iterancestors("table", "pre"), None) is None]
        around = length(element) - sum(map(length, inside))
        return bool(inside) and all(map(self.is_data, inside)) and around <= _AROUND_DATA * length(element)

    def only_text_of_headings(self, found: Collection["HtmlElement"]) -> Iterator["HtmlElement"]:
        """Sentences without which a heading would have nothing below it, among what is to be removed."""
        for heading in self._root.iter(*HEADINGS):
            below = []
            for element in heading.itersiblings():
                if element.tag in HEADINGS:
                    if HEADINGS[element.tag] <= HEADINGS[heading.tag]:
                        break
                elif element in found:
                    below.append(element)
                elif length(element):
                    below = []
                    break
            if below and self._is_inside(heading):
                yield from (element for element in below if _is_prose(element, _SENTENCE))

    def _is_inside(self, element: "HtmlElement") -> bool:
        return any(parent in self._articles for parent in element.iterancestors())


def _is_prose(element: "HtmlElement", fewest: int) -> bool:
    """Whether an element says something by itself: some words, few of them links, and nothing to fill in."""
    if next(element.iter("form", "nav"), None) is not None or next(element.iterancestors("form"), None) is not None:
        return False
    linked = sum(map(length, element.iter("a")))
    return len(words("".join(element.itertext()))) >= fewest and linked < _MOST_LINKED * length(element)


def _has_data(table: "HtmlElement") -> bool:
    """Whether a table has rows of several cells with text, and is neither made of links nor there for the layout."""
    if next(table.iter("form"), None) is not None or len(list(table.iter("table"))) > 1:
        return False
    rows = [row for row in table.iter("tr") if sum(bool(length(cell)) for cell in row) > 1]
    return len(rows) > 1 and sum(map(length, table.iter("a"))) < 0.5 * length(table)

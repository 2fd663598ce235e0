"""OpenDocument files: the zip archive or the one flat XML file, and the styles in it."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.archives.archive import Archive, parse_xml
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.flow import style_level
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_BASES = 20
_CODE = re.compile(r"preformatted[ _]text|source[ _]?code|code|quelltext", re.IGNORECASE)
_PREFIXES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0": "presentation",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:meta:1.0": "meta",
    "urn:oasis:names:tc:opendocument:xmlns:chart:1.0": "chart",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/1998/Math/MathML": "math",
}
_URIS = {prefix: uri for uri, prefix in _PREFIXES.items()}


def tag(element: "_Element") -> str:
    """An element's name with its usual prefix, such as `text:p`."""
    if not isinstance(element.tag, str):
        return ""
    uri, _, name = element.tag[1:].rpartition("}")
    return f"{_PREFIXES.get(uri, '')}:{name}"


def attribute(element: "_Element", name: str) -> str:
    """An attribute by its usual name, such as `text:style-name`; empty where it is missing."""
    prefix, _, local = name.partition(":")
    return str(element.get(f"{{{_URIS[prefix]}}}{local}", ""))


def number(element: "_Element", name: str, otherwise: int, most: int) -> int:
    """An attribute that is a number, within bounds."""
    value = attribute(element, name)
    return min(int(value[:9]), most) if value.isascii() and value.isdecimal() else otherwise


def first(element: "_Element | None", name: str) -> "_Element | None":
    """The first child of a name."""
    return next((child for child in element if tag(child) == name), None) if element is not None else None


class Package:
    """An OpenDocument file.

    Attributes:
        body: Its text, spreadsheet or presentation.
        archive: Its parts; None for a flat file.
    """

    def __init__(self, content: Content) -> None:
        """Open a file.

        Raises:
            ParseFailed: `broken` where it has no body.
        """
        self.archive = Archive(content.data) if content.data.startswith(b"PK") else None
        self._roots = [self._part("content.xml"), self._part("styles.xml"), self._part("meta.xml")]
        if self.archive is None:
            self._roots = [parse_xml(content.data)]
        body = self.section("office:body")
        if self._roots[0] is None and self.section("office:styles") is not None:
            raise ParseFailed("no_text", "The template holds nothing but styles.")
        if body is None or not len(body):
            raise ParseFailed("broken", "The document has no body.")
        self.body: _Element = next((child for child in body if isinstance(child.tag, str)), body)
        self.lists: dict[str, _Element] = {}
        self._styles: dict[str, _Element] = {}
        for root in self._roots[::-1]:
            for name in ("office:styles", "office:automatic-styles"):
                self._learn(first(root, name))

    def section(self, name: str) -> "_Element | None":
        """A part of the document such as `office:meta`, wherever it stands."""
        return next((found for root in self._roots if (found := first(root, name)) is not None), None)

    def facts(self) -> dict[str, str]:
        """Title, author, subject and so on."""
        meta = self.section("office:meta")
        names = {
            "dc:title": "title",
            "meta:initial-creator": "author",
            "dc:subject": "subject",
            "dc:description": "description",
        }
        found: dict[str, str] = {}
        keywords = []
        for element in meta if meta is not None else ():
            if tag(element) == "meta:keyword" and element.text:
                keywords.append(element.text)
            elif tag(element) in names and element.text:
                found.setdefault(names[tag(element)], element.text)
        return found | ({"keywords": ", ".join(keywords)} if keywords else {})

    def level(self, style: str) -> int | None:
        """The level of heading that the style of a paragraph promises."""
        for name in self._names(style):
            level = 2 if name.lower() == "subtitle" else style_level(name)
            if level is not None:
                return level
        return None

    def is_code(self, style: str) -> bool:
        """Whether the style of a paragraph is one for code."""
        return any(_CODE.fullmatch(name) for name in self._names(style))

    def is_hidden(self, style: str) -> bool:
        """Whether a style hides its text."""
        for each in self._chain(style):
            properties = first(each, "style:text-properties")
            if properties is not None and attribute(properties, "text:display"):
                return attribute(properties, "text:display") == "none"
        return False

    def _names(self, style: str) -> list[str]:
        chain = self._chain(style)
        names = [attribute(each, "style:display-name") or attribute(each, "style:name") for each in chain]
        # The base of the last may be one that the file does not have, yet its name says enough.
        names.append(attribute(chain[-1], "style:parent-style-name") if chain else style)
        return [name.replace("_20_", " ") for name in names]

    def _chain(self, style: str) -> "list[_Element]":
        chain: list[_Element] = []
        while style in self._styles and len(chain) < _MAX_BASES:
            chain.append(self._styles[style])
            style = attribute(chain[-1], "style:parent-style-name")
        return chain

    def _learn(self, styles: "_Element | None") -> None:
        for style in styles if styles is not None else ():
            if tag(style) == "text:list-style":
                self.lists[attribute(style, "style:name")] = style
            elif tag(style) == "text:outline-style":
                self.lists[""] = style
            elif tag(style) == "style:style" and attribute(style, "style:family") in ("paragraph", "text"):
                self._styles[attribute(style, "style:name")] = style

    def object(self, path: str) -> "_Element | None":
        """The content of an object inside the document; None where it is missing or damaged."""
        try:
            return self._part(f"{path}/content.xml") if path else None
        except ParseFailed:
            return None

    def _part(self, name: str) -> "_Element | None":
        return self.archive.xml(name) if self.archive is not None and name in self.archive.names else None

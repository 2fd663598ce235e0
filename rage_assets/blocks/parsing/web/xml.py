"""XML: articles (JATS, DocBook) with their sections, and any other as the text of its elements."""

import re
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.archives.archive import parse_xml
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADINGS = {"title", "article-title"}
_SECTIONS = {"sec", "section", "chapter", "abstract", "ack", "app", "ref-list", "part", "appendix"}
_TEXT = {"p", "para", "caption", "ref", "contrib", "name", "aff", "list-item", "listitem", "td", "th", "mixed-citation",
         "element-citation", "subject", "kwd", "fn", "li", "row"}  # fmt: skip
_LISTS = {"list", "itemizedlist", "orderedlist"}
# Numbers by which publishers file an article, and second spellings of what is there in words.
_LEFT_OUT = {"journal-meta", "article-id", "contrib-id", "permissions", "history", "pub-date", "counts", "tex-math",
             "custom-meta-group", "object-id", "graphic", "self-uri", "elocation-id",
             "volume", "issue", "fpage", "lpage"}  # fmt: skip
_INLINE = {"bold", "italic", "sup", "sub", "xref", "ext-link", "emphasis", "code", "link", "monospace",
           "sc", "underline", "styled-content", "named-content", "b", "i", "em", "strong", "a", "span",
           "u", "uri", "email"}  # fmt: skip
_MAX_DEPTH = 200


class XmlParser:
    """Reads XML; entities stay unexpanded and nothing is fetched."""

    name = "xml"
    version = 1
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".xml", ".nxml", ".jats", ".docbook"), "application/xml")

    def parse(self, content: Content) -> Outline:
        """Headings, paragraphs, lists and tables."""
        outline = Outline()
        _walk(outline, parse_xml(content.data), 0, 0)
        first = next((block for block in outline.blocks if block.type is BlockType.HEADING), None)
        outline.title = first.text if first else ""
        return outline


def _walk(outline: Outline, element: "_Element", level: int, depth: int) -> None:
    name = local(element)
    if name in _LEFT_OUT or depth > _MAX_DEPTH:
        return
    if name in _HEADINGS:
        outline.heading(_text(element), level + 1)
    elif name == "table":
        rows = [[_text(cell) for cell in row if local(cell) in ("td", "th", "entry")]
                for row in element.iter("{*}tr", "{*}row")]  # fmt: skip
        outline.add(BlockType.TABLE, pipe_table(rows))
    elif name in _LISTS:
        outline.add(BlockType.LIST, "\n".join("- " + _text(item) for item in element))
    elif name in _TEXT or not any(local(child) and local(child) not in _INLINE for child in element):
        outline.paragraph(_text(element))
    else:
        outline.paragraph(element.text or "")
        inner = level + 1 if name in _SECTIONS else level
        if name == "abstract" and not any(local(child) == "title" for child in element):
            outline.heading("Abstract", inner + 1)
        for child in element:
            _walk(outline, child, inner, depth + 1)
            outline.paragraph(child.tail or "")


def _text(element: "_Element") -> str:
    """All text of an element on one line; elements that are no part of a sentence are parted by a space."""
    from lxml import etree

    parts = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if local(node) not in _INLINE:
            parts.append(" ")
        if event == "start" and local(node) not in ("", "tex-math", "contrib-id"):  # no name: an entity
            parts.append(node.text or "")
        elif event == "end" and node is not element:
            parts.append(node.tail or "")
    return re.sub(r"\s+", " ", "".join(parts)).strip()

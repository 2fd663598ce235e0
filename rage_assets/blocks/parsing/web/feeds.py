"""Feeds and their lists: RSS, Atom, OPML."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.html import add_fragment
from rage_assets.blocks.parsing.web.xml_text import text_of
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

FEEDS = ("rss", "feed", "RDF")
_ITEMS = ("item", "entry")
_TEXTS = ("encoded", "content", "description", "summary", "subtitle", "tagline")
_FACTS = {"author": "author", "creator": "author", "pubDate": "date", "published": "date", "updated": "updated",
          "date": "date", "category": "categories", "guid": "id", "id": "id"}  # fmt: skip
_MAX_DEPTH = 100


def read_feed(outline: Outline, root: "_Element") -> None:
    """Add a feed: its title and description, and each item under its own title."""
    channel = next((child for child in root if local(child) == "channel"), root)
    outline.title = _value(channel, "title")
    outline.heading(outline.title, 1, **_facts(channel))
    _add_text(outline, channel)
    for item in root.iterdescendants():
        if local(item) in _ITEMS:
            facts = _facts(item)
            title = _value(item, "title")
            outline.heading(title, 2, **facts)
            before = len(outline.blocks)
            _add_text(outline, item)
            if not title and len(outline.blocks) > before:
                outline.blocks[before].metadata |= facts


def read_opml(outline: Outline, root: "_Element") -> None:
    """Add an outline as one nested list."""
    outline.title = next((text_of(node) for node in root.iter("title")), "")
    outline.heading(outline.title, 1)
    lines = []
    for node in root.iter("outline"):
        depth = sum(local(parent) == "outline" for parent in node.iterancestors())
        text = " ".join((node.get("text") or node.get("title") or "").split())
        address = node.get("xmlUrl") or node.get("url") or node.get("htmlUrl") or ""
        note = " ".join((node.get("_note") or "").split())
        line = " ".join(filter(None, (text, f"({address})" if address else "", note)))
        if line:
            lines.append(f"{'  ' * min(depth, _MAX_DEPTH)}- {line}")
    outline.add(BlockType.LIST, "\n".join(lines))


def read_drawing(outline: Outline, root: "_Element") -> None:
    """Add the title, the description and the labels of an SVG drawing."""
    title = next((text_of(child) for child in root if local(child) == "title"), "")
    outline.title = title
    outline.heading(title, 1)
    for node in root.iter("{*}desc"):
        outline.paragraph(text_of(node))
    labels = [text_of(node) for node in root.iter("{*}text", "{*}foreignObject")]
    outline.add(BlockType.IMAGE, "\n".join(filter(None, labels)))


def _value(element: "_Element", name: str) -> str:
    return next((text_of(child) for child in element if local(child) == name), "")


def _facts(element: "_Element") -> dict[str, str]:
    facts: dict[str, list[str]] = {}
    for child in element:
        name = local(child)
        if name == "link":
            if child.get("rel", "alternate") == "alternate":
                facts.setdefault("link", []).append(child.get("href") or text_of(child))
        elif name in _FACTS:
            facts.setdefault(_FACTS[name], []).append(child.get("term") or " ".join(map(text_of, child)) or text_of(child))
    return {name: ", ".join(dict.fromkeys(filter(None, values)))[:1000] for name, values in facts.items() if any(values)}


def _add_text(outline: Outline, element: "_Element") -> None:
    """Add the fullest text that an item has; it is HTML more often than not."""
    from lxml import etree

    texts = []
    for child in element:
        if local(child) in _TEXTS:
            marked = len(child) > 0
            texts.append(etree.tostring(child, encoding="unicode", with_tail=False) if marked else child.text or "")
    text = max(texts, key=len, default="")
    if "<" in text or "&" in text:
        add_fragment(outline, text)
    else:
        outline.paragraph(text)

"""HTML: the content of a page without the furniture around it."""

from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.furniture import remove_furniture
from rage_assets.blocks.parsing.web.page_facts import article_body, page_facts
from rage_assets.blocks.parsing.web.tree import parse_html, remove_unseen
from rage_assets.blocks.parsing.web.walker import Walker
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# A page in memory takes many times its bytes.
_LARGEST = 64 * 2**20


class HtmlParser:
    """Reads HTML leniently with lxml and keeps what a person came to read."""

    name = "html"
    version = 4
    suffixes: ClassVar[dict[str, str]] = {
        ".html": "text/html", ".htm": "text/html", ".shtml": "text/html", ".xhtml": "application/xhtml+xml",
        ".xht": "application/xhtml+xml",
    }  # fmt: skip

    def parse(self, content: Content) -> Outline:
        """Blocks of the page's content; what the page says of itself is metadata of the first."""
        if content.size > _LARGEST:
            raise ParseFailed("too_large", f"The page has {content.size} bytes; pages are read up to {_LARGEST}.")
        return page(content.text, site=True)


def page(text: str, *, site: bool = False) -> Outline:
    """The content of a whole page.

    Args:
        text: The page.
        site: Whether it comes from a site, so that what stands around its content is left out. A mail or an exported
            document is all content.
    """
    root = parse_html(text)
    outline = Outline()
    title = root.find(".//title")
    outline.title = " ".join((title.text or "").split()) if title is not None else ""
    facts = page_facts(root, text)
    remove_unseen(root)
    if site:
        remove_furniture(root, text)
    _read(outline, root)
    body = article_body(text) if site else ""
    if sum(len(block.text) for block in outline.blocks) < 0.2 * len(body):  # scripts write what a reader sees of it
        outline = _described(outline.title, body)
    if outline.blocks:
        outline.blocks[0].metadata |= facts
    return outline


def fragment(text: str) -> Outline:
    """The content of a piece of HTML; nothing but scripts and styles is furniture in it."""
    outline = Outline()
    add_fragment(outline, text)
    return outline


def add_fragment(outline: Outline, text: str) -> None:
    """Add a piece of HTML to an outline; the sections that are open there end where its headings say so."""
    try:
        root = parse_html(text)
    except ParseFailed:  # nothing but comments
        return
    remove_unseen(root)
    _read(outline, root)


def _described(title: str, body: str) -> Outline:
    """The article that a page holds as data."""
    outline = Outline()
    outline.title = title
    outline.heading(title, 1)
    if "</" in body:
        add_fragment(outline, body)
    else:
        for line in body.split("\n"):
            outline.paragraph(line)
    return outline


def _read(outline: Outline, root: "HtmlElement") -> None:
    Walker(outline, language=root.get("lang") or "").walk(root)

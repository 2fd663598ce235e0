"""HTML: the content of a page without the furniture around it."""

import re
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from rage_assets.blocks.parsing.web.furniture import remove_furniture
from rage_assets.blocks.parsing.web.tree import remove_unseen
from rage_assets.blocks.parsing.web.html_table import is_data_table, table_rows
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    ("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
     "ins", "kbd", "label", "mark", "meter", "nobr", "output", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
     "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr")
)  # fmt: skip
_NOT_IN_LISTS = frozenset([*_HEADINGS, "table", "pre", "article", "section", "form"])
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source|brush:)[-\s]?([\w+#-]+)")


class HtmlParser:
    """Reads HTML leniently with lxml and keeps what a person came to read."""

    name = "html"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".html": "text/html", ".htm": "text/html", ".xhtml": "application/xhtml+xml"}

    def parse(self, content: Content) -> Outline:
        """Blocks of the page's content."""
        return page(content.text)


def page(text: str) -> Outline:
    """The content of a whole page, without its furniture."""
    root = _tree(text)
    outline = Outline()
    title = root.find(".//title")
    outline.title = " ".join((title.text or "").split()) if title is not None else ""
    remove_unseen(root)
    remove_furniture(root, text)
    _Walker(outline).walk(root)
    return outline


def fragment(text: str) -> Outline:
    """The content of a piece of HTML; nothing but scripts and styles is furniture in it."""
    outline = Outline()
    add_fragment(outline, text)
    return outline


def add_fragment(outline: Outline, text: str) -> None:
    """Add a piece of HTML to an outline; the sections that are open there end where its headings say so."""
    try:
        root = _tree(text)
    except ParseFailed:  # nothing but comments
        return
    remove_unseen(root)
    _Walker(outline).walk(root)


def _tree(text: str) -> "HtmlElement":
    from lxml import etree, html

    # As bytes, since lxml refuses text that declares an encoding of its own.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True, remove_comments=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        raise ParseFailed("no_text", "The page has no content.") from None


class _Walker:
    """Turns the start and end of elements into blocks; iterative, so that deep nesting is no recursion here."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.inline: list[str] = []
        self.items: list[str] = []
        self.lists: list[tuple[HtmlElement, int | None]] = []
        self.marker = ""

    def walk(self, root: "HtmlElement") -> None:
        from lxml import etree

        events = etree.iterwalk(root, events=("start", "end"))
        for event, element in events:
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                if self._start(element):
                    events.skip_subtree()
                elif element.text:
                    self.inline.append(_spaced(element.text))
            else:
                self._end(element)
                if element.tail and element is not root:
                    self.inline.append(_spaced(element.tail))
        self._flush()

    def _start(self, element: "HtmlElement") -> bool:
        """Handle the start of an element; whether its subtree is done with."""
        tag = element.tag
        if tag in ("head", "title"):
            return True
        if tag in _INLINE:
            if tag == "img":
                self._image(element)
            elif tag == "code" and len(element) == 0:
                self.inline.append("`")
            return False
        if tag == "br":
            self._break()
            return True
        if tag in _HEADINGS and not self.lists:
            self._flush()
            # The sign by which documentation links to a heading is no part of it.
            self.outline.heading(text_of(element).removesuffix("¶"), _HEADINGS[tag])
            return True
        if tag == "pre" and not self.lists:
            self._flush()
            self.outline.add(BlockType.CODE, _preformatted(element), language=_language(element))
            return True
        if tag == "table" and not self.lists and is_data_table(element):
            self._flush()
            self._table(element)
            return True
        self._flush()
        if tag in ("ul", "ol", "dl", "menu") and (self.lists or not _holds_blocks(element)):
            start = element.get("start", "1")
            self.lists.append((element, (int(start) if start.isdigit() else 1) if tag == "ol" else None))
        elif tag in ("li", "dt") and self.lists:
            self._item()
        return False

    def _end(self, element: "HtmlElement") -> None:
        if element.tag == "code" and len(element) == 0:
            self.inline.append("`")
        if element.tag in _INLINE or element.tag == "br":
            return
        self._flush()
        if self.lists and self.lists[-1][0] is element:
            self.lists.pop()
            self.marker = ""
            if not self.lists:
                self.outline.add(BlockType.LIST, "\n".join(self.items))
                self.items = []

    def _item(self) -> None:
        owner, number = self.lists[-1]
        self.marker = "-" if number is None else f"{number}."
        if number is not None:
            self.lists[-1] = owner, number + 1

    def _flush(self) -> None:
        text = _lines("".join(self.inline))
        self.inline = []
        if not text or text == "``":
            return
        if not self.lists:
            self.outline.paragraph(text)
            return
        indent = "  " * (len(self.lists) - 1)
        lead = indent + (self.marker + " " if self.marker else "  ")
        self.items.append(lead + text.replace("\n", "\n" + indent + "  "))
        self.marker = ""

    def _break(self) -> None:
        # Two in a row are how old pages part paragraphs.
        while self.inline and not self.inline[-1].strip(" "):
            self.inline.pop()
        if self.inline and self.inline[-1] == "\n" and not self.lists:
            self._flush()
        else:
            self.inline.append("\n")

    def _image(self, element: "HtmlElement") -> None:
        alternative = " ".join((element.get("alt") or "").split())
        if len(alternative.split()) > 2 and not self.lists:
            source = (element.get("src") or "")[:500]
            if source.startswith("data:"):
                source = ""
            self.outline.add(BlockType.IMAGE, alternative, source=source or None)

    def _table(self, element: "HtmlElement") -> None:
        caption = element.find("caption")
        if caption is not None:
            self.outline.paragraph(text_of(caption))
        parts = list(table_parts(table_rows(element, text_of), max_chars=6000))
        for first, last, table in parts:
            self.outline.add(BlockType.TABLE, table, rows=[first, last] if len(parts) > 1 else None)


def text_of(element: "HtmlElement") -> str:
    """All text of an element on one line, blocks in it parted by a space."""
    from lxml import etree

    parts = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node.tag not in _INLINE:
            parts.append(" ")
        parts.append((node.text if event == "start" else node.tail if node is not element else "") or "")
    return " ".join("".join(parts).split())


def _holds_blocks(element: "HtmlElement") -> bool:
    """Whether a list is a way of laying out sections, not a list to its reader."""
    return next(element.iter(*_NOT_IN_LISTS), None) is not None


def _preformatted(element: "HtmlElement") -> str:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    return str(element.text_content()).expandtabs(4)


def _language(element: "HtmlElement") -> str | None:
    code = element.find(".//code")
    for node in (element, code, element.getparent()):
        if node is not None and (found := _LANGUAGE.search(node.get("class") or "")):
            return str(found[1]).lower()
    return None


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _lines(text: str) -> str:
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))

"""The elements of a page as blocks."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from rage_assets.blocks.parsing.web.figures import Figures
from rage_assets.blocks.parsing.web.html_table import code_of_table, is_data_table, table_rows
from rage_assets.blocks.parsing.web.inline_text import lines, preformatted, programming_language, spaced, text_of
from rage_assets.blocks.parsing.web.tree import HEADINGS, INLINE
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NOT_IN_LISTS = frozenset([*HEADINGS, "table", "pre", "article", "section", "form"])
_LISTS = ("ul", "ol", "dl", "menu", "dir")
_NOTES = {
    "doc-footnote",
    "doc-endnote",
    "doc-endnotes",
    "footnote",
    "endnote",
    "footnotes",
    "endnotes",
    "rearnote",
    "rearnotes",
}


class Walker:
    """Turns the start and end of elements into blocks; iterative, so that deep nesting is no recursion here."""

    def __init__(self, outline: Outline, *, language: str = "") -> None:
        """Write to an outline.

        Args:
            outline: Where the blocks go.
            language: The language of the page; blocks in another that their elements declare say so.
        """
        self.outline = outline
        self.figures = Figures(outline)
        self.language = language
        self.inline: list[str] = []
        self.items: list[str] = []
        self.lists: list[tuple[HtmlElement, int | None]] = []
        self.marker = ""
        self.facts: list[tuple[HtmlElement, str, str]] = []

    def walk(self, root: "HtmlElement") -> None:
        """Add all blocks of a tree."""
        from lxml import etree

        events = etree.iterwalk(root, events=("start", "end"))
        for event, element in events:
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                self._note_facts(element)
                if self._start(element):
                    events.skip_subtree()
                elif element.text:
                    self.inline.append(spaced(element.text))
            else:
                self._end(element)
                while self.facts and self.facts[-1][0] is element:
                    self.facts.pop()
                if element.tail and element is not root:
                    self.inline.append(spaced(element.tail))
        self._flush()

    def _note_facts(self, element: "HtmlElement") -> None:
        """Remember what an element says of all blocks in it."""
        if element.tag == "blockquote":
            self.facts.append((element, "role", "quote"))
        elif _is_note(element):
            self.facts.append((element, "role", "footnote"))
        language = element.get("lang")
        if language and element.tag not in INLINE and element.tag not in ("html", "body"):
            self.facts.append((element, "lang", language))

    def _metadata(self, element: "HtmlElement | None" = None) -> dict[str, Any]:
        known: dict[str, Any] = {key: value for _, key, value in self.facts}
        if known.get("lang") == self.language:
            del known["lang"]
        anchor = element is not None and (element.get("id") or _anchor_within(element))
        return known | ({"anchor": anchor} if anchor else {})

    def _start(self, element: "HtmlElement") -> bool:
        """Handle the start of an element; whether its subtree is done with."""
        tag = element.tag
        if tag in ("head", "title"):
            return True
        if tag in INLINE:
            if tag == "img":
                self._image(element)
            elif tag == "code" and len(element) == 0:
                self.inline.append("`")
            elif tag == "rt":
                self.inline.append("(")
            return False
        if tag == "br":
            self._break()
            return True
        self_contained = not self.lists and self._whole(element)
        if self_contained:
            return True
        self._flush()
        if tag in _LISTS and (self.lists or not _holds_blocks(element)):
            start = element.get("start", "1")
            self.lists.append((element, (int(start) if start.isdecimal() else 1) if tag == "ol" else None))
        elif tag in ("li", "dt") and self.lists:
            self._item()
        return False

    def _whole(self, element: "HtmlElement") -> bool:
        """Add an element that is one block with all that is in it; whether it was one."""
        tag = element.tag
        if level := HEADINGS.get(tag) or _declared_level(element):
            self._flush()
            metadata = self._metadata(element)
            if "anchor" not in metadata and element.getparent() is not None and element.getparent().tag == "section":
                metadata |= {"anchor": element.getparent().get("id")}
            # The sign by which documentation links to a heading is no part of it.
            self.outline.heading(text_of(element).removesuffix("¶"), level, **metadata)
            self.figures.add_within(element)
            return True
        if tag == "pre":
            self._flush()
            language = programming_language(element)
            self.outline.add(BlockType.CODE, preformatted(element), language=language, **self._metadata())
            return True
        if tag == "table":
            if (code := code_of_table(element, preformatted)) is not None:
                self._flush()
                self.outline.add(BlockType.CODE, code, language=programming_language(element), **self._metadata())
                return True
            if is_data_table(element):
                self._flush()
                self._table(element)
                return True
        if tag == "figure" or "wp-caption" in (element.get("class") or "").split():
            self._flush()
            return self.figures.add(element, **self._metadata())
        return False

    def _end(self, element: "HtmlElement") -> None:
        tag = element.tag
        if tag == "code" and len(element) == 0:
            self.inline.append("`")
        elif tag == "rt":
            self.inline.append(")")
        if tag in INLINE or tag == "br":
            return
        self._flush()
        if self.lists and self.lists[-1][0] is element:
            self.lists.pop()
            self.marker = ""
            if not self.lists:
                self.outline.add(BlockType.LIST, "\n".join(self.items), **self._metadata())
                self.items = []

    def _item(self) -> None:
        owner, number = self.lists[-1]
        self.marker = "-" if number is None else f"{number}."
        if number is not None:
            self.lists[-1] = owner, number + 1

    def _flush(self) -> None:
        text = lines("".join(self.inline))
        self.inline = []
        if not text or text == "``":
            return
        if not self.lists:
            self.outline.paragraph(text, **self._metadata())
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
        text = self.figures.link_text(element)
        if text:
            self.inline.append(text)
        elif not self.lists:
            self.figures.add_image(element)

    def _table(self, element: "HtmlElement") -> None:
        caption = element.find("caption")
        if caption is not None:
            self.outline.paragraph(text_of(caption), **self._metadata())
        parts = list(table_parts(table_rows(element, text_of), max_chars=6000))
        for first, last, table in parts:
            rows = [first, last] if len(parts) > 1 else None
            self.outline.add(BlockType.TABLE, table, rows=rows, **self._metadata(element))


def _is_note(element: "HtmlElement") -> bool:
    said = f"{element.get('role') or ''} {element.get('epub:type') or ''} {element.get('class') or ''}"
    return said != "  " and element.tag not in INLINE and not _NOTES.isdisjoint(said.split())


def _declared_level(element: "HtmlElement") -> int | None:
    if element.get("role") != "heading":
        return None
    level = element.get("aria-level", "2")
    return int(level) if level in "123456" and level else 6


def _anchor_within(element: "HtmlElement") -> str | None:
    if element.tag not in HEADINGS:
        return None
    first = element.find("a")
    return (first.get("id") or first.get("name")) if first is not None else None


def _holds_blocks(element: "HtmlElement") -> bool:
    """Whether a list is a way of laying out sections, not a list to its reader."""
    return next(element.iter(*_NOT_IN_LISTS), None) is not None

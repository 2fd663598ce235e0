"""The text within elements."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.web.tree import INLINE

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language|lang|highlight-source|highlight|sourceCode|brush:|code-block)[-\s]?([A-Za-z][\w+#.-]{0,30})"
)
_NO_LANGUAGES = ("default", "none", "notranslate", "text", "plaintext", "plain", "wrapper", "code")
_INVISIBLE = {0xAD: None, 0x200B: None, 0x2060: None, 0xFEFF: None}


def text_of(element: "HtmlElement") -> str:
    """All text of an element on one line, blocks in it parted by a space, pictures as their alternative text."""
    from lxml import etree

    parts: list[str] = []
    numbers: list[int | None] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        tag = node.tag
        if tag not in INLINE:
            parts.append(" ")
        if event == "start":
            if tag in ("ul", "ol"):
                numbers.append(1 if tag == "ol" else None)
            elif tag == "li" and numbers and numbers[-1] is not None:
                parts.append(f"{numbers[-1]}. ")
                numbers[-1] += 1
            elif tag == "img":
                parts.append(f" {node.get('alt') or ''} ")
            elif tag == "rt":
                parts.append("(")
            parts.append(node.text or "")
            continue
        if tag in ("ul", "ol"):
            numbers.pop()
        elif tag == "rt":
            parts.append(")")
        parts.append((node.tail if node is not element else "") or "")
    return " ".join("".join(parts).translate(_INVISIBLE).split())


def preformatted(element: "HtmlElement") -> str:
    """The text of preformatted lines, without the numbers that stand beside them."""
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    for number in list(element.xpath(".//span[contains(@class, 'lineno') or contains(@class, 'line-number')]")):
        number.text = None
        for child in list(number):
            number.remove(child)
    return str(element.text_content()).expandtabs(4)


def programming_language(element: "HtmlElement") -> str | None:
    """The language that code says it is in, or what stands directly around it does."""
    around = [element, element.find(".//code"), *list(element.iterancestors())[:3]]
    for node in around:
        if node is None:
            continue
        for name in (node.get("data-lang"), node.get("data-language")):
            if name:
                return str(name).lower()
        for found in _LANGUAGE.findall(node.get("class") or ""):
            if found.lower() not in _NO_LANGUAGES:
                return str(found).lower().removeprefix("source-")
    return None


def spaced(text: str) -> str:
    """Text with its white space as single spaces, and without marks of where a word may break."""
    return re.sub(r"\s+", " ", text if text.isascii() else text.translate(_INVISIBLE))


def lines(text: str) -> str:
    """Text with clean lines, none of them empty."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))

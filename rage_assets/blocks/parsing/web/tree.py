"""A page's text as a tree of elements, and what is never text to its reader."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.seven_bit import seven_bit_text
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = frozenset(
    ("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
     "ins", "kbd", "label", "mark", "math", "meter", "nobr", "output", "picture", "q", "rb", "rp", "rt", "rtc", "ruby",
     "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr")
)  # fmt: skip
_NEVER = ("script", "style", "noscript", "template", "iframe", "object", "embed", "canvas", "audio", "video",
          "link", "meta", "input", "select", "textarea", "datalist", "map", "rp")  # fmt: skip
# Second renderings of a formula, of which the first is kept.
_SECOND = ("katex-html", "MathJax", "MathJax_Preview", "MathJax_Display", "MathJax_SVG", "mwe-math-fallback-image-inline",
           "mwe-math-fallback-image-display")  # fmt: skip
_SIGNS = frozenset(("", "¶", "#", "§", "🔗", "⚓", "link", "permalink"))
_DECLARED = re.compile(r"""charset\s*=\s*["']?\s*([\w-]{2,30})""", re.IGNORECASE)
# Their content is what a reader without frames sees; the parser takes it for text.
_NO_FRAMES = re.compile(r"</?(?:noframes|frameset)\b[^<>]{0,1000}>", re.IGNORECASE)
_FEWEST_LABELS = 3


def parse_html(text: str) -> "HtmlElement":
    """The root of a page.

    Raises:
        ParseFailed: `no_text` where there is no element and no text.
    """
    from lxml import etree, html

    # As bytes, since lxml refuses text that declares an encoding of its own.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_pis=True, remove_comments=True)
    try:
        return html.document_fromstring(_NO_FRAMES.sub("", _wide(text)).encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        raise ParseFailed("no_text", "The page has no content.") from None


def remove_unseen(root: "HtmlElement") -> None:
    """Remove from a tree, in place, what is no text to anyone: scripts, form controls, hidden elements.

    Formulas are written as LaTeX first, since pages hide the readable form of them.
    """
    from rage_assets.blocks.parsing.web.mathml import write_formulas

    write_formulas(root)
    for element in list(root.iter(*_NEVER)):
        drop(element)
    for element in list(root.iter("svg")):
        _labels_of_drawing(element)
    for element in list(root.iter("button")):
        # The button that opens a section of a page is its heading.
        if next(element.iterancestors(*HEADINGS, "summary", "dt"), None) is None:
            drop(element)
    for element in list(root.xpath("//*[@hidden or @style or @class]")):
        if element.tag not in ("html", "body") and _is_hidden(element):
            drop(element)
    for link in list(root.xpath("//a[starts-with(@href, '#') or not(@href)]")):
        # The sign by which documentation links to a heading is no part of it.
        if _sign(link) in _SIGNS and link.find(".//img") is None:
            _drop_sign(link)


def drop(element: "HtmlElement") -> None:
    """Remove an element and keep the text after it."""
    parent = element.getparent()
    if parent is None:
        return
    tail = element.tail
    if tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
    parent.remove(element)


def length(element: "HtmlElement") -> int:
    """How many characters of text an element has, white space aside."""
    return sum(map(len, "".join(element.itertext()).split()))


def is_named(element: "HtmlElement", *names: str) -> bool:
    """Whether an element has one of some classes."""
    return not set((element.get("class") or "").split()).isdisjoint(names)


def _wide(text: str) -> str:
    """Text of an encoding that looks like ASCII, such as ISO-2022-JP, decoded as the page declares."""
    declared = _DECLARED.search(text[:2048]) if text.isascii() else None
    return (declared and seven_bit_text(text.encode("ascii"), declared[1])) or text


def _is_hidden(element: "HtmlElement") -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    if element.get("hidden") not in (None, "false", "until-found"):
        # Readers of books show a note where its mark is touched.
        return "note" not in (element.get("epub:type") or "")
    return "display:none" in style or "visibility:hidden" in style or is_named(element, *_SECOND)


def _sign(link: "HtmlElement") -> str:
    return "".join(link.itertext()).strip().strip("\u200b").lower()


def _drop_sign(link: "HtmlElement") -> None:
    """Remove the sign of a heading's link; an anchor that was set by hand leaves its name there."""
    inside = next(link.iterancestors(*HEADINGS, "dt"), None)
    name = link.get("id") or link.get("name") or (link.get("href") or "")[1:]
    if inside is not None and name and not inside.get("id"):
        inside.set("id", name)
    if inside is not None or is_named(link, "headerlink", "anchor", "hash-link"):
        drop(link)


def _labels_of_drawing(element: "HtmlElement") -> None:
    """Replace a drawing by a picture with its labels; an icon has none."""
    labels = [" ".join("".join(node.itertext()).split()) for node in element.iter("text", "foreignobject")]
    labels = [label for label in labels if label]
    if len(labels) >= _FEWEST_LABELS:
        picture = element.makeelement("img", {"alt": " ".join(labels)})
        picture.tail = element.tail
        element.addprevious(picture)
        element.tail = None
    drop(element)

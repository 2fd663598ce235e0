"""Pages that say where each section begins and ends, as tools for documentation write them."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.web.tree import HEADINGS, is_named

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# What docutils, AsciiDoc, DocBook and pandoc call them.
_NAMES = (
    "section", "sect1", "sect2", "sect3", "sect4", "sect5", "chapter", "appendix", "preface", "refentry", "refsect1",
    "refsect2", "refnamediv", "refsynopsisdiv", "level1", "level2", "level3", "level4",
)  # fmt: skip
_WRAPPERS = 1  # what may stand between a section and the one around it


def document_around(element: "HtmlElement") -> "HtmlElement | None":
    """The outermost of the sections, one within the other, that an element stands in, with all beside them.

    Args:
        element: An element of the document's text.

    Returns:
        None where there are not at least two sections: then the page says nothing of what belongs together.
    """
    found = None
    between = 0
    for each in (element, *element.iterancestors()):
        if is_section(each) or sum(map(is_section, each)) > 1:
            found, between = each, 0
        elif found is not None:
            between += 1
            if between > _WRAPPERS:
                break
    if found is None or sum(map(is_section, found.iter("section", "div"))) < 2:
        return None
    return found


def has_id_of_heading(element: "HtmlElement") -> bool:
    """Whether an element is called as its heading is, so that one can lead to it: the name says nothing of what it is for.

    Of a section that stands by itself, such as the comments of readers, this is not said.
    """
    name = _slug(element.get("id") or "")
    if not name:
        return False
    if element.tag in HEADINGS:
        return name == _slug("".join(element.itertext()))
    parent = element.getparent()
    if parent is None or not is_section(parent) or not is_section(element):
        return False
    return any(child.tag in HEADINGS and name == _slug("".join(child.itertext())) for child in element)


def _slug(text: str) -> str:
    """The letters of a text; signs and numbers before it are no part of a name."""
    return "".join(filter(str.isalpha, text)).lower()


def is_section(element: "HtmlElement") -> bool:
    """Whether an element is marked as a section and begins with a heading."""
    if element.tag == "section":
        if not element.get("id"):
            return False
    elif element.tag != "div" or not is_named(element, *_NAMES):
        return False
    first = [child for child in element if child.tag not in ("span", "a")][:2]
    return any(child.tag in HEADINGS or is_named(child, "titlepage") for child in first)

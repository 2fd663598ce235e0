"""The text within elements of XML."""

from html.entities import html5
from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.web.mathml import latex

if TYPE_CHECKING:
    from lxml.etree import _Element

INLINE = frozenset(
    ("abbrev", "abbr", "acronym", "app", "application", "b", "bold", "citation", "citetitle", "cite", "classname", "cmdname",
     "code", "codeph", "command", "computeroutput", "constant", "date", "ci", "em", "emph", "email", "emphasis", "envar",
     "ext-link", "filename", "filepath", "firstterm", "foreignphrase", "foreign", "function", "gi", "guilabel", "guimenu",
     "guibutton", "guiicon", "guimenuitem", "guisubmenu", "keycap", "keycombo", "menuchoice", "trademark",
     "personname", "firstname", "hi", "i", "inlinecode", "inline-graphic", "interfacename",
     "italic", "keycap", "keyword", "link", "literal", "markup",
     "menucascade", "methodname", "milestone-end", "milestone-start", "mml:math", "monospace", "named-content", "option",
     "orgName", "overline", "parameter", "parmname", "persName", "ph", "phrase", "placeName", "productname", "prompt",
     "pub-id", "quote", "ref", "replaceable", "roman", "rs", "sansserif", "sc", "seg", "small", "source", "span", "strike",
     "strong", "structname", "styled-content", "sub", "subscript", "sup", "superscript", "surname", "symbol", "systemitem",
     "systemoutput", "tag", "term", "tt", "type", "u", "uicontrol", "ulink", "underline", "uri", "userinput", "varname",
     "w", "wintitle", "xref", "xptr", "year", "volume", "issue", "fpage", "lpage", "article-title", "chapter-title",
     "tspan", "fn-link", "given-names", "string-name", "collab", "label-link", "rp", "ruby", "rb", "size", "elocation-id",
     "publisher-name", "publisher-loc", "month", "day", "season", "edition", "comment", "conf-name", "suffix", "prefix")
)  # fmt: skip
# Numbers by which publishers file things, and what is there in words beside them.
SILENT = frozenset(
    ("object-id", "contrib-id", "graphic", "inline-graphic-alternatives", "indexterm", "index", "processing-meta")
)
_PEOPLE = ("name", "etal", "person-group")
_FORMULAS = ("inline-formula", "disp-formula", "inlineequation", "informalequation", "equation", "formula")
# Entries of menus one below the other, and keys that are pressed together.
_CHOICES = {"menuchoice": " > ", "menucascade": " > ", "keycombo": "+"}
_MAX_DEPTH = 150


def text_of(element: "_Element", skip: frozenset[str] = frozenset()) -> str:
    """All text of an element on one line; elements that are no part of a sentence are parted by a space.

    Args:
        element: The element.
        skip: Names of elements in it to leave out.
    """
    parts: list[str] = []
    _gather(element, parts, skip, 0)
    return " ".join("".join(parts).split())


def plain_text(element: Any) -> str:
    """All text of an element on one line, whatever the elements in it mean."""
    if not len(element):
        return " ".join((element.text or "").split())
    from lxml import etree

    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            parts.append((node.text if isinstance(node.tag, str) else _entity(node)) or "")
        elif node is not element:
            parts.append(node.tail or "")
    return " ".join("".join(parts).split())


def formula(element: "_Element") -> str:
    """A formula as LaTeX between dollar signs; its text where it is written otherwise."""
    sign = "$$" if local(element).startswith(("disp", "equation", "informal")) else "$"
    tex = next(element.iter("{*}tex-math"), None)
    if tex is not None:
        written = "".join(tex.itertext())
        body = written.partition("\\begin{document}")[2].partition("\\end{document}")[0] or written
        return f"{sign}{' '.join(body.strip().strip('$').split())}{sign}"
    math = next(element.iter("{*}math"), None)
    if math is not None:
        return f"{sign}{latex(math)}{sign}"
    parts: list[str] = [element.text or ""]
    for child in element:
        _gather(child, parts, frozenset(), 0)
        parts.append(child.tail or "")
    return "".join(parts)


def _entity(node: Any) -> str:
    """What an entity stands for where it is one of HTML, which are the same everywhere; nothing else is put in its place."""
    name = getattr(node, "name", None)
    return html5.get(f"{name};", "") if name else ""


def _gather(element: Any, parts: list[str], skip: frozenset[str], depth: int) -> None:
    name = local(element)
    if not name:
        # In a sentence, the name of a product or a person says more than a gap.
        parts.append(_entity(element) or getattr(element, "name", None) or "")
        return
    if name in skip or name in SILENT or depth > _MAX_DEPTH:
        return
    if name in _FORMULAS:
        parts.append(formula(element))
        return
    if name == "math":
        parts.append(f"${latex(element)}$")
        return
    if name in _CHOICES:
        chosen = filter(None, (text_of(child) for child in element if local(child) not in ("shortcut", "")))
        parts.append(_CHOICES[name].join(chosen))
        return
    parted = "" if name in INLINE or name in _PEOPLE else " "
    parts.append(parted)
    if name == "name" and len(element):
        parts.append(" ".join(filter(None, (" ".join("".join(child.itertext()).split()) for child in element))))
    elif name == "etal":
        parts.append("".join(element.itertext()).strip() or "et al.")
    else:
        parts.append(element.text or "")
        for child in element:
            _gather(child, parts, skip, depth + 1)
            parts.append(child.tail or "")
    parts.append(parted)

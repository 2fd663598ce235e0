"""Documents in XML: the words that JATS, DocBook, DITA and TEI have for sections, paragraphs, lists, tables and code."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from rage_assets.blocks.parsing.web.html_table import table_rows
from rage_assets.blocks.parsing.web.xml_text import INLINE, SILENT, formula, text_of
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_TITLES = frozenset(("title", "head", "article-title", "bridgehead", "subtitle", "heading"))
_PARAGRAPHS = frozenset(
    ("p", "para", "simpara", "ab", "shortdesc", "lg", "cmd", "speech-line", "attrib", "verse-group", "license-p", "byline",
     "dateline", "signed", "salute", "opener", "closer", "blockquote-attribution", "attribution", "stage", "speaker",
     "refpurpose", "refname", "term", "glossterm", "def-head", "term-head", "tip-text")
)  # fmt: skip
_LISTS = frozenset(
    ("list", "itemizedlist", "orderedlist", "simplelist", "ul", "ol", "sl", "variablelist", "def-list", "dl", "procedure",
     "substeps", "steps", "steps-unordered", "choices", "glossary-list", "segmentedlist", "calloutlist", "parml", "listBibl")
)  # fmt: skip
_NUMBERED = frozenset(("orderedlist", "ol", "procedure", "steps", "substeps"))
_NUMBERED_TYPES = frozenset(
    ("order", "ordered", "arabic", "numbered", "alpha-lower", "alpha-upper", "roman-lower", "roman-upper")
)
_CODE = frozenset(("programlisting", "screen", "literallayout", "synopsis", "codeblock", "pre", "preformat",
                   "msgblock", "eg",
                   "egXML", "code-block", "cmdsynopsis", "funcsynopsis"))  # fmt: skip
_TABLES = frozenset(("table", "array", "informaltable", "simpletable", "properties", "choicetable"))
_FIGURES = frozenset(("fig", "figure", "informalfigure", "mediaobject", "chem-struct-wrap", "image"))
_NOTES = {"note": "note", "tip": "note", "warning": "note", "caution": "note", "important": "note", "danger": "note",
          "hazardstatement": "note", "sidebar": "note", "boxed-text": "note", "fn": "footnote", "footnote": "footnote",
          "table-wrap-foot": "footnote", "disp-quote": "quote", "blockquote": "quote", "epigraph": "quote", "lq": "quote",
          "cit": "quote", "remark": "comment", "draft-comment": "comment"}  # fmt: skip
_SECTIONS = frozenset(
    ("sec", "section", "sect1", "sect2", "sect3", "sect4", "sect5", "simplesect", "refsect1", "refsect2", "refsect3",
    "chapter",
     "appendix", "part", "preface", "article", "book", "abstract", "trans-abstract", "ack", "app", "ref-list", "fn-group",
     "glossary", "bibliography", "topic", "concept", "task", "reference", "div", "div1", "div2", "div3", "div4", "notes",
     "boxed-text", "sidebar", "bio", "dedication", "colophon", "refentry", "example", "app-group", "def-list", "set",
     "set-index",
     "refsection", "refsynopsisdiv", "bibliodiv", "glossdiv", "troubleshooting", "glossentry", "statement", "answer",
     "question")
)  # fmt: skip
# What DocBook says of a work before it begins; a line for each fact.
_ABOUT = frozenset(
    ("info", "bookinfo", "articleinfo", "chapterinfo", "sectioninfo", "refentryinfo", "setinfo", "partinfo", "prefaceinfo",
     "appendixinfo", "sect1info", "sect2info", "refmeta")
)  # fmt: skip
_PROSE_ABOUT = frozenset(("abstract", "legalnotice", "title", "subtitle", "epigraph", "dedication"))
_PEOPLE_ABOUT = ("author", "editor", "othercredit", "collab", "corpauthor")
_LEFT_OUT = SILENT | {"teiHeader", "prolog", "metadata", "topicmeta", "colgroup", "colspec", "textobject", "toc", "index"}
_IN_PARAGRAPHS = _LISTS | _CODE | _TABLES | _FIGURES | {"table-wrap", "fig-group", "boxed-text", "supplementary-material",
                                                         "element-citation", "disp-quote", "blockquote", "note",
                                                         "footnote", "fn", "example"}  # fmt: skip
# What a figure may hold that is more than its caption.
_OWN_BLOCKS = _TABLES | _CODE | _LISTS | {"supplementary-material", "media"}
# What stands in sentences; an appendix is called as an entry of an apparatus is, which does.
_WITHIN = (INLINE - _SECTIONS) | {""}
_MAX_DEPTH = 150
_LONGEST_LIST = 6000


class DocumentReader:
    """Adds the blocks of a document's elements to an outline."""

    def __init__(self, outline: Outline) -> None:
        """Write to an outline."""
        self.outline = outline

    def read(self, element: "_Element", level: int, depth: int = 0, **metadata: Any) -> None:
        """Add an element.

        Args:
            element: The element.
            level: The level of a heading that stands in it directly.
            depth: How deep it is nested; what lies too deep is left out.
            **metadata: What is true of all blocks in it.
        """
        name = local(element)
        if not name or name in _LEFT_OUT or depth > _MAX_DEPTH or self.read_special(element, name, level):
            return
        if name in _ABOUT:
            self._about(element, level, depth, metadata)
        elif name in _TITLES:
            self._title(element, level, metadata)
        elif name in _TABLES and next(element.iter("{*}tr", "{*}row", "{*}strow", "{*}property"), None) is not None:
            self.table(element, **metadata)
        elif name in _CODE or (name == "code" and "\n" in "".join(element.itertext())):
            language = element.get("language") or element.get("code-type") or element.get("outputclass")
            self.outline.add(BlockType.CODE, "".join(element.itertext()), language=language, **metadata)
        elif name in _LISTS:
            self._list(element, level, metadata)
        elif name in _FIGURES:
            self._figure(element, **metadata)
        elif name in ("disp-formula", "equation", "informalequation"):
            self.outline.paragraph(formula(element), **metadata)
        elif name in _PARAGRAPHS or all(local(child) in _WITHIN for child in element):
            self._paragraph(element, level, depth, metadata)
        else:
            self._container(element, name, level, depth, metadata)

    def read_special(self, element: "_Element", name: str, level: int) -> bool:
        """Add an element that only one vocabulary has; whether it was one."""
        return False

    def _about(self, element: "_Element", level: int, depth: int, metadata: dict[str, Any]) -> None:
        """Add the facts of a work, a line for each."""
        for child in element:
            if local(child) in _PROSE_ABOUT:
                self.read(child, level, depth + 1, **metadata)
            elif local(child) == "authorgroup":
                people = [_fact(one) for one in child if local(one) in _PEOPLE_ABOUT]
                self.outline.paragraph(", ".join(dict.fromkeys(filter(None, people))), **{**metadata, "role": "authors"})
            else:
                role = {"role": "authors"} if local(child) in _PEOPLE_ABOUT else {}
                self.outline.paragraph(_fact(child), **{**metadata, **role})

    def _title(self, element: "_Element", level: int, metadata: dict[str, Any]) -> None:
        parent = element.getparent()
        anchor = None
        if parent is not None:
            anchor = parent.get("id") or parent.get("{http://www.w3.org/XML/1998/namespace}id")
        label = next((text_of(child) for child in parent if local(child) == "label"), "") if parent is not None else ""
        text = text_of(element, frozenset(("fn", "footnote", "note")))
        self.outline.heading(f"{label} {text}".strip(), level, anchor=anchor, **metadata)

    def _container(self, element: "_Element", name: str, level: int, depth: int, metadata: dict[str, Any]) -> None:
        if name in _NOTES:
            metadata = {**metadata, "role": _NOTES[name]}
        inner = level + 1 if name in _SECTIONS else level
        self.outline.paragraph(element.text or "", **metadata)
        for child in element:
            # A title opens the section that it stands in.
            self.read(child, inner, depth + 1, **metadata)
            self.outline.paragraph(child.tail or "", **metadata)

    def _paragraph(self, element: "_Element", level: int, depth: int, metadata: dict[str, Any]) -> None:
        """Add a paragraph; the figures and lists that stand in it become blocks of their own between its parts."""
        if not any(local(child) in _IN_PARAGRAPHS for child in element):
            name = local(element)
            role = {"role": _NOTES[name]} if name in _NOTES else {}
            self.outline.paragraph(_verses(element) if name == "lg" else text_of(element), **{**metadata, **role})
            return
        run = [element.text or ""]
        for child in element:
            if local(child) in _IN_PARAGRAPHS:
                self.outline.paragraph(" ".join("".join(run).split()), **metadata)
                self.read(child, level, depth + 1, **metadata)
                run = [child.tail or ""]
            else:
                parted = "" if local(child) in INLINE or "formula" in local(child) else " "
                run.append(f"{parted}{text_of(child)}{parted}" if parted else _inline(child))
                run.append(child.tail or "")
        self.outline.paragraph(" ".join("".join(run).split()), **metadata)

    def _list(self, element: "_Element", level: int, metadata: dict[str, Any]) -> None:
        for child in element:
            if local(child) in _TITLES:
                self.outline.paragraph(text_of(child), **metadata)
        self.items(list(_items(element, 0)), **metadata)

    def items(self, items: list[str], **metadata: Any) -> None:
        """Add lines as lists of bounded size."""
        part: list[str] = []
        for item in items:
            if part and sum(map(len, part)) + len(item) > _LONGEST_LIST and not item.startswith(" "):
                self.outline.add(BlockType.LIST, "\n".join(part), **metadata)
                part = []
            part.append(item)
        self.outline.add(BlockType.LIST, "\n".join(part), **metadata)

    def _figure(self, element: "_Element", **metadata: Any) -> None:
        inner = [child for child in element.iterdescendants() if local(child) in _OWN_BLOCKS]
        text = text_of(element, _OWN_BLOCKS | {"graphic", "permissions", "attrib"})
        self.outline.add(BlockType.IMAGE, text, anchor=element.get("id"), **metadata)
        for child in inner:
            self.read(child, 6, **metadata)

    def table(self, element: "_Element", **metadata: Any) -> None:
        """Add a table with its title above it."""
        for child in element:
            if local(child) in ("title", "caption", "head", "info", "desc"):
                self.outline.paragraph(text_of(child), **metadata)
        parts = list(table_parts(table_rows(element, text_of), max_chars=6000))
        for first, last, table in parts:
            rows = [first, last] if len(parts) > 1 else None
            self.outline.add(BlockType.TABLE, table, rows=rows, **metadata)


def _fact(element: "_Element", depth: int = 0) -> str:
    """The text of an element; elements in it that are not within a sentence are words apart."""
    loose = (element.text or "").strip() or any((child.tail or "").strip() for child in element)
    if loose or not len(element) or depth > _MAX_DEPTH:
        return text_of(element)
    return " ".join(filter(None, (_fact(child, depth + 1) if local(child) else text_of(child) for child in element)))


def _items(element: "_Element", depth: int) -> Any:
    """The items of a list as lines, those of lists in it below them."""
    name = local(element)
    numbered = name in _NUMBERED or (element.get("list-type") or element.get("rend") or "") in _NUMBERED_TYPES
    number = 0
    for child in element:
        kind = local(child)
        if not kind or kind in _TITLES or kind in ("lb", "pb"):
            if depth and kind in _TITLES:
                yield f"{'  ' * depth}{text_of(child)}"
            continue
        number += 1
        inner = [node for node in child.iterdescendants() if local(node) in _LISTS and _outer_list(node) is element]
        text = text_of(child, _LISTS)
        label = next((node for node in child if local(node) == "label"), None)
        terms = [node for node in child if local(node) in ("term", "dt", "pt")]
        if terms:
            head = ", ".join(map(text_of, terms))
            text = f"{head}: {text_of(child, _LISTS | {'term', 'dt', 'pt'})}".rstrip(": ")
        mark = "-" if not numbered else f"{number}."
        if label is not None and numbered:
            text, mark = text_of(child, _LISTS | {"label"}), text_of(label)
        if text:
            yield f"{'  ' * depth}{mark} {text}"
        for nested in inner if depth < _MAX_DEPTH else ():
            yield from _items(nested, depth + 1)


def _outer_list(element: "_Element") -> "_Element | None":
    return next((parent for parent in element.iterancestors() if local(parent) in _LISTS), None)


def _verses(element: "_Element") -> str:
    return "\n".join(text_of(line) for line in element if local(line))


def _inline(element: "_Element") -> str:
    """An inline element's text with the white space at its ends, which parts it from its neighbours."""
    text = "".join(map(str, element.itertext()))
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before and ' '}{text_of(element)}{after and ' '}"

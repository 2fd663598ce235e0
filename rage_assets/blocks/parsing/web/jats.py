"""JATS: articles of journals, with what stands before and after their text."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.jats_references import reference
from rage_assets.blocks.parsing.web.xml_document import DocumentReader
from rage_assets.blocks.parsing.web.xml_text import text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_SECTION_NAMES = {"abstract": "Abstract", "ack": "Acknowledgments", "ref-list": "References"}
_MATTERS = ("body", "back", "floats-group")
_ARTICLES = ("sub-article", "response")
_LABELS = frozenset(("label",))
# Facts of the front matter, each with where it stands; values of several elements are joined.
_FACTS = {
    "journal": ".//*[local-name()='journal-title']",
    "doi": "./*[local-name()='article-id'][@pub-id-type='doi']",
    "subjects": "./*[local-name()='article-categories']//*[local-name()='subject']",
    "keywords": "./*[local-name()='kwd-group']/*[local-name()='kwd']",
    "editors": "./*[local-name()='contrib-group']/*[local-name()='contrib'][@contrib-type!='author']/*[local-name()='name']",
    "funding": "./*[local-name()='funding-group']/*[local-name()='funding-statement' or local-name()='award-group']",
    "conference": "./*[local-name()='conference']",
    "correspondence": "./*[local-name()='author-notes']/*[local-name()='corresp']",
    "notes": "./*[local-name()='author-notes']/*[local-name()='fn']|../*[local-name()='notes']",
    "license": "./*[local-name()='permissions']/*[local-name()='license']",
}


class JatsReader(DocumentReader):
    """Reads an article; the letters and translations that it holds become documents of their own."""

    def __init__(self, outline: Outline) -> None:
        """Write to an outline."""
        super().__init__(outline)
        self._article: _Element | None = None

    def article(self, article: "_Element") -> None:
        """Add an article with its front matter, text, notes and references."""
        self._article = article
        facts: dict[str, str] = {}
        for front in article:
            if local(front) in ("front", "front-stub"):
                facts = self._front(front)
        for matter in article:
            if local(matter) in _MATTERS:
                for child in matter:
                    self.read(child, 1, 0)
            elif local(matter) in _ARTICLES:
                self._attach(matter)
        if self.outline.blocks:
            self.outline.blocks[0].metadata |= facts

    def read_special(self, element: "_Element", name: str, level: int) -> bool:
        """Add what only journals have."""
        if name == "ref-list":
            self._references(element, level + 1)
        elif name == "table-wrap":
            self._table(element)
        elif name in ("fig-group", "table-wrap-group"):
            self._group(element, level)
        elif name in ("supplementary-material", "media"):
            self.outline.paragraph(text_of(element), anchor=element.get("id"))
        elif name in ("fn-group", "def-list", "glossary") and not _has(element, "title"):
            for child in element:
                self.read(child, level, 0, **({"role": "footnote"} if name == "fn-group" else {}))
        elif name in ("element-citation", "mixed-citation", "nlm-citation"):
            self.outline.paragraph(reference(element))
        elif name == "label":
            return True
        else:
            if name in _SECTION_NAMES and not _has(element, "title"):
                self.outline.heading(_SECTION_NAMES[name], level + 1)
            return False
        return True

    def _front(self, front: "_Element") -> dict[str, str]:
        meta = next((node for node in front.iter("{*}article-meta")), front)
        title = next((node for node in meta.iter("{*}article-title")), None)
        if title is not None:
            self.outline.title = text_of(title, frozenset(("xref", "fn")))
            self.outline.heading(self.outline.title, 1)
        for subtitle in meta.xpath("./*[local-name()='title-group']/*"):
            if local(subtitle) in ("subtitle", "trans-title-group"):
                self.outline.paragraph(text_of(subtitle))
        authors, places = _authors(meta), _affiliations(meta)
        self.outline.paragraph(", ".join(authors), role="authors")
        self.outline.paragraph("; ".join(places), role="affiliations")
        for child in meta:
            if local(child) == "product":  # the work that a review is of
                self.outline.paragraph(text_of(child))
            elif local(child) in ("abstract", "trans-abstract"):
                self.read(child, 1, 0)
        facts = {"author": ", ".join(authors), "date": _date(meta)}
        for name, path in _FACTS.items():
            values = (front if name == "journal" else meta).xpath(path)
            facts[name] = "; ".join(dict.fromkeys(text_of(value) for value in values))[:2000]
        return {name: value for name, value in facts.items() if value}

    def _references(self, element: "_Element", level: int) -> None:
        title = next((text_of(child) for child in element if local(child) == "title"), "")
        self.outline.heading(title or _SECTION_NAMES["ref-list"], level)
        items = []
        for child in element:
            if local(child) == "ref":
                label = next((text_of(node) for node in child.iter("{*}label")), "").strip("[]().")
                text = " ".join(filter(None, (reference(node) for node in child if local(node) not in ("", "label"))))
                items.append(f"{label}. {text}" if label.isdecimal() else f"- {text}")
            elif local(child) == "ref-list":
                self._references(child, level + 1)
            elif local(child) not in ("title", "label"):
                self.read(child, level, 0)
        self.items(items)

    def _table(self, element: "_Element") -> None:
        heading = [text_of(child) for child in element if local(child) in ("label", "caption")]
        self.outline.paragraph(" ".join(heading), anchor=element.get("id"))
        tables = list(element.iter("{*}table"))
        for table in tables:
            self.table(table)
        if not tables:
            for child in element:
                if local(child) not in ("label", "caption", "table-wrap-foot", "alternatives"):
                    self.read(child, 6, 0)
        for foot in element:
            if local(foot) == "table-wrap-foot":
                for note in foot:
                    self.outline.paragraph(text_of(note), role="footnote")

    def _group(self, element: "_Element", level: int) -> None:
        heading = [text_of(child) for child in element if local(child) in ("label", "caption")]
        self.outline.paragraph(" ".join(heading))
        for child in element:
            if local(child) not in ("label", "caption"):
                self.read(child, level, 0)

    def _attach(self, article: "_Element") -> None:
        from lxml import etree

        title = next((text_of(node) for node in article.iter("{*}article-title")), "")
        name = title or (article.get("article-type") or local(article)).replace("-", " ")
        data = etree.tostring(article, encoding="utf-8", xml_declaration=True, with_tail=False)
        self.outline.attach(f"{name[:80]}.xml".replace("/", " "), data)


def _has(element: "_Element", name: str) -> bool:
    return any(local(child) == name for child in element)


def _authors(meta: "_Element") -> list[str]:
    found = []
    for contributor in meta.xpath("./*[local-name()='contrib-group']/*[local-name()='contrib']"):
        if contributor.get("contrib-type", "author") != "author":
            continue
        for node in contributor.iter("{*}name", "{*}string-name", "{*}collab"):
            parts = {local(part): text_of(part) for part in node}
            ordered = (parts.get(part, "") for part in ("prefix", "given-names", "surname", "suffix"))
            found.append(" ".join(filter(None, ordered)) or text_of(node, frozenset(("contrib-group", "contrib"))))
            break
    return found


def _affiliations(meta: "_Element") -> list[str]:
    found = meta.xpath(
        "./*[local-name()='aff']|./*[local-name()='contrib-group'][not(*[local-name()='contrib'][@contrib-type='editor'])]"
        "//*[local-name()='aff']"
    )
    places = []
    for place in found:
        parts = [text_of(part, _LABELS) for part in place if local(part) not in ("label", "sup", "")]
        loose = (place.text or "").strip() or any((part.tail or "").strip(" ,;\n\t") for part in place)
        places.append(text_of(place, _LABELS) if loose else ", ".join(filter(None, parts)))
    return list(dict.fromkeys(filter(None, places)))


def _date(meta: "_Element") -> str:
    for date in meta.iter("{*}pub-date"):
        parts = {local(part): (part.text or "").strip() for part in date}
        numbers = [parts.get(part, "") for part in ("year", "month", "day")]
        return "-".join(number.zfill(2) for number in numbers if number)
    return ""


def read_article(outline: Outline, root: Any) -> None:
    """Add an article of JATS, or one of several within a file."""
    for article in [root] if local(root) in ("article", *_ARTICLES) else root.iter("{*}article"):
        JatsReader(outline).article(article)

"""References of JATS as a reader knows them from the page."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.web.xml_text import text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_TITLES = ("article-title", "data-title", "chapter-title", "part-title", "trans-title")
_PEOPLE = ("name", "string-name", "collab", "etal")
_IDENTIFIERS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "isbn": "ISBN", "arxiv": "arXiv"}


def reference(citation: "_Element") -> str:
    """One reference on one line.

    Args:
        citation: An `element-citation`, whose parts have no punctuation of their own, or any other, which has.
    """
    if local(citation) != "element-citation":
        return text_of(citation, frozenset(("label",)))
    parts = [_sentence(", ".join(_people(citation)))]
    parts += [_sentence(_first(citation, *_TITLES))]
    source = " ".join(filter(None, (_first(citation, name) for name in ("source", "series", "conf-name", "patent"))))
    volume, issue = _first(citation, "volume"), _first(citation, "issue")
    pages = "–".join(filter(None, (_first(citation, "fpage"), _first(citation, "lpage")))) or _first(
        citation, "elocation-id"
    )
    place = f"{volume}({issue})" if volume and issue else volume
    where = ":".join(filter(None, (place, pages)))
    year = _first(citation, "year")
    publisher = ", ".join(filter(None, (_first(citation, "publisher-name"), _first(citation, "publisher-loc"))))
    edition = " ".join(filter(None, (_first(citation, "edition"), _first(citation, "version"))))
    middle = " ".join(filter(None, (source, where, edition, f"({year})" if year else "")))
    parts += [_sentence(middle), _sentence(publisher), _sentence(_first(citation, "comment"))]
    parts += [", ".join(_identifiers(citation))]
    return " ".join(filter(None, parts)) or text_of(citation, frozenset(("label",)))


def _people(citation: "_Element") -> list[str]:
    found = []
    for node in citation.iter("{*}name", "{*}string-name", "{*}collab", "{*}etal"):
        if local(node) == "etal":
            found.append("et al")
            continue
        names = {local(part): text_of(part) for part in node}
        written = " ".join(filter(None, (names.get("surname", ""), names.get("given-names", ""), names.get("suffix", ""))))
        found.append(written or text_of(node))
    return found


def _identifiers(citation: "_Element") -> list[str]:
    found = []
    for node in citation.iter("{*}pub-id"):
        kind = _IDENTIFIERS.get(node.get("pub-id-type") or "", node.get("assigning-authority") or "")
        found.append(f"{kind}: {text_of(node)}" if kind else text_of(node))
    links = [text_of(node) for node in citation if local(node) in ("ext-link", "uri")]
    return found + [link for link in links if link]


def _first(citation: "_Element", *names: str) -> str:
    return next((text_of(node) for node in citation.iterdescendants() if local(node) in names), "")


def _sentence(text: str) -> str:
    return f"{text}." if text and text[-1] not in ".?!" else text

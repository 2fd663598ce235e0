"""What a page says of itself: its address, author, date, description and language."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.web.voting import described

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# For each fact the names of `meta` elements that say it, best first.
_METAS = {
    "author": ("author", "article:author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author", "byl"),
    "date": ("article:published_time", "datepublished", "date", "dc.date", "dcterms.created", "citation_publication_date",
             "pubdate", "parsely-pub-date", "publish-date", "last-modified"),
    "description": ("description", "og:description", "dc.description", "twitter:description"),
    "site": ("og:site_name", "application-name"),
    "keywords": ("keywords", "news_keywords"),
}  # fmt: skip
_LONGEST = 1000


def page_facts(root: "HtmlElement", text: str) -> dict[str, str]:
    """The facts that a page declares in its head, as JSON-LD or as microdata."""
    metas: dict[str, list[str]] = {}
    for element in root.iter("meta"):
        name = element.get("name") or element.get("property") or element.get("itemprop") or ""
        value = _short(element.get("content"))
        if value:
            metas.setdefault(name.lower(), []).append(value)
    facts = {}
    for fact, names in _METAS.items():
        values = next((metas[name] for name in names if name in metas), [])
        # Facebook wants the address of a profile where a name belongs.
        value = _short(", ".join(dict.fromkeys(value for value in values if not value.startswith("http"))))
        if value:
            facts[fact] = value
    address = root.xpath("string(//link[@rel='canonical']/@href)") or next(iter(metas.get("og:url", ())), "")
    if address.startswith(("http://", "https://")):
        facts["canonical"] = _short(address)
    language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang")
    if language:
        facts["lang"] = _short(language)
    for item in described(text) if "author" not in facts or "date" not in facts else ():
        if "headline" in item or "articleBody" in item:
            _add_described(facts, item)
    if "date" not in facts and (moments := root.xpath("//time[@itemprop='datePublished' or @pubdate]/@datetime")):
        facts["date"] = _short(moments[0])
    return facts


def article_body(text: str) -> str:
    """The text of the article that a page holds as JSON-LD; empty where it has none."""
    bodies = (item.get("articleBody") for item in described(text))
    return next((body for body in bodies if isinstance(body, str)), "")


def _add_described(facts: dict[str, str], item: dict[str, Any]) -> None:
    authors = item.get("author")
    names = [author.get("name") if isinstance(author, dict) else author
             for author in (authors if isinstance(authors, list) else [authors])]  # fmt: skip
    author = ", ".join(name for name in names if isinstance(name, str) and not name.startswith("http"))
    for fact, value in (("author", author), ("date", item.get("datePublished"))):
        if isinstance(value, str) and _short(value):
            facts.setdefault(fact, _short(value))


def _short(value: str | None) -> str:
    return " ".join((value or "").split())[:_LONGEST]

"""What stands around the content of a web page: menus, footers, cookie banners, share buttons.

Two rules: what says by its element, role or class that it is furniture goes; then lists and boxes made of links go.
A rule is undone when little would be left: then the "menu" is what the page is about. What an independent reader of
pages takes for the article is never furniture, whatever it is called, nor are an article's notes, tables and code.
"""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.web.article import keep_article
from rage_assets.blocks.parsing.web.embedded import Embedded
from rage_assets.blocks.parsing.web.sections import has_id_of_heading
from rage_assets.blocks.parsing.web.tree import drop, length
from rage_assets.blocks.parsing.web.voting import Votes

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_ELEMENTS = ("nav", "footer", "aside", "dialog")
_ROLES = {"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "complementary", "menu", "menubar",
          "toolbar", "tooltip", "alert"}  # fmt: skip
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|breadcrumbs?|nav|navbar|navigation|navbox|menu|submenu|topbar|toolbar|masthead"
    r"|sidebar\w*|side-bar|widgets?|footer\w*|foot|copyright|colophon|shar(?:e|ing)\w*|social\w*|related\w*|recommend\w*"
    r"|newsletter\w*|subscri(?:be|ption)\w*|signup|sign-up|login|adverts?|advertisements?|ads?|adsbox|banner|sponsor\w*|promo\w*"
    r"|popup\w*|modal\w*|overlay|paywall|comments?|comment-?list|respond|disqus\w*|trackbacks?|pagination|pager|paging|prev-?next"
    r"|skip(?:-?link|-to)?\w*|screen-reader-text|sr-only|visually-hidden|hidden|no-?print|print-?only|jump-?to|tag-?cloud|tags"
    r"|categories|byline|author-?(?:box|bio|info)?|post-?meta|entry-?meta|meta|postmetadata|toc|tools?|most-?(?:read|popular)"
    r"|trending|popular|archives?|blogroll|editsection|mw-editsection|teaser\w*|outbrain|taboola|search\w*|feedback|rating"
    r"|reflist-talk|catlinks|printfooter|mw-jump-link|siteSub|noprint|language-?(?:selector|switcher|list))(?:$|[\s_-])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CONTENT = re.compile(
    r"(?:^|[\s_-])(?:content|main|article|post|entry|story|page|body|site|wrapper|container)(?:$|[\s_-])", re.IGNORECASE
)
# Of these names those that an article has for its own parts, too.
_ORDINARY = re.compile(
    r"(?:^|(?<=[\s_-]))(?:archives?|categories|meta|popular|rating|recommend\w*|related|search|subscription|tags|tools?|trending)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
# What nobody sees, or what is no part of a text although it stands in it.
_UNSEEN = re.compile(r"(?:^|[\s_-])(?:hidden|no-?print|sr-only|visually-hidden|edit-?section)(?:$|[\s_-])", re.IGNORECASE)
# What follows an article under the same roof; no vote saves it.
_NEVER_ARTICLE = re.compile(
    r"(?:^|[\s_-])(?:comment-?list|comments|disqus\w*|respond|cookies?|consent)(?:$|[\s_-])", re.IGNORECASE
)


def remove_furniture(root: "HtmlElement", text: str) -> None:
    """Remove from a tree, in place, what is not the content of its page.

    Args:
        root: The tree, without what is never text.
        text: The page as it was written, for the second reader.
    """
    total = length(root)
    votes = Votes(text)
    furnished = False
    for rule in (_named, _links):
        found = [element for element in rule(root, votes) if element.getparent() is not None]
        kept = total - sum(map(length, _outermost(found)))
        # A page which is little but menus is about them.
        if found and kept > 0.03 * total and kept > 40:
            furnished = True
            for element in found:
                drop(element)
    if not (furnished and keep_article(root, votes)):
        _keep_main(root)


def _named(root: "HtmlElement", votes: Votes) -> list["HtmlElement"]:
    """Elements which call themselves furniture."""
    total = length(root)
    embedded = Embedded(root)
    found = []
    ordinary = set()
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "main", "h1"):
            continue
        names = _CAMEL.sub("-", f"{element.get('class') or ''} {element.get('id') or ''}")
        if element.tag in _ELEMENTS or element.get("role") in _ROLES or _is_page_header(element):
            is_note = not _NAMES.search(names) and embedded.is_note(element, names)
            if not is_note and not votes.approve(element):
                found.append(element)
            continue
        if _NAMES.search(names) and has_id_of_heading(element):
            names = _CAMEL.sub("-", element.get("class") or " ")
        if names == " " or not _NAMES.search(names) or _CONTENT.search(names):
            continue
        if not _NEVER_ARTICLE.search(names) and not _UNSEEN.search(names) and embedded.is_data(element):
            continue
        # A wrapper around half of the page is not what its name says.
        if length(element) < 0.5 * total and (_NEVER_ARTICLE.search(names) or not votes.approve(element)):
            found.append(element)
            if not _NAMES.search(_ORDINARY.sub("", names)):
                ordinary.add(element)
    spared = ordinary.intersection(embedded.only_text_of_headings(set(found)))
    return [element for element in found if element not in spared]


def _is_page_header(element: "HtmlElement") -> bool:
    """A `header` belongs to the page, unless it opens an article or a section."""
    if element.tag != "header" or next(element.iterancestors("article", "main", "section"), None) is not None:
        return False
    return next(element.iter("h1"), None) is None


def _links(root: "HtmlElement", votes: Votes) -> list["HtmlElement"]:
    """Lists, boxes and tables which are little but links."""
    found = []
    for element in root.iter("ul", "ol", "div", "section", "table", "form", "p", "td"):
        links = list(element.iter("a"))
        size = length(element)
        if len(links) < 3 or not size or element.xpath("ancestor-or-self::main|.//h1"):
            continue
        linked = sum(map(length, links))
        if linked > 0.75 * size and size / len(links) < 60 and not votes.approve(element):
            found.append(element)
    return found


def _keep_main(root: "HtmlElement") -> None:
    """Where a page marks its one main part, and that holds most of what is left, the rest goes."""
    marked = _outermost(root.xpath("//main|//*[@role='main']") or root.xpath("//article"))
    body = root.find("body")
    if len(marked) != 1 or body is None or length(marked[0]) < 0.4 * length(body):
        return
    main = marked[0]
    kept = {main, *(heading for heading in body.iter("h1") if main not in heading.iterancestors())}
    path = {parent for element in kept for parent in element.iterancestors()}
    for parent in path.intersection(body.iter()):
        for child in list(parent):
            if child not in kept and child not in path:
                drop(child)


def _outermost(elements: list["HtmlElement"]) -> list["HtmlElement"]:
    inside = set(elements)
    return [element for element in elements if not any(parent in inside for parent in element.iterancestors())]

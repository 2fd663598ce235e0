"""What stands around the content of a web page: menus, footers, cookie banners, share buttons.

Two rules, in this order: what says by its element, role or class that it is furniture goes; then lists and boxes made
of links go. Each rule is undone when little would be left: then the "menu" is what the page is about.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NEVER = ("script", "style", "noscript", "template", "svg", "iframe", "object", "embed", "canvas", "audio", "video",
          "link", "meta", "input", "select", "button", "textarea", "datalist", "map")  # fmt: skip
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


def remove_furniture(root: "HtmlElement", *, whole_page: bool = True) -> None:
    """Remove from a tree, in place, what is not content.

    Args:
        root: The tree.
        whole_page: Whether it is a page; in a fragment only what is never text goes.
    """
    for element in list(root.iter(*_NEVER)):
        _drop(element)
    for element in list(root.xpath("//*[@hidden or contains(translate(@style, ' ', ''), 'display:none')]")):
        if element.tag not in ("html", "body"):
            _drop(element)
    if not whole_page:
        return
    total = _length(root)
    for rule in (_named, _links):
        found = [element for element in rule(root) if element.getparent() is not None]
        kept = total - sum(map(_length, _outermost(found)))
        # A page which is little but menus is about them.
        if kept > 0.03 * total and kept > 40:
            for element in found:
                _drop(element)
    _keep_main(root)


def _named(root: "HtmlElement") -> list["HtmlElement"]:
    """Elements which call themselves furniture."""
    total = _length(root)
    found = []
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag in ("html", "body", "main", "h1"):
            continue
        if element.tag in _ELEMENTS or element.get("role") in _ROLES or _is_page_header(element):
            found.append(element)
            continue
        names = _CAMEL.sub("-", f"{element.get('class') or ''} {element.get('id') or ''}")
        # A wrapper around half of the page is not what its name says.
        if names != " " and _NAMES.search(names) and not _CONTENT.search(names) and _length(element) < 0.5 * total:
            found.append(element)
    return found


def _is_page_header(element: "HtmlElement") -> bool:
    """A `header` belongs to the page, unless it opens an article or a section."""
    if element.tag != "header" or next(element.iterancestors("article", "main", "section"), None) is not None:
        return False
    return next(element.iter("h1"), None) is None


def _links(root: "HtmlElement") -> list["HtmlElement"]:
    """Lists, boxes and tables which are little but links."""
    found = []
    for element in root.iter("ul", "ol", "div", "section", "table", "form", "p", "td"):
        links = list(element.iter("a"))
        length = _length(element)
        if len(links) < 3 or not length or element.xpath("ancestor-or-self::main|.//h1"):
            continue
        linked = sum(map(_length, links))
        if linked > 0.75 * length and length / len(links) < 60:
            found.append(element)
    return found


def _keep_main(root: "HtmlElement") -> None:
    """Where a page marks its one main part, and that holds most of what is left, the rest goes."""
    marked = root.xpath("//main|//*[@role='main']") or root.xpath("//article")
    marked = _outermost(marked)
    body = root.find("body")
    if len(marked) != 1 or body is None or _length(marked[0]) < 0.4 * _length(body):
        return
    main = marked[0]
    headings = [heading for heading in body.iter("h1") if main not in heading.iterancestors()]
    path = {main, *main.iterancestors(), *main.iter(), *headings}
    for heading in headings:
        path.update(heading.iter(), heading.iterancestors())
    for element in list(body.iter()):
        if element not in path and element.getparent() is not None and isinstance(element.tag, str):
            _drop(element)


def _outermost(elements: list["HtmlElement"]) -> list["HtmlElement"]:
    inside = set(elements)
    return [element for element in elements if not any(parent in inside for parent in element.iterancestors())]


def _length(element: "HtmlElement") -> int:
    """How many characters of text there are, white space aside."""
    return sum(map(len, "".join(element.itertext()).split()))


def _drop(element: "HtmlElement") -> None:
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

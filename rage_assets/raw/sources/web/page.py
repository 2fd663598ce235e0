"""What an HTML page says to who reads sites: where it leads, which address it wants to have, and what it forbids."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from rage_assets.raw.sources.web.robots import AGENT

# Of longer pages the beginning is looked at for links; they are documents as a whole all the same.
MOST_BYTES = 8 * 2**20
_MOST_LINKS = 20_000
_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
_REFRESH = re.compile(r"\s*[\d.]+\s*[;,]\s*url\s*=\s*['\"]?([^'\"]{1,2000})", re.IGNORECASE)
# What stands behind them would be a document of its own to libxml2, and out of sight.
_ENDS = re.compile(rb"</(?:html|body)\s{0,100}>", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


@dataclass
class Page:
    """What a page says.

    Attributes:
        links: Where it leads, as written, seen from its base.
        canonical: The address that it wants to have.
        is_document: False where its owner asks to leave it out.
        is_followed: False where its owner asks to follow no link of it.
    """

    links: list[str] = field(default_factory=list)
    canonical: str = ""
    is_document: bool = True
    is_followed: bool = True


def read_page(data: bytes, url: str, content_type: str = "", robots_header: str = "") -> Page:
    """Reads a page; what cannot be understood leads nowhere.

    Args:
        data: Its beginning.
        url: Its address.
        content_type: As its server says it.
        robots_header: Its `X-Robots-Tag`.
    """
    page = Page()
    _obey(page, _for_us(robots_header))
    root = _tree(data, content_type)
    if root is None:
        return page
    base = joined(url, next(iter(root.xpath("//base/@href")), "")) or url
    _obey(page, _metas(root, AGENT) or _metas(root, "robots"))
    for refresh in root.xpath("//meta[translate(@http-equiv, 'REFSH', 'refsh')='refresh']/@content"):
        if match := _REFRESH.match(refresh):
            page.links.append(joined(base, match[1]))
    for element in root.iter("a", "area", "link", "iframe", "frame"):
        relation = (element.get("rel") or "").lower().split()
        address = element.get("src") if element.tag in ("iframe", "frame") else element.get("href")
        if not address:
            continue
        if element.tag == "link":
            if "canonical" in relation:
                page.canonical = page.canonical or joined(base, address)
            if not {"next", "prev", "alternate"} & set(relation) or "xml" in (element.get("type") or ""):
                continue
        if "nofollow" not in relation and len(page.links) < _MOST_LINKS:
            page.links.append(joined(base, address))
    return page


def _tree(data: bytes, content_type: str) -> Any:
    from lxml import etree

    match = _CHARSET.search(content_type)
    for encoding in ([match[1]] if match else []) + [None]:
        try:
            parser = etree.HTMLParser(encoding=encoding, recover=True, no_network=True, huge_tree=False)
            return etree.fromstring(_ENDS.sub(b"", data), parser)
        except LookupError:  # no such encoding: the page itself may know better
            continue
        except (etree.LxmlError, ValueError):
            return None
    return None


def _metas(root: Any, name: str) -> list[str]:
    found = root.iter("meta")
    return [meta.get("content") or "" for meta in found if (meta.get("name") or "").strip().lower() == name]


def _for_us(header: str) -> list[str]:
    """What an `X-Robots-Tag` says to everyone and to us: `AGENT: WISH, WISH` is said to that agent."""
    said = []
    agent = ""
    for part in header.split(","):
        name, colon, wish = part.partition(":")
        if colon and name.strip().lower() not in _WITH_VALUE:
            agent, part = name.strip().lower(), wish
        if agent in ("", AGENT):
            said.append(part)
    return said


def _obey(page: Page, said: list[str]) -> None:
    words = {word.strip().lower() for text in said for word in text.split(",")}
    page.is_document &= not words & {"noindex", "none"}
    page.is_followed &= not words & {"nofollow", "none"}


def joined(base: str, address: str) -> str:
    """An address as a page at `base` means it; empty where it is none."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""

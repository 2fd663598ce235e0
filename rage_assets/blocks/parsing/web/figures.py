"""Pictures by their captions and alternative texts."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.inline_text import text_of
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HELD = ("table", "pre", "blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "math")
_FEWEST_WORDS = 3
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?)(?:$|[?#])", re.IGNORECASE)
_CAPTION = re.compile(r"caption", re.IGNORECASE)


class Figures:
    """Adds the pictures of a page, each text once."""

    def __init__(self, outline: Outline) -> None:
        """Write to an outline."""
        self.outline = outline
        self._seen: set[str] = set()

    def add(self, element: "HtmlElement", **metadata: Any) -> bool:
        """Add a figure by its caption; whether that is all there is to say of it."""
        captions = [node for node in element.iterdescendants() if _is_caption(node)]
        pictures = list(element.iter("img"))
        if len(captions) != 1 or len(pictures) > 1:
            return False
        caption = captions[0]
        others = [node for node in element.iterdescendants(*_HELD) if caption not in (node, *node.iterancestors())]
        text = text_of(caption)
        if others or not text:
            return False
        picture = pictures[0] if pictures else None
        alternative = _alternative(picture) if picture is not None else ""
        self._seen.update((text, alternative))
        self.outline.add(BlockType.IMAGE, text, alt=alternative if alternative not in ("", text) else None,
                         source=_source(picture), **metadata)  # fmt: skip
        return True

    def link_text(self, element: "HtmlElement") -> str:
        """The alternative text of a picture that is all there is in its link."""
        link = next(element.iterancestors("a"), None)
        if (
            link is None
            or _PICTURE_FILE.search(link.get("href") or "")
            or next(link.iterancestors("figure"), None) is not None
        ):
            return ""
        alternative = _alternative(element)
        return alternative if not "".join(link.itertext()).strip() and alternative not in self._known() else ""

    def add_image(self, element: "HtmlElement") -> None:
        """Add a picture by an alternative text of some words that stands nowhere else."""
        alternative = _alternative(element)
        known = alternative in self._known() or _is_file_name(alternative, element)
        if len(alternative.split()) >= _FEWEST_WORDS and not known:
            self._seen.add(alternative)
            self.outline.add(BlockType.IMAGE, alternative, source=_source(element))

    def add_within(self, heading: "HtmlElement") -> None:
        """Take the pictures in a heading for read."""
        self._seen.update(_alternative(picture) for picture in heading.iter("img"))

    def _known(self) -> set[str]:
        return self._seen | {"", self.outline.title} | {block.text for block in self.outline.blocks[-3:]}


def _is_caption(element: "HtmlElement") -> bool:
    return element.tag == "figcaption" or (
        bool(_CAPTION.search(element.get("class") or "")) and element.tag in ("p", "div", "dd")
    )


def _is_file_name(alternative: str, element: "HtmlElement") -> bool:
    """Whether a program made the alternative text of the picture's file name."""
    name = unquote((element.get("src") or "").rsplit("/", 1)[-1]).lower()
    return not set(re.findall(r"[^\W_]+", alternative.lower())).difference(re.findall(r"[^\W_]+", name))


def _alternative(element: "HtmlElement") -> str:
    return " ".join((element.get("alt") or "").split())


def _source(element: "HtmlElement | None") -> str | None:
    if element is None:
        return None
    source = (element.get("src") or element.get("data-src") or "")[:500]
    return source if source and not source.startswith("data:") else None

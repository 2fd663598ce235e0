"""What other readers of a page take for its article."""

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LONGEST_PAGE = 3_000_000
# Beyond so many elements trafilatura's second opinions take too long, and then the first.
_MOST_FOR_ALL = 2500
_MOST = 15_000
_SHINGLE = 4
_FEWEST = 12
# Scripts without spaces are counted by their characters.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u9fff\uac00-\ud7af]|\w+?(?![^\W\u0e00-\u0eff\u3040-\u9fff\uac00-\ud7af])")
_SCRIPT = re.compile(r"<script[^>]{0,200}application/ld\+json[^>]{0,200}>", re.IGNORECASE)
_MOST_SCRIPTS = 50
_LONGEST_SCRIPT = 500_000
_MAX_DEPTH = 20


class Votes:
    """The words that trafilatura and the page's own description take for the article."""

    def __init__(self, text: str) -> None:
        """Let them read a page."""
        lines = [words(line) for line in _readings(text)] if len(text) <= _LONGEST_PAGE else []
        self.words = sum(map(len, lines))
        self._shingles = {shingle for line in lines for shingle in _shingles(line)}

    def share(self, text: list[str]) -> float:
        """How much of some words they take for the article, from 0 to 1."""
        found = _shingles(text)
        return sum(shingle in self._shingles for shingle in found) / len(found) if found else 0.0

    def approve(self, element: "HtmlElement") -> bool:
        """Whether an element holds some of the article, and little else."""
        found = words("".join(element.itertext()))
        return len(found) >= _FEWEST and self.share(found) > 0.5


def words(text: str) -> list[str]:
    """The words of a text in lower case; each character of a script without spaces is one."""
    return _WORD.findall(text.lower())


def described(text: str) -> list[dict[str, Any]]:
    """What a page says of itself as JSON-LD: all objects in it, outermost first."""
    found: list[dict[str, Any]] = []
    at = 0
    for _ in range(_MOST_SCRIPTS):
        start = _SCRIPT.search(text, at, _LONGEST_PAGE)
        if start is None:
            break
        at = text.find("</script", start.end(), start.end() + _LONGEST_SCRIPT)
        if at < 0:
            break
        try:
            _gather(json.loads(text[start.end() : at], strict=False), found, 0)
        except (ValueError, RecursionError):
            continue
    return found


def _gather(value: Any, found: list[dict[str, Any]], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        found.append(value)
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _gather(item, found, depth + 1)


def _readings(text: str) -> list[str]:
    import trafilatura

    size = text.count("<") // 2
    if size > _MOST:
        return []
    try:
        article = trafilatura.extract(text, include_comments=False, include_tables=True, fast=size > _MOST_FOR_ALL) or ""
    except Exception:  # a reader that fails has no vote
        article = ""
    bodies = [str(item["articleBody"]) for item in described(text) if isinstance(item.get("articleBody"), str)]
    return [line for reading in (article, *bodies) for line in reading.split("\n")]


def _shingles(found: list[str]) -> list[tuple[str, ...]]:
    if len(found) < _SHINGLE:
        return [tuple(found)] if found else []
    return [tuple(found[at : at + _SHINGLE]) for at in range(len(found) - _SHINGLE + 1)]

"""The cells of OpenDocument's sheets and charts, as they are shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import attribute, local

if TYPE_CHECKING:
    from lxml.etree import _Element

_LAST_PLACE = 1_048_576
_MAX_DEPTH = 30
_VALUES = ("date-value", "time-value", "boolean-value", "string-value", "value")


def shown(cell: "_Element") -> str:
    """The text of a cell as it is shown; its value where a program left the text out."""
    text = paragraphs(cell)
    if text or attribute(cell, "value-type") is None:
        return text
    return next((value for name in _VALUES if (value := attribute(cell, name)) is not None), "").removesuffix("T00:00:00")


def paragraphs(element: "_Element") -> str:
    """The paragraphs of a cell, a note or a title, each on a line."""
    return "\n".join("".join(_texts(each)) for each in element if local(each) in ("p", "h")).strip()


def count(element: "_Element", name: str) -> int:
    """How often a cell or row stands there, or how far it reaches: 1 where nothing is said."""
    written = attribute(element, name) or "1"
    return max(1, min(int(written), _LAST_PLACE)) if written.isdecimal() and len(written) < 9 else 1


def _texts(element: "_Element", depth: int = 0) -> Iterator[str]:
    yield element.text or ""
    for each in element:
        kind = local(each)
        if kind == "s":
            yield " " * min(count(each, "c"), 100)
        elif kind in ("tab", "line-break"):
            yield "\t" if kind == "tab" else "\n"
        elif kind not in ("annotation", "note", "ruby-text", "frame") and depth < _MAX_DEPTH:
            yield from _texts(each, depth + 1)
        yield each.tail or ""

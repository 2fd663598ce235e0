"""How OpenDocument numbers the items of lists, and headings."""

from collections import defaultdict
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.numerals import numeral
from rage_assets.blocks.parsing.office.odf_package import attribute, number, tag

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_LEVELS = 10
_MOST = 1_000_000


class Counters:
    """The numbers of the lists so far, for each style of list those of its levels."""

    def __init__(self, styles: "dict[str, _Element]") -> None:
        self._styles = styles
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * (_MAX_LEVELS + 1))
        self._levels: dict[tuple[str, int], _Element | None] = {}

    def restart(self, style: str, depth: int) -> None:
        """Begin a list anew."""
        self._counts[style][min(depth, _MAX_LEVELS) :] = [0] * (_MAX_LEVELS + 1 - min(depth, _MAX_LEVELS))

    def label(self, style: str, depth: int, start: int | None = None) -> str:
        """The label of the next item at a depth from 0; empty for a bullet."""
        depth = min(depth, _MAX_LEVELS - 1)
        counts = self._counts[style]
        level = self._level(style, depth)
        if start is not None:
            counts[depth] = start
        elif counts[depth]:
            counts[depth] += 1
        else:
            counts[depth] = self._start(style, depth)
        counts[depth + 1 :] = [0] * (_MAX_LEVELS - depth)
        if level is None or tag(level) == "text:list-level-style-bullet":
            return ""
        shown = number(level, "text:display-levels", 1, depth + 1)
        parts = [
            numeral(counts[at] or self._start(style, at), self._format(style, at))
            for at in range(depth + 1 - shown, depth + 1)
        ]
        text = ".".join(filter(None, parts)) if parts[-1] else ""
        before, after = attribute(level, "style:num-prefix"), attribute(level, "style:num-suffix")
        return f"{before}{text}{after}".strip() if text else ""

    def _start(self, style: str, depth: int) -> int:
        level = self._level(style, depth)
        return number(level, "text:start-value", 1, _MOST) if level is not None else 1

    def _format(self, style: str, depth: int) -> str:
        level = self._level(style, depth)
        return attribute(level, "style:num-format") if level is not None else ""

    def _level(self, style: str, depth: int) -> "_Element | None":
        key = (style, depth)
        if key not in self._levels:
            levels = self._styles.get(style)
            of = (each for each in levels if number(each, "text:level", 0, _MOST) == depth + 1) if levels is not None else ()
            self._levels[key] = next(iter(of), None)
        return self._levels[key]

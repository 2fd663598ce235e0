"""Running headers and footers: what stands at the top or bottom of most pages."""

import re
from collections import Counter
from dataclasses import dataclass, field

from rage_assets.blocks.parsing.pdf.lines import Segment, eye_lines

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\W*#\W*")
_EDGE = 0.1  # of a page's height
_LINES = 3  # at each edge
_PIECES = 3  # of a line; more are a row of a table
_FILLED = 10  # pieces of lines; on a page with fewer, a number may be anything
_KEPT = 5

Key = tuple[bool, str]


@dataclass
class Running:
    """What was taken out of the text.

    Attributes:
        header, footer: The lines, each as it was met first.
    """

    header: dict[str, str] = field(default_factory=dict)
    footer: dict[str, str] = field(default_factory=dict)

    def metadata(self) -> dict[str, str]:
        """What a document's first block says of it."""
        named = {"page_header": self.header, "page_footer": self.footer}
        return {name: "\n".join([*lines.values()][:_KEPT]) for name, lines in named.items() if lines}


def take_running_lines(pages: list[list[Segment]], running: Running) -> None:
    """Remove, in place, what stands at the same edge of most pages, whatever the page number in it."""
    edges = [_edges(page) for page in pages]
    seen = Counter(key for page in edges for key in {key for key, _ in page})
    least = max(3, 0.3 * sum(map(bool, pages)))
    for page, found in zip(pages, edges, strict=True):
        taken: set[int] = set()
        for key, line in found:
            if seen[key] >= least or (_PAGE_NUMBER.fullmatch(key[1]) and _outermost(line, page)):
                taken.update(map(id, line))
                (running.header if key[0] else running.footer).setdefault(key[1], " ".join(segment.text for segment in line))
        page[:] = [segment for segment in page if id(segment) not in taken]


def _outermost(line: list[Segment], page: list[Segment]) -> bool:
    """Whether a line is the first or last of a page, well apart from the others: a page number."""
    space = 1.5 * line[0].size
    others = [segment for segment in page if all(segment is not part for part in line)]
    above = line[0].bottom > max((segment.top for segment in others), default=0.0) + space
    below = line[0].top < min((segment.bottom for segment in others), default=0.0) - space
    return len(line) == 1 and len(others) > _FILLED and (above or below)


def _edges(page: list[Segment]) -> list[tuple[Key, list[Segment]]]:
    """The lines at both edges of a page, with what they are compared by."""
    if not page:
        return []
    top, bottom = max(segment.top for segment in page), min(segment.bottom for segment in page)
    depth = _EDGE * max(top - bottom, 1)
    high = [segment for segment in page if segment.bottom > top - depth]
    low = [segment for segment in page if segment.top < bottom + depth and segment.bottom <= top - depth]
    found = []
    for is_header, lines in ((True, eye_lines(high)[:_LINES]), (False, eye_lines(low)[-_LINES:])):
        for line in lines:
            text = _DIGITS.sub("#", " ".join(segment.text.strip().lower() for segment in line))
            if len(line) <= _PIECES and (any(map(str.isalpha, text)) or _PAGE_NUMBER.fullmatch(text)):
                found.append(((is_header, text), line))
    return found

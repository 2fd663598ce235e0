"""Lines of running text, told from pieces of tables that stand beside them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rage_assets.blocks.parsing.pdf.lines import Segment

PROSE = 12  # times the height of the font; wider pieces are lines of text
_SAME_LEFT = 3.0  # points
_LINES = 6  # that follow each other closely; a cell of a table has fewer
_COLUMN = 8  # wide lines of a column of a page
_GAP = 0.2  # of the height of the columns; across a wider one a table may stand
_PITCH = 2.0  # times the height of the font
_READS_ON = 0.4  # of the lines of a text begin within a sentence


def without_prose(segments: Sequence[Segment]) -> list[Segment]:
    """The pieces without those that are lines of a column of text."""
    prose: set[int] = set()
    for group in _columns(segments):
        run: list[Segment] = []
        for segment in [*group, None]:
            if segment is not None and (not run or 0 < run[-1].base - segment.base < _PITCH * segment.size):
                run.append(segment)
                continue
            if len(run) >= _LINES and reads_on(piece.text for piece in run):
                prose.update(map(id, run))
            run = [segment] if segment is not None else []
    return [segment for segment in segments if id(segment) not in prose]


def reads_on(texts: Iterable[str]) -> bool:
    """Whether so many lines begin in lower case that each reads on from the one above."""
    lower = [text[:1].islower() for text in texts]
    return sum(lower) > _READS_ON * len(lower)


def columns_apart(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The pieces of a page by its columns of text, where it has several; those above and below stay together."""
    groups = [group for group in _columns(segments) if len(group) >= _COLUMN and reads_on(piece.text for piece in group)]
    sides = sorted((min(piece.left for piece in group), max(piece.right for piece in group)) for group in groups)
    gutters = [(before[1], after[0]) for before, after in pairwise(sides) if before[1] < after[0]]
    if not gutters or len(gutters) < len(sides) - 1:
        return [list(segments)]
    edges = [(left + right) / 2 for left, right in gutters]
    high, low = _reach(piece for group in groups for piece in group)
    parts: list[list[Segment]] = [[] for _ in range(len(edges) + 2)]
    for segment in segments:
        across = any(segment.left < edge < segment.right for edge in edges)
        within = low <= segment.base <= high and not across
        parts[sum(edge < segment.left for edge in edges) if within else -1].append(segment)
    return [part for part in parts if part]


def _reach(pieces: Iterable[Segment]) -> tuple[float, float]:
    """Between which heights there is text all the way: the longest stretch without a gap."""
    bases = sorted((piece.base for piece in pieces), reverse=True)
    gap = _GAP * (bases[0] - bases[-1])
    stretches = [[bases[0]]]
    for base in bases[1:]:
        if stretches[-1][-1] - base > gap:
            stretches.append([])
        stretches[-1].append(base)
    longest = max(stretches, key=lambda stretch: stretch[0] - stretch[-1])
    return longest[0], longest[-1]


def _columns(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Wide pieces that begin at the same place, from the top."""
    groups: list[list[Segment]] = []
    for segment in sorted((each for each in segments if each.width > PROSE), key=lambda each: each.left):
        if groups and segment.left - groups[-1][0].left <= _SAME_LEFT:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [sorted(group, key=lambda each: -each.base) for group in groups]

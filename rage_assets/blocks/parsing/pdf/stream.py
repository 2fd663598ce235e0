"""Tables without lines: by how the pieces of a page's lines stand under each other."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rage_assets.blocks.parsing.pdf.lines import Segment, cell_text, eye_lines, is_item, is_value
from rage_assets.blocks.parsing.pdf.prose import PROSE, columns_apart, reads_on, without_prose
from rage_assets.blocks.parsing.pdf.rows import logical_rows
from rage_assets.blocks.parsing.pdf.rulings import Rulings

_MIN_ROWS = 3
_MAX_CELL = 60  # characters
_PROSE_LINES = 4
_MAX_COLUMNS = 100
_CLOSE = 0.6  # times the height of the font; lines of one cell have no more white between them
_LARGER = 1.15  # times the type of the row above
_SPACE, _FAR = 0.3, 0.5  # times the height of the font; words of two columns are no nearer

Line = list[Segment]
Border = tuple[float, float]
Found = tuple[list[list[str]], list[Segment]]


def aligned_tables(segments: Sequence[Segment], rulings: Rulings) -> list[Found]:
    """Runs of lines with several pieces each that stand in columns."""
    return [table for part in columns_apart(segments) for table in _aligned(part, rulings)]


def _aligned(segments: Sequence[Segment], rulings: Rulings) -> list[Found]:
    tables = []
    run: list[Line] = []
    for line in [*eye_lines(without_prose(segments)), []]:
        if line and (not run or _follows(run, line)):
            run.append(line)
            continue
        tables += _tables(_trimmed(run), rulings)
        run = [line] if line else []
    return tables


def _follows(run: list[Line], line: Line) -> bool:
    """Whether a line can be a row of the table above it."""
    gap = min(segment.bottom for segment in run[-1]) - max(segment.top for segment in line)
    if gap > 2.5 * max(segment.size for segment in line):
        return False
    if min(segment.size for segment in line) > _LARGER * max(segment.size for segment in run[-1]):
        return False  # a heading below the table
    if len(line) > 1:
        return True
    # A lone piece is a row where a cell goes on, or a label; two labels end a table.
    if len(run[-1]) == 1 and not _goes_on(run[-1], line, min(segment.left for each in run for segment in each)):
        return False
    return len(line[0].text) < _MAX_CELL


def _trimmed(run: list[Line]) -> list[Line]:
    """The run without the lone lines around it."""
    many = [at for at, line in enumerate(run) if len(line) > 1]
    if not many:
        return []
    first, last = many[0], many[-1] + 1
    left = min(segment.left for line in run for segment in line)
    # Where a cell goes on above or below the others, it is not in the first column.
    while first and _goes_on(run[first - 1], run[first], left):
        first -= 1
    while last < len(run) and _goes_on(run[last - 1], run[last], left):
        last += 1
    return run[first:last]


def _goes_on(above: Line, below: Line, left: float) -> bool:
    """Whether one of two lines is a lone piece of a cell that goes on in the other."""
    (lone,) = below if len(below) == 1 else above[:1]
    others = above if len(below) == 1 else below
    near = min(part.bottom for part in above) - max(part.top for part in below) < _CLOSE * lone.size
    over = any(part.left < lone.right and lone.left < part.right for part in others)
    return near and over and lone.left > left + 2 * lone.size and lone.width < PROSE


def _tables(run: list[Line], rulings: Rulings) -> list[Found]:
    """The tables in a run of lines; where it makes none as a whole, it is parted at its widest gap."""
    if table := _table(run, rulings):
        return [table]
    if len(run) < 2 * _MIN_ROWS:
        return []
    gaps = [above[0].base - below[0].base for above, below in pairwise(run)]
    widest = max(gaps)
    if widest < 1.3 * sorted(gaps)[len(gaps) // 2]:
        return []
    at = gaps.index(widest) + 1
    return _tables(_trimmed(run[:at]), rulings) + _tables(_trimmed(run[at:]), rulings)


def _table(run: list[Line], rulings: Rulings) -> Found | None:
    """The table that a run of lines makes; None when it is none."""
    segments = [segment for line in run for segment in line]
    if sum(len(line) > 1 for line in run) < max(_MIN_ROWS, 0.4 * len(run)):
        return None
    edges = borders(_body(run))
    if not 1 <= len(edges) < _MAX_COLUMNS:
        return None
    lines = [_in_columns(line, edges) for line in run]
    used = sorted({column for line in lines for column in line})
    filled = sum(map(len, lines))
    columns = [[line[column] for line in lines if column in line] for column in used]
    if 2 * sum(map(_is_prose, columns)) >= len(used) or _too_wide(columns) or _is_numbered(columns) or _are_lists(columns):
        return None
    if len(used) < 2 or filled < 0.4 * len(lines) * len(used):
        return None
    rows = logical_rows(lines, edges, rulings)
    return [[cell_text(row.get(column, ())) for column in used] for row in rows], segments


def _body(run: list[Line]) -> list[Line]:
    """The lines of a table of values without its header, whose titles may stand over several columns."""
    values = [len(line) > 1 and 2 * sum(is_value(part.text) for part in line) >= len(line) for line in run]
    first = values.index(True) if any(values) else 0
    rest = values[first:]
    return run[first:] if len(rest) >= _MIN_ROWS and sum(rest) > 0.6 * len(rest) else run


def _too_wide(columns: list[list[list[Segment]]]) -> bool:
    """Whether more is wide than the labels or descriptions of values."""
    pieces = [[piece for parts in column for piece in parts] for column in columns]
    wide = [sum(piece.width > PROSE for piece in column) for column in pieces]
    if sum(wide) <= 0.25 * sum(map(len, pieces)):
        return False
    widest = wide.index(max(wide))
    others = [column for at, column in enumerate(pieces) if at != widest]
    values = all(sum(is_value(piece.text) for piece in column) >= 0.7 * len(column) for column in others)
    return not values or (widest > 0 and len(others) < 2)


def _is_numbered(columns: list[list[list[Segment]]]) -> bool:
    """Whether these are lines with their numbers."""
    if len(columns) != 2 or all(is_value(piece.text) for parts in columns[1] for piece in parts):
        return False
    numbers = [parts[0].text for parts in columns[0]]
    if not all(number.isdecimal() and len(number) < 6 for number in numbers):
        return False
    return all(int(number) - int(before) == 1 for before, number in pairwise(numbers))


def _are_lists(columns: list[list[list[Segment]]]) -> bool:
    """Whether these are lists that stand beside each other."""
    items = [[is_item(piece.text) for parts in column for piece in parts] for column in columns]
    return sum(map(any, items)) > 1 and 2 * sum(map(sum, items)) > sum(map(len, items))


def _is_prose(pieces: list[list[Segment]]) -> bool:
    """Whether the lines of a column read on from one to the next."""
    texts = [piece.text for parts in pieces for piece in parts]
    return len(texts) > _PROSE_LINES and reads_on(texts)


def _in_columns(line: Line, edges: list[Border]) -> dict[int, list[Segment]]:
    """The pieces of a line by their column; one that words of several columns make is parted."""
    found: dict[int, list[Segment]] = {}
    for segment in line:
        for piece in _parted(segment, edges, alone=len(line) == 1):
            column = _column(piece, edges)
            found.setdefault(column, []).append(piece)
    return found


def _column(piece: Segment, edges: list[Border]) -> int:
    """The column that most of a piece stands in; the first of those that it stretches over."""
    middles = [(start + end) / 2 for start, end in edges]
    if any(piece.left < start and end < piece.right for start, end in edges):
        return sum(middle < piece.left for middle in middles)
    return sum(middle < (piece.left + piece.right) / 2 for middle in middles)


def _parted(segment: Segment, edges: list[Border], alone: bool) -> list[Segment]:
    """A piece at the borders where its words stand apart; two pieces only where they are far apart, and not alone."""
    pieces = [segment.words[:1]]
    gaps = []
    for before, word in pairwise(segment.words):
        gap = (word.left - before.right) / max(word.size, 1)
        if gap > _SPACE and any(before.right < end and start < word.left for start, end in edges):
            pieces.append([])
            gaps.append(gap)
        pieces[-1].append(word)
    values = all(is_value(word.text) for word in segment.words)
    many = len(pieces) > 2 or (len(pieces) == 2 and (values or (not alone and gaps[0] > _FAR)))
    return [Segment.of(words) for words in pieces] if many else [segment]


def borders(run: list[Line]) -> list[Border]:
    """Where columns part: stretches that hardly any line covers."""
    allowed = max(1.0, 0.12 * len(run)) if len(run) > 5 else 0.0  # a title may span columns
    changes: Counter[float] = Counter()
    for line in run:
        reach = -math.inf
        for segment in sorted(line, key=lambda segment: segment.left):
            left = max(segment.left, reach)
            if segment.right > left:
                changes[left] += 1
                changes[segment.right] -= 1
                reach = segment.right
    found: list[Border] = []
    covered, open_from = 0, None
    for place in sorted(changes):
        if open_from is not None and covered + changes[place] > allowed:
            found.append((open_from, place))
            open_from = None
        covered += changes[place]
        if covered <= allowed and open_from is None:
            open_from = place
    first = min(changes, default=0.0)
    return [border for border in found if border[0] > first]

"""Tables without lines: by how the pieces of a page's lines stand under each other."""

from collections.abc import Sequence
from itertools import pairwise

from rage_assets.blocks.parsing.pdf.lines import Segment, cell_text, eye_lines
from rage_assets.blocks.parsing.pdf.rows import logical_rows
from rage_assets.blocks.parsing.pdf.rulings import Rulings

_MIN_ROWS = 3
_MAX_CELL = 60  # characters
_PROSE = 12  # times the height of the font; wider pieces are lines of text
_MAX_COLUMNS = 40
_SPACE = 0.3  # times the height of the font; words of two columns are no nearer

Line = list[Segment]
Found = tuple[list[list[str]], list[Segment]]


def aligned_tables(segments: Sequence[Segment], rulings: Rulings) -> list[Found]:
    """Runs of lines with several pieces each that stand in columns."""
    tables = []
    run: list[Line] = []
    for line in [*eye_lines(segments), []]:
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
    if len(line) > 1:
        return True
    # A lone piece is a row where a cell goes on, or a label; two of them end a table.
    return len(run[-1]) > 1 and len(line[0].text) < _MAX_CELL


def _trimmed(run: list[Line]) -> list[Line]:
    """The run without the lone lines around it."""
    while run and len(run[0]) < 2:
        run = run[1:]
    while run and len(run[-1]) < 2:
        run = run[:-1]
    return run


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
    wide = sum(segment.width > _PROSE for segment in segments)
    if len(run) < _MIN_ROWS or wide > 0.25 * len(segments):
        return None
    edges = borders(run)
    if not 1 <= len(edges) < _MAX_COLUMNS:
        return None
    lines = [_in_columns(line, edges) for line in run]
    used = sorted({column for line in lines for column in line})
    filled = sum(map(len, lines))
    if len(used) < 2 or filled < 0.4 * len(lines) * len(used):
        return None
    rows = logical_rows(lines, edges, rulings)
    return [[cell_text(row.get(column, ())) for column in used] for row in rows], segments


def _in_columns(line: Line, edges: list[float]) -> dict[int, list[Segment]]:
    """The pieces of a line by their column; one that words of several columns make is parted."""
    found: dict[int, list[Segment]] = {}
    for segment in line:
        for piece in _parted(segment, edges) if len(line) > 1 else [segment]:
            column = sum(edge < piece.left + 0.1 * (piece.right - piece.left) for edge in edges)
            found.setdefault(column, []).append(piece)
    return found


def _parted(segment: Segment, edges: list[float]) -> list[Segment]:
    """A piece at the borders where its words stand apart."""
    pieces = [segment.words[:1]]
    for before, word in pairwise(segment.words):
        apart = word.left - before.right > _SPACE * word.size
        if apart and any(before.right <= edge <= word.left for edge in edges):
            pieces.append([])
        pieces[-1].append(word)
    return [Segment.of(words) for words in pieces] if len(pieces) > 1 else [segment]


def borders(run: list[Line]) -> list[float]:
    """Where columns part: the middles of stretches that hardly any line covers."""
    edges = sorted({edge for line in run for segment in line for edge in (segment.left, segment.right)})
    allowed = max(1.0, 0.12 * len(run)) if len(run) > 5 else 0.0  # a title may span columns
    found: list[float] = []
    open_from: float | None = None
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        covered = sum(any(segment.left < middle < segment.right for segment in line) for line in run)
        if covered <= allowed:
            open_from = left if open_from is None else open_from
        elif open_from is not None:
            found.append((open_from + left) / 2)
            open_from = None
    return found

"""Tables without lines: by how the pieces of a page's lines stand under each other."""

from itertools import pairwise

from rage_assets.blocks.parsing.pdf.lines import Segment, cell_text, eye_lines
from rage_assets.blocks.parsing.pdf.rulings import Rulings

_MIN_ROWS = 3
_MAX_CELL = 60  # characters
_PROSE = 12  # times the height of the font; wider pieces are lines of text
_MAX_COLUMNS = 40


Found = tuple[list[list[str]], list[Segment]]


def aligned_tables(segments: list[Segment], rulings: Rulings) -> list[Found]:
    """Runs of lines with several pieces each that stand in columns."""
    tables = []
    run: list[list[Segment]] = []
    for row in [*eye_lines(segments), []]:
        if row and (not run or _follows(run, row)):
            run.append(row)
            continue
        tables += _tables(_trimmed(run))
        run = [row] if row else []
    return tables


def _follows(run: list[list[Segment]], row: list[Segment]) -> bool:
    """Whether a line can be a row of the table above it."""
    gap = min(segment.bottom for segment in run[-1]) - max(segment.top for segment in row)
    if gap > 2.5 * max(segment.size for segment in row):
        return False
    if len(row) > 1:
        return True
    # A lone piece is a row where a cell goes on, or a label; two of them end a table.
    return len(run[-1]) > 1 and len(row[0].text) < _MAX_CELL


def _trimmed(run: list[list[Segment]]) -> list[list[Segment]]:
    """The run without the lone lines around it."""
    while run and len(run[0]) < 2:
        run = run[1:]
    while run and len(run[-1]) < 2:
        run = run[:-1]
    return run


def _tables(run: list[list[Segment]]) -> list[Found]:
    """The tables in a run of lines; where it makes none as a whole, it is parted at its widest gap."""
    if table := _table(run):
        return [table]
    if len(run) < 2 * _MIN_ROWS:
        return []
    gaps = [above[0].base - below[0].base for above, below in pairwise(run)]
    widest = max(gaps)
    if widest < 1.3 * sorted(gaps)[len(gaps) // 2]:
        return []
    at = gaps.index(widest) + 1
    return _tables(_trimmed(run[:at])) + _tables(_trimmed(run[at:]))


def _table(run: list[list[Segment]]) -> Found | None:
    """The table that a run of lines makes; None when it is none."""
    segments = [segment for row in run for segment in row]
    wide = sum(segment.width > _PROSE for segment in segments)
    if len(run) < _MIN_ROWS or wide > 0.25 * len(segments):
        return None
    borders = _borders(run)
    if not 1 <= len(borders) < _MAX_COLUMNS:
        return None
    grid = []
    for row in run:
        cells = [""] * (len(borders) + 1)
        for segment in row:
            column = sum(border < segment.left + 0.1 * (segment.right - segment.left) for border in borders)
            cells[column] = f"{cells[column]} {segment.text}".strip()
        grid.append(cells)
    used = [column for column in range(len(borders) + 1) if any(row[column] for row in grid)]
    grid = [[row[column] for column in used] for row in grid]
    filled = sum(bool(cell) for row in grid for cell in row)
    if len(used) < 2 or filled < 0.4 * len(grid) * len(used):
        return None
    return [[cell.replace("\u00ad", "-") for cell in row] for row in grid], segments


def _borders(run: list[list[Segment]]) -> list[float]:
    """Where columns part: the middles of stretches that hardly any line covers."""
    edges = sorted({edge for row in run for segment in row for edge in (segment.left, segment.right)})
    allowed = max(1.0, 0.12 * len(run)) if len(run) > 5 else 0.0  # a title may span columns
    borders: list[float] = []
    open_from: float | None = None
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        covered = sum(any(segment.left < middle < segment.right for segment in row) for row in run)
        if covered <= allowed:
            open_from = left if open_from is None else open_from
        elif open_from is not None:
            borders.append((open_from + left) / 2)
            open_from = None
    return borders

"""Tables whose cells are parted by lines drawn on the page."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rage_assets.blocks.parsing.pdf.grid import Grid
from rage_assets.blocks.parsing.pdf.lines import Segment, cell_text, eye_lines, is_value
from rage_assets.blocks.parsing.pdf.stream import borders

Found = tuple[list[list[str]], list[Segment]]
Row = tuple[int, int]  # of the grid, and the line in it
Cells = dict[tuple[Row, int], list[Segment]]

_TITLE = 60  # characters; a longer row from side to side is text beside the table
_PROSE = 400  # characters of a cell, on average; more is a page laid out in boxes
_BELOW = 1000  # as the number of a line: after those of a title
_STUB = 15  # times the font's height; labels beside a grid are no wider


def ruled_table(grid: Grid, segments: Sequence[Segment]) -> Found | None:
    """The cells and pieces of the table in a grid; None when it holds none, or one whose columns are not drawn."""
    inside = [segment for segment in segments if _within(grid, segment)]
    grid = _with_columns(grid, inside)
    cells = _cells(grid, inside)
    _release_titles(grid, cells)
    if not _is_table(grid, cells):
        return None
    cells = _with_rows(_unmerged(grid, cells))
    hidden = sum(len(parts) for parts in cells.values() if _holds_columns(parts))
    if hidden > 0.3 * sum(map(len, cells.values())):
        return None
    taken = {id(segment) for parts in cells.values() for segment in parts}
    _add_labels(grid, cells, [segment for segment in segments if id(segment) not in taken])
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    texts = [[cell_text(cells.get((row, column), ())) for column in columns] for row in rows]
    if sum(len(text) for row in texts for text in row) > _PROSE * len(cells):
        return None
    return texts, [part for parts in cells.values() for part in parts]


def _within(grid: Grid, segment: Segment) -> bool:
    return grid.bottom < segment.middle < grid.top and grid.left < (segment.left + segment.right) / 2 < grid.right


def _with_columns(grid: Grid, segments: list[Segment]) -> Grid:
    """The grid with columns parted in which most lines go on in columns of their own."""
    found: list[float] = []
    for left, right in pairwise(grid.xs):
        lines = eye_lines(part for part in segments if left < (part.left + part.right) / 2 < right)
        if len(lines) > 2 and sum(len(line) > 1 for line in lines) > 0.6 * len(lines):
            found += [(start + end) / 2 for start, end in borders(lines) if left < start and end < right]
    return grid.with_columns(found) if found else grid


def _cells(grid: Grid, segments: Iterable[Segment]) -> Cells:
    cells: Cells = {}
    for segment in segments:
        cell = grid.cell((segment.left + segment.right) / 2, segment.middle)
        if cell is not None:
            cells.setdefault(((cell[0], 0), cell[1]), []).append(segment)
    return cells


def _release_titles(grid: Grid, cells: Cells) -> None:
    """Drop rows above and below that are one cell from side to side: long titles and notes."""
    last = len(grid.ys) - 2
    for rows in (range(last + 1), range(last, -1, -1)):
        for row in rows:
            across = {grid.roots[row, column] for column in range(len(grid.xs) - 1)}
            filled = [cell for cell in across if ((cell[0], 0), cell[1]) in cells]
            if len(across) > 1 and filled:
                break
            parts = [part for cell in filled for part in cells[(cell[0], 0), cell[1]]]
            title = len(eye_lines(parts)) == 1 and sum(len(part.text) for part in parts) < _TITLE
            if filled and (title or (len(_columns(grid, parts)) > 1 and not _crossing(grid, parts))):
                break
            for cell in filled:
                del cells[(cell[0], 0), cell[1]]


def _is_table(grid: Grid, cells: Cells) -> bool:
    """Whether enough cells are filled."""
    parts = [part for parts in cells.values() for part in parts]
    if len(_columns(grid, parts)) < 2 or len(eye_lines(parts)) < 2 or len(cells) < 2:
        return False
    regions = len({*grid.roots.values()})
    return len(cells) >= 0.3 * regions


def _holds_columns(parts: list[Segment]) -> bool:
    """Whether a cell's lines go on in columns that are not drawn."""
    lines = eye_lines(parts)
    many = sum(len(line) > 1 for line in lines)
    return many > 1 and many > 0.6 * len(lines) and bool(borders(lines))


def _columns(grid: Grid, parts: Iterable[Segment]) -> set[int]:
    return {bisect_right(grid.xs, (part.left + part.right) / 2) for part in parts}


def _crossing(grid: Grid, parts: Iterable[Segment]) -> bool:
    """Whether a piece stands in more than one column."""
    return any(part.left + 1 < border < part.right - 1 for part in parts for border in grid.xs)


def _unmerged(grid: Grid, cells: Cells) -> Cells:
    """The cells, those parted whose pieces stand in several columns, or rows of values, though no line is drawn there."""
    found: Cells = {}
    for ((row, _), column), parts in cells.items():
        beside = len(_columns(grid, parts)) > 1 and not _crossing(grid, parts)
        rows = [_row(grid, part) for part in parts]
        if not beside and (title := _title_lines(grid, parts)):
            for part in parts:
                own = column if id(part) in title else bisect_right(grid.xs, (part.left + part.right) / 2) - 1
                found.setdefault(((row, 0 if id(part) in title else _BELOW), own), []).append(part)
            continue
        below = len({*rows}) > 1 and (beside or sum(is_value(part.text) for part in parts) > 0.5 * len(parts))
        for part, own in zip(parts, rows, strict=True):
            at = bisect_right(grid.xs, (part.left + part.right) / 2) - 1 if beside else column
            found.setdefault(((own if below else row, 0), at), []).append(part)
    return found


def _title_lines(grid: Grid, parts: list[Segment]) -> set[int]:
    """The pieces of the titles over several columns that come before a cell's lines of several columns, if there are."""
    lines = eye_lines(parts)
    across = [_crossing(grid, line) for line in lines]
    titles = across.index(False) if False in across else 0
    below = [part for line in lines[titles:] for part in line]
    if any(across[titles:]) or len(_columns(grid, below)) < 2:
        return set()
    return {id(part) for line in lines[:titles] for part in line}


def _row(grid: Grid, part: Segment) -> int:
    return next((at for at, border in enumerate(grid.ys[1:]) if part.middle > border), len(grid.ys) - 2)


def _with_rows(cells: Cells) -> Cells:
    """The cells, with rows of values parted that no line parts."""
    rows: dict[Row, list[Segment]] = {}
    columns: dict[Row, int] = {}
    for (row, _), parts in cells.items():
        rows.setdefault(row, []).extend(parts)
        columns[row] = columns.get(row, 0) + 1
    places: dict[int, Row] = {}
    for row, parts in rows.items():
        lines = eye_lines(parts)
        values = sum(len(line) > 1 and 2 * sum(is_value(part.text) for part in line) >= len(line) for line in lines)
        split = columns[row] > 1 and len(lines) > 1 and (values > 0.5 * len(lines) or _in_step(lines, columns[row]))
        places |= {id(part): (row[0], row[1] + (at if split else 0)) for at, line in enumerate(lines) for part in line}
    found: Cells = {}
    for (_, column), parts in cells.items():
        for part in parts:
            found.setdefault((places[id(part)], column), []).append(part)
    return found


def _in_step(lines: list[list[Segment]], columns: int) -> bool:
    """Whether lines go through all columns, none of them reading on from the one above."""
    full = sum(len(line) >= 0.8 * columns for line in lines)
    lower = sum(part.text[:1].islower() for line in lines for part in line)
    return len(lines) > 2 and full > 0.8 * len(lines) and lower < 0.3 * sum(map(len, lines))


def _add_labels(grid: Grid, cells: Cells, segments: Sequence[Segment]) -> None:
    """Add what stands in line with a grid that has no lines itself: labels on the left, headers above, sums below."""
    if not cells:
        return
    beside = [
        segment
        for segment in segments
        if grid.bottom < segment.middle < grid.top
        and segment.right < grid.left + 2
        and segment.right > grid.left - _STUB * segment.size
        and segment.width < _STUB
    ]
    rows: dict[int, list[Row]] = {}
    for row, _ in sorted(cells):
        rows.setdefault(row[0], []).append(row)
    labelled = {_row(grid, segment) for segment in beside}
    if len(rows) > 2 and len(labelled & rows.keys()) > 0.6 * len(rows):
        for segment in beside:
            level = [(abs(_middle(cells, row) - segment.middle), row) for row in {*rows.get(_row(grid, segment), ())}]
            cells.setdefault((min(level)[1] if level else (_row(grid, segment), 0), -1), []).append(segment)
    for above in (True, False):
        edge, step = (grid.top, -1) if above else (grid.bottom, 1)
        near = [segment for segment in segments if (segment.middle > edge if above else segment.middle < edge)]
        lines = eye_lines(near)
        number = -1 if above else len(grid.ys)
        for line in reversed(lines) if above else lines:
            gap = line[0].bottom - edge if above else edge - line[0].top
            if gap > 0.8 * line[0].size or not _fits(grid, line):
                break
            for segment in line:
                column = bisect_right(grid.xs, (segment.left + segment.right) / 2) - 1
                cells.setdefault(((number, 0), column), []).append(segment)
            number += step
            edge = line[0].top if above else line[0].bottom


def _fits(grid: Grid, line: list[Segment]) -> bool:
    """Whether a line beyond a grid goes on in its columns."""
    if len(line) < 2 or len(line) < 0.5 * (len(grid.xs) - 1) or _crossing(grid, line):
        return False
    left = grid.left - _STUB * line[0].size
    return all(left < part.left and part.right < grid.right + 2 for part in line) and len(_columns(grid, line)) == len(line)


def _middle(cells: Cells, row: Row) -> float:
    parts = [part.middle for place, found in cells.items() if place[0] == row for part in found]
    return sum(parts) / len(parts)

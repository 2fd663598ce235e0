"""Grids that lines drawn on a page make: columns, rows and merged cells."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rage_assets.blocks.parsing.pdf.rulings import Ruling, Rulings

_TOUCH = 3.0  # points; lines that end so near to each other meet
_NARROWEST = 5.0  # points between two borders
_MAX_CELLS = 20_000
_FEWEST = 4  # cells of a table; fewer are boxes around text


@dataclass
class Grid:
    """A grid of cells, some of them merged.

    Attributes:
        xs: The borders of columns from the left.
        ys: The borders of rows from the top down.
        roots: The first cell, as row and column, of the merged one that a cell is part of.
    """

    xs: list[float]
    ys: list[float]
    roots: dict[tuple[int, int], tuple[int, int]]

    @property
    def left(self) -> float:
        """Its left side."""
        return self.xs[0]

    @property
    def right(self) -> float:
        """Its right side."""
        return self.xs[-1]

    @property
    def top(self) -> float:
        """Its upper side."""
        return self.ys[0]

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.ys[-1]

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The cell at a place; for merged ones, the first."""
        column = bisect_right(self.xs, x) - 1
        row = bisect_left([-border for border in self.ys], -y) - 1
        return self.roots.get((row, column))

    def with_columns(self, borders: Iterable[float]) -> "Grid":
        """The grid with more borders of columns, at which every cell still is one."""
        xs = sorted({*self.xs, *borders})
        olds = [bisect_right(self.xs, left) - 1 for left in xs[:-1]]
        roots = {
            (row, column): (self.roots[row, old][0], olds.index(self.roots[row, old][1]))
            for row in range(len(self.ys) - 1)
            for column, old in enumerate(olds)
        }
        return Grid(xs, self.ys, roots)


def find_grids(rulings: Rulings) -> list[Grid]:
    """The grids of a page, from the top."""
    grids = [_grid(across, down) for across, down in _connected(rulings)]
    return sorted((grid for grid in grids if grid is not None), key=lambda grid: (-grid.top, grid.left))


def _connected(rulings: Rulings) -> list[tuple[list[Ruling], list[Ruling]]]:
    """The lines in groups that meet each other."""
    down = sorted(rulings.down, key=lambda line: line.at)
    places = [line.at for line in down]
    parents = list(range(len(down) + len(rulings.across)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    for number, line in enumerate(rulings.across, start=len(down)):
        for at in range(bisect_left(places, line.start - _TOUCH), bisect_right(places, line.end + _TOUCH)):
            if down[at].start - _TOUCH <= line.at <= down[at].end + _TOUCH:
                parents[root(at)] = root(number)
    groups: dict[int, tuple[list[Ruling], list[Ruling]]] = {}
    for number, line in enumerate([*down, *rulings.across]):
        groups.setdefault(root(number), ([], []))[number < len(down)].append(line)
    return list(groups.values())


def _grid(across: Sequence[Ruling], down: Sequence[Ruling]) -> Grid | None:
    """The grid of some lines; None when they part nothing."""
    if len(across) < 2 or not down:
        return None
    xs = _borders(down, across)
    ys = _borders(across, down)
    if len(xs) < 2 or len(ys) < 2 or (len(xs) - 1) * (len(ys) - 1) > _MAX_CELLS:
        return None
    ys.reverse()
    roots = _roots(xs, ys, across, down)
    return Grid(xs, ys, roots) if len({*roots.values()}) >= _FEWEST else None


def _borders(lines: Sequence[Ruling], others: Sequence[Ruling]) -> list[float]:
    """Where columns or rows part; where the others go on beyond the last border, there is one more, not drawn."""
    found: list[float] = []
    for at in sorted(line.at for line in lines):
        if not found or at - found[-1] >= _NARROWEST:
            found.append(at)
    starts, ends = sorted(line.start for line in others), sorted((line.end for line in others), reverse=True)
    if len(others) > 1 and starts[1] < found[0] - 2 * _NARROWEST:
        found.insert(0, starts[0])
    if len(others) > 1 and ends[1] > found[-1] + 2 * _NARROWEST:
        found.append(ends[0])
    return found


def _roots(
    xs: list[float], ys: list[float], across: Sequence[Ruling], down: Sequence[Ruling]
) -> dict[tuple[int, int], tuple[int, int]]:
    cells = [(row, column) for row in range(len(ys) - 1) for column in range(len(xs) - 1)]
    parents = {cell: cell for cell in cells}

    def root(cell: tuple[int, int]) -> tuple[int, int]:
        while parents[cell] != cell:
            cell = parents[cell]
        return cell

    def merge(one: tuple[int, int], other: tuple[int, int]) -> None:
        first, second = sorted((root(one), root(other)))
        parents[second] = first

    upright, level = _near(xs, down), _near(ys, across)
    for row, column in cells:
        if column and not _drawn(upright[column], ys[row + 1], ys[row]):
            merge((row, column - 1), (row, column))
        if row and not _drawn(level[row], xs[column], xs[column + 1]):
            merge((row - 1, column), (row, column))
    return {cell: root(cell) for cell in cells}


def _near(borders: list[float], lines: Iterable[Ruling]) -> list[list[Ruling]]:
    lines = list(lines)
    return [[line for line in lines if abs(line.at - border) < _NARROWEST] for border in borders]


def _drawn(lines: Iterable[Ruling], low: float, high: float) -> bool:
    """Whether lines go along most of a stretch."""
    return sum(max(0.0, min(line.end, high) - max(line.start, low)) for line in lines) > 0.6 * (high - low)

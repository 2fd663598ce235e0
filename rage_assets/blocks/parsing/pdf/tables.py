"""Tables of a PDF page: first where lines part the cells, then where words stand under each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rage_assets.blocks.parsing.pdf.grid import Grid, find_grids
from rage_assets.blocks.parsing.pdf.lines import Segment, cell_text, eye_lines
from rage_assets.blocks.parsing.pdf.rulings import Rulings
from rage_assets.blocks.parsing.pdf.stream import aligned_tables
from rage_assets.blocks.parsing.pipe_table import pipe_table

Cell = tuple[int, int]


@dataclass(frozen=True)
class Table:
    """A table and the pieces of lines it is made of.

    Attributes:
        rows: The texts of its cells; a merged one has it in its first place.
        segments: What stands in it.
    """

    rows: list[list[str]]
    segments: list[Segment] = field(repr=False)

    @property
    def text(self) -> str:
        """Its text as a pipe table."""
        return pipe_table(self.rows)

    @property
    def left(self) -> float:
        """Its left side."""
        return min(segment.left for segment in self.segments)

    @property
    def right(self) -> float:
        """Its right side."""
        return max(segment.right for segment in self.segments)

    @property
    def top(self) -> float:
        """Where its first row begins."""
        return max(segment.top for segment in self.segments)

    @property
    def bottom(self) -> float:
        """Where its last row ends."""
        return min(segment.bottom for segment in self.segments)

    @property
    def size(self) -> float:
        """The height of its font."""
        return self.segments[0].size


def find_tables(segments: Sequence[Segment], rulings: Rulings) -> list[Table]:
    """All tables of a page."""
    tables: list[Table] = []
    rest = list(segments)
    # A grid within a cell of another comes first.
    for grid in sorted(find_grids(rulings), key=lambda grid: (grid.right - grid.left) * (grid.top - grid.bottom)):
        table = _ruled(grid, rest)
        if table is not None:
            tables.append(table)
            taken = set(map(id, table.segments))
            rest = [segment for segment in rest if id(segment) not in taken]
    return tables + [Table(rows, used) for rows, used in aligned_tables(rest, rulings)]


def _ruled(grid: Grid, segments: Sequence[Segment]) -> Table | None:
    """The table that a grid holds; None when it holds none, or one whose rows or columns are not drawn."""
    cells: dict[Cell, list[Segment]] = {}
    for segment in segments:
        if grid.bottom < segment.middle < grid.top and grid.left < (segment.left + segment.right) / 2 < grid.right:
            cell = grid.cell((segment.left + segment.right) / 2, segment.middle)
            if cell is not None:
                cells.setdefault(cell, []).append(segment)
    _release_titles(grid, cells)
    rows, columns = ({cell[axis] for cell in cells} for axis in (0, 1))
    if len(rows) < 2 or len(columns) < 2 or len(cells) < 0.3 * len({*grid.roots.values()}):
        return None
    if _undrawn(cells):
        return None
    texts = [[""] * (len(grid.xs) - 1) for _ in range(len(grid.ys) - 1)]
    for (row, column), parts in cells.items():
        texts[row][column] = cell_text(parts)
    used = [column for column in range(len(grid.xs) - 1) if any(row[column] for row in texts)]
    return Table([[row[column] for column in used] for row in texts], [part for parts in cells.values() for part in parts])


def _release_titles(grid: Grid, cells: dict[Cell, list[Segment]]) -> None:
    """Drop rows above and below that are one cell from side to side: titles and notes."""
    last = len(grid.ys) - 2
    for rows in (range(last + 1), range(last, -1, -1)):
        for row in rows:
            across = {grid.roots[row, column] for column in range(len(grid.xs) - 1)}
            filled = across & cells.keys()
            if len(across) > 1 and filled:
                break
            for cell in filled:
                del cells[cell]


def _undrawn(cells: dict[Cell, list[Segment]]) -> bool:
    """Whether most of the text stands in cells that are tables themselves."""
    hidden = 0
    for parts in cells.values():
        lines = eye_lines(parts)
        if sum(len(line) > 1 for line in lines) > max(1, 0.4 * len(lines)):
            hidden += len(parts)
    if hidden > 0.3 * sum(map(len, cells.values())):
        return True
    return _undrawn_rows(cells)


def _undrawn_rows(cells: dict[Cell, list[Segment]]) -> bool:
    """Whether most lines of most rows go on in several columns: rows that no line parts."""
    rows: dict[int, list[list[Segment]]] = {}
    for (row, _), parts in cells.items():
        rows.setdefault(row, []).append(parts)
    lines = hidden = 0
    for columns in rows.values():
        together = eye_lines([part for parts in columns for part in parts])
        lines += len(together)
        values = sum(sum(_value(part.text) for part in line) > 0.5 * len(columns) for line in together)
        if len(together) > 2 and len(columns) > 1 and values > 0.6 * len(together):
            hidden += len(together)
    return hidden > 0.5 * lines


def _value(text: str) -> bool:
    """Whether a line of a cell is a value by itself."""
    return " " not in text.strip() or sum(char.isdigit() for char in text) > 0.4 * len(text)

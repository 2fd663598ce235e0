"""Tables of a PDF page: first where lines part the cells, then where words stand under each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rage_assets.blocks.parsing.pdf.grid import find_grids
from rage_assets.blocks.parsing.pdf.lines import Segment, is_value
from rage_assets.blocks.parsing.pdf.ruled import ruled_table
from rage_assets.blocks.parsing.pdf.rulings import Rulings
from rage_assets.blocks.parsing.pdf.stream import aligned_tables
from rage_assets.blocks.parsing.pipe_table import pipe_table


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

    def goes_on(self, before: "Table") -> bool:
        """Whether it is the rest of a table that the page before ends with: as many columns, between the same sides."""
        sides = abs(self.left - before.left), abs(self.right - before.right)
        return len(self.rows[0]) == len(before.rows[0]) and max(sides) < 2 * self.size

    def lacks_header(self, before: "Table") -> bool:
        """Whether the table before has a header, and this one, which goes on with it, does not repeat it."""
        header = before.rows[0]
        return header != self.rows[0] and all(header) and not any(map(is_value, header)) and any(map(is_value, self.rows[0]))


def find_tables(segments: Sequence[Segment], rulings: Rulings) -> list[Table]:
    """All tables of a page."""
    tables: list[Table] = []
    rest = list(segments)
    # A grid within a cell of another comes first.
    for grid in sorted(find_grids(rulings), key=lambda grid: (grid.right - grid.left) * (grid.top - grid.bottom)):
        found = ruled_table(grid, rest)
        if found is not None:
            tables.append(Table(*found))
            taken = set(map(id, found[1]))
            rest = [segment for segment in rest if id(segment) not in taken]
    return tables + [Table(*found) for found in aligned_tables(rest, rulings)]

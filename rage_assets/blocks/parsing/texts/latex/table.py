"""A table of LaTeX while it is read."""

from rage_assets.blocks.parsing.pipe_table import pipe_table

_MOST_SPAN = 100


class Table:
    """Collects cells and rows.

    Attributes:
        outside: The text that was open where the table began.
        braces: How many braces were open there; within more of them, no row ends.
    """

    def __init__(self, outside: list[str], at: int, braces: int) -> None:
        """Begin a table at a place of the source."""
        self.braces = braces
        self.outside = outside
        self.at = at
        self.rows: list[list[str]] = []
        self._row: list[str] = []
        self._span = 1
        self._parts: dict[str, list[list[str]]] = {}

    def span(self, columns: str) -> None:
        """The next cell takes so many columns."""
        self._span = min(int(columns), _MOST_SPAN) if columns.isdecimal() and len(columns) < 4 else 1

    def cell(self, text: str) -> None:
        """End a cell."""
        self._row += [text] + [""] * (self._span - 1)
        self._span = 1

    def row(self, text: str) -> None:
        """End a row with its last cell."""
        self.cell(text)
        if any(self._row):
            self.rows.append(self._row)
        self._row = []

    def part(self, command: str) -> None:
        """End the head or foot that a long table repeats on its pages."""
        self._parts[command], self.rows = self.rows, []

    def finish(self) -> None:
        """Put the first page's head above the rows and the last page's foot below them."""
        head = self._parts.get("endfirsthead") or self._parts.get("endhead", [])
        foot = self._parts.get("endlastfoot", [])
        self.rows = [*head, *self.rows, *foot]

    def text(self) -> str:
        """The table as a pipe table."""
        return pipe_table(self.rows)

    def words(self) -> str:
        """The table as running text, for one in another's cell."""
        return " ".join(cell for row in self.rows for cell in row if cell)

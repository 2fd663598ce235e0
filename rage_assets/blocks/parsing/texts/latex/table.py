"""A table of LaTeX while it is read."""

from rage_assets.blocks.parsing.pipe_table import pipe_table

_MOST_SPAN = 100


class Table:
    """Collects cells and rows.

    Attributes:
        outside: The text that was open where the table began.
    """

    def __init__(self, outside: list[str], at: int) -> None:
        """Begin a table at a place of the source."""
        self.outside = outside
        self.at = at
        self.rows: list[list[str]] = []
        self._row: list[str] = []
        self._span = 1
        self._first_head: list[list[str]] | None = None

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
        """End the head or foot that a long table repeats on its pages; what it repeats is kept once."""
        if command == "endfirsthead":
            self._first_head, self.rows = self.rows, []
        elif command == "endhead":
            self.rows = self._first_head if self._first_head is not None else self.rows
            self._first_head = list(self.rows)
        else:
            self.rows = list(self._first_head or [])

    def text(self) -> str:
        """The table as a pipe table."""
        return pipe_table(self.rows)

    def words(self) -> str:
        """The table as running text, for one in another's cell."""
        return " ".join(cell for row in self.rows for cell in row if cell)

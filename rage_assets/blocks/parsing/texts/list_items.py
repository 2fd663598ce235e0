"""Nested lists as text: an item a line, two spaces for each level, and what belongs to an item below it."""


class ListItems:
    """Collects the items of one list with all lists in it."""

    def __init__(self) -> None:
        """Start with no list open."""
        self._open: list[int | None] = []  # the next number of each open list, None for bullets
        self._lines: list[str] = []
        self._fresh = False  # whether an item was opened and has no text yet

    @property
    def depth(self) -> int:
        """How many lists are open."""
        return len(self._open)

    def open(self, number: int | None = None) -> None:
        """Open a list within the current item.

        Args:
            number: The first item's number; None for bullets.
        """
        self._open.append(number)

    def close(self) -> None:
        """Close the innermost list."""
        self._open.pop()
        self._fresh = False

    def item(self, number: int | None = None) -> None:
        """Begin an item of the innermost list; `number` where the source counts for itself."""
        following = self._open[-1]
        if number is None:
            number = following
        if following is not None and number is not None:
            self._open[-1] = number + 1
        self._lines.append("  " * (len(self._open) - 1) + ("-" if number is None else f"{number}."))
        self._fresh = True

    def text(self, text: str) -> None:
        """Add text to the current item, on its line or below it."""
        text = text.strip("\n")
        if not text.strip():
            return
        indent = "  " * len(self._open)
        text = text.replace("\n", "\n" + indent)
        if self._fresh and self._lines:
            self._lines[-1] += " " + text
        else:
            self._lines.append(indent + text)
        self._fresh = False

    def take(self) -> str:
        """The list so far, items without text left out; the lists stay open for what follows."""
        kept = [line for line in self._lines if line.strip().rstrip(".").strip("-0123456789")]
        self._lines = []
        self._fresh = False
        return "\n".join(kept)

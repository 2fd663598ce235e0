"""Rows to Markdown pipe tables."""

from collections.abc import Iterable, Iterator, Sequence

from resources.errors import ParseFailed

_MOST_CELLS = 10_000_000


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    r"""A Markdown pipe table whose first row is the header.

    Args:
        rows: Cells as text; short rows are padded, empty rows left out.

    Returns:
        The table, or an empty string when no cell has text.

    >>> print(pipe_table([["a", "b|c"], ["1"]]))
    | a | b\|c |
    | --- | --- |
    | 1 |  |
    """
    kept = [[_cell(cell) for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    if not kept:
        return ""
    width = max(map(len, kept))
    if width * len(kept) > _MOST_CELLS:
        raise ParseFailed("too_large", f"A table would have {width * len(kept)} cells.")
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in kept]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def table_parts(rows: Iterable[Sequence[str]], max_chars: int = 2000) -> Iterator[tuple[int, int, str]]:
    """Pipe tables of bounded size, each with the header row.

    Args:
        rows: The header row, then the others.
        max_chars: A part ends when it holds so much text; a longer row stands alone.

    Yields:
        The first and last row of the part (the header is row 1), and its table.
    """
    numbered = enumerate(rows, start=1)
    header = next((row for _, row in numbered if any(cell.strip() for cell in row)), None)
    if header is None:
        return
    part: list[Sequence[str]] = []
    first = last = 1
    size = 0
    for number, row in numbered:
        length = sum(map(len, row)) + 3 * len(row)
        if part and size + length > max_chars:
            yield first, last, pipe_table([header, *part])
            part, size = [], 0
        if not part:
            first = number
        part.append(row)
        last, size = number, size + length
    if part or last == 1:
        yield first, last, pipe_table([header, *part])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

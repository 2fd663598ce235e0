"""Lines of a table without lines drawn around its cells, as rows: cells may go on over several of them."""

from collections.abc import Sequence

from rage_assets.blocks.parsing.pdf.lines import Segment
from rage_assets.blocks.parsing.pdf.rulings import Rulings

_CLOSE = 0.6  # times the font's height; lines of one cell have no more white between them
Line = dict[int, list[Segment]]


def is_value(text: str) -> bool:
    """Whether a piece of text is a number or another short value, no part of a sentence."""
    text = text.strip()
    return len(text) < 3 or sum(char.isdigit() for char in text) >= 0.4 * len(text)


def logical_rows(lines: Sequence[Line], edges: Sequence[float], rulings: Rulings) -> list[Line]:
    """The rows that lines make, each by column.

    Args:
        lines: From the top, the pieces of each by their column.
        edges: Where the columns part.
        rulings: What is drawn on the page: a line across ends a row.
    """
    body = next((at for at, line in enumerate(lines) if _is_body(line)), 0)
    rows: list[Line] = []
    last: Line = {}
    for at, line in enumerate(lines):
        goes_on = rows and not _parted(last, line, rulings) and _near(last, line)
        if goes_on and (_header_goes_on(last, line, edges) if at < body else _cell_goes_on(rows[-1], last, line)):
            for column, pieces in line.items():
                rows[-1].setdefault(column, []).extend(pieces)
        else:
            rows.append({column: list(pieces) for column, pieces in line.items()})
        last = line
    return rows


def _is_body(line: Line) -> bool:
    """Whether most cells of a line are values."""
    values = sum(is_value(piece.text) for pieces in line.values() for piece in pieces)
    return len(line) > 1 and values >= 0.5 * sum(map(len, line.values()))


def _parted(above: Line, below: Line, rulings: Rulings) -> bool:
    """Whether a line is drawn between two lines of text."""
    high = min(piece.base for pieces in above.values() for piece in pieces)
    low = max(piece.middle for pieces in below.values() for piece in pieces)
    left = min(piece.left for pieces in below.values() for piece in pieces)
    right = max(piece.right for pieces in below.values() for piece in pieces)
    return any(low < line.at < high and line.start < right and line.end > left for line in rulings.across)


def _near(above: Line, below: Line) -> bool:
    size = max(piece.size for pieces in below.values() for piece in pieces)
    floor = min(piece.bottom for pieces in above.values() for piece in pieces)
    return floor - max(piece.top for pieces in below.values() for piece in pieces) < _CLOSE * size


def _header_goes_on(above: Line, below: Line, edges: Sequence[float]) -> bool:
    """Whether two lines of a header are one row: none of them has a title over several columns."""
    return not any(
        piece.left < edge < piece.right
        for line in (above, below)
        for pieces in line.values()
        for piece in pieces
        for edge in edges
    )


def _cell_goes_on(row: Line, last: Line, line: Line) -> bool:
    """Whether a line only goes on with cells of the row above."""
    if not line.keys() <= row.keys() or len(line) >= len(row):
        return False
    pieces = [piece for pieces in line.values() for piece in pieces]
    if any(is_value(piece.text) for piece in pieces):
        return False
    if min(row) not in line:
        return True
    return line.keys() == {min(row)} and pieces[0].text[:1].islower()

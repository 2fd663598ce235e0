"""Lines of a table without lines drawn around its cells, as rows: cells may go on over several of them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from rage_assets.blocks.parsing.pdf.lines import Segment, is_value
from rage_assets.blocks.parsing.pdf.rulings import Rulings

_CLOSE = 0.6  # times the font's height; lines of one cell have no more white between them
_HEADER = 6  # lines
_RULED = 0.3  # of the lines that are parted by one drawn: rows are told apart by them
_OPEN = re.compile(r"(?:[-\u00ad,/&]|\b(?:and|of|the|for|or))$")
Line = dict[int, list[Segment]]


def logical_rows(lines: Sequence[Line], edges: Sequence[tuple[float, float]], rulings: Rulings) -> list[Line]:
    """The rows that lines make, each by column.

    Args:
        lines: From the top, the pieces of each by their column.
        edges: The white stretches where the columns part.
        rulings: What is drawn on the page: a line across ends a row.
    """
    body = _header(lines)
    parted = [at > 0 and _parted(lines[at - 1], line, rulings) for at, line in enumerate(lines)]
    pitches = [0.0, *(_base(above) - _base(below) for above, below in pairwise(lines))]
    usual = sorted(pitches[1:])[len(lines) // 2 - 1] if len(lines) > 1 else 0.0
    ruled = sum(parted[body:]) > _RULED * len(parted[body:])
    rows: list[Line] = []
    last: Line = {}
    for at, line in enumerate(lines):
        tight = ruled or pitches[at] < 0.9 * usual
        goes_on = rows and not parted[at] and _near(last, line)
        if goes_on and (_header_goes_on(last, line, edges) if at < body else _cell_goes_on(rows[-1], line, tight)):
            for column, pieces in line.items():
                rows[-1].setdefault(column, []).extend(pieces)
        else:
            rows.append({column: list(pieces) for column, pieces in line.items()})
        last = line
    return rows


def _header(lines: Sequence[Line]) -> int:
    """How many lines the header of a table of values has; 0 where it has none to be told apart."""
    counts: dict[int, list[bool]] = {}
    for line in lines:
        for column, pieces in line.items():
            counts.setdefault(column, []).append(all(is_value(piece.text) for piece in pieces))
    columns = {column for column, values in counts.items() if 2 * sum(values) >= len(values)}
    body = [2 * sum(_holds_value(line, column) for column in columns) >= max(len(columns), 1) for line in lines]
    first = body.index(True) if any(body) else 0
    return first if first <= _HEADER and sum(body[first:]) > 0.5 * len(body[first:]) else 0


def _holds_value(line: Line, column: int) -> bool:
    return column in line and all(is_value(piece.text) for piece in line[column])


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


def _header_goes_on(above: Line, below: Line, edges: Sequence[tuple[float, float]]) -> bool:
    """Whether two lines of a header are one row: none of them has a title over several columns."""
    return not any(
        piece.left < start and end < piece.right
        for line in (above, below)
        for pieces in line.values()
        for piece in pieces
        for start, end in edges
    )


def _cell_goes_on(row: Line, line: Line, tight: bool) -> bool:
    """Whether a line only goes on with cells of the row above; `tight`: as its distance says, too."""
    if not line.keys() <= row.keys() or len(line) >= len(row):
        return False
    pieces = [piece for pieces in line.values() for piece in pieces]
    if any(is_value(piece.text) for piece in pieces):
        return False
    if tight and min(row) not in line:
        return True
    (column, *others) = line
    goes_on = pieces[0].text[:1].islower() or pieces[0].text.startswith("(") or _OPEN.search(row[column][-1].text)
    return not others and bool(goes_on)


def _base(line: Line) -> float:
    return max(piece.base for pieces in line.values() for piece in pieces)

"""The reading order of recognised lines: columns of lines first, then the order of the columns."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rage_assets.blocks.parsing.pdf.lines import Segment

# Times the height of type: a narrower gap parts pieces of a line, a wider one may be a gutter.
_SAME_LINE = 1.5
_ITEM = 2.5  # the same after the mark of an item
_MARK = re.compile(r"\W|\W?(\w|\d\d)\W?")
_ALIGNED, _NEAR, _COLUMN = 0.5, 20, 2  # times the height of type; so many more lines begin where a line of a column does
_ALIKE = 1.5
_MOST_PITCH = 2.3  # times the height of type, from line to line of a column
_SLACK = 0.4  # times the height of type: so much of a recognised box is margin
_MOST_COLUMNS = 250


@dataclass(frozen=True, eq=False)
class Row:
    """A line: pieces beside each other with nothing but a space between."""

    pieces: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """Its text."""
        return " ".join(piece.text for piece in self.pieces)

    @property
    def left(self) -> float:
        """Its left side."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Its right side."""
        return max(piece.right for piece in self.pieces)

    @property
    def longest(self) -> Segment:
        """The piece with most of the text."""
        return max(self.pieces, key=lambda piece: len(piece.text))

    @property
    def size(self) -> float:
        """The height of its type."""
        return self.longest.size

    @property
    def base(self) -> float:
        """Where it stands, counted from the bottom of the page."""
        return self.longest.base


@dataclass(frozen=True, eq=False)
class Column:
    """Lines under each other, or one thing such as a table."""

    rows: tuple[Row, ...]
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Column":
        """The column that some lines make."""
        pieces = [piece for row in rows for piece in row.pieces]
        slack = _SLACK * min(row.size for row in rows)
        left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
        narrow = right - left < 4 * slack
        return cls(
            tuple(rows),
            left if narrow else left + slack,
            right if narrow else right - slack,
            max(piece.top for piece in pieces),
            min(piece.bottom for piece in pieces),
        )


def rows_of(segments: Sequence[Segment]) -> list[Row]:
    """Pieces of lines, joined to lines."""
    beside: list[list[Segment]] = []
    by_left = sorted(segments, key=lambda segment: segment.left)
    starting = _starting(by_left)
    for segment in by_left:
        fitting = [row for row in beside if _next_to(row, segment, id(segment) in starting)]
        if fitting:
            min(fitting, key=lambda row: abs(row[-1].base - segment.base)).append(segment)
        else:
            beside.append([segment])
    return [Row(tuple(pieces)) for pieces in beside]


def _starting(by_left: Sequence[Segment]) -> set[int]:
    """The pieces that stand under and over the beginnings of others, as the lines of a column do."""
    lefts = [segment.left for segment in by_left]
    found = set()
    for segment in by_left:
        far = _ALIGNED * segment.size
        aligned = by_left[bisect_left(lefts, segment.left - far) : bisect_right(lefts, segment.left + far)]
        near = (other for other in aligned if abs(other.base - segment.base) < _NEAR * segment.size)
        if sum(1 for _ in islice(near, _COLUMN + 1)) > _COLUMN:
            found.add(id(segment))
    return found


def _next_to(row: Sequence[Segment], segment: Segment, starts: bool) -> bool:
    before = row[-1]
    if not _alike(before.size, segment.size) or not segment.beside(before):
        return False
    gap = (segment.left - before.right) / min(before.size, segment.size)
    # The number or the bullet of an item stands beside the beginnings of lines, too.
    most = _SAME_LINE if not starts else _ITEM if len(row) == 1 and _MARK.fullmatch(before.text) else 0.0
    return -0.5 * (segment.right - segment.left) / min(before.size, segment.size) < gap < most


def _alike(one: float, other: float) -> bool:
    return max(one, other) < _ALIKE * min(one, other)


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """Lines of which each stands right below the one before, and below no other."""
    ordered = sorted(rows, key=lambda row: (-row.base, row.left))
    below = {id(row): _nearest(row, ordered[at + 1 :]) for at, row in enumerate(ordered)}
    ordered.reverse()
    above = {id(row): _nearest(row, ordered[at + 1 :]) for at, row in enumerate(ordered)}
    ordered.reverse()
    columns: list[list[Row]] = []
    ends: dict[int, list[Row]] = {}
    for row in ordered:
        over = above[id(row)]
        if over is not None and below[id(over)] is row and _follows(over, row):
            column = ends.pop(id(over))
            column.append(row)
        else:
            column = [row]
            columns.append(column)
        ends[id(row)] = column
    return [Column.of(column) for column in columns]


def _nearest(row: Row, others: Sequence[Row]) -> Row | None:
    """The first of some lines that stands below or above a line; they are in order of their distance."""
    for other in others:
        shared = min(row.right, other.right) - max(row.left, other.left)
        if shared > _SLACK * min(row.size, other.size) * 1.5 and abs(row.base - other.base) > 0.4 * row.size:
            return other
    return None


def _follows(over: Row, row: Row) -> bool:
    pitch = over.base - row.base
    return _alike(over.size, row.size) and pitch < _MOST_PITCH * max(over.size, row.size)


def ordered(columns: Sequence[Column]) -> list[Column]:
    """Columns in reading order.

    One comes before another if it stands above it, or to its left with nothing between them that spans both (T. Breuel,
    High Performance Document Layout Analysis, 2003).
    """
    rest = sorted(columns, key=lambda column: (-column.top, column.left))
    if len(rest) > _MOST_COLUMNS:
        return rest
    first = {id(column): {id(other) for other in rest if _before(other, column, rest)} for column in rest}
    found: list[Column] = []
    while rest:
        # Where each waits for another, the one that waits for fewest goes on.
        column = min(rest, key=lambda column: len(first[id(column)]))
        rest.remove(column)
        found.append(column)
        for waiting in rest:
            first[id(waiting)].discard(id(column))
    return found


def _before(one: Column, other: Column, columns: Sequence[Column]) -> bool:
    if one is other:
        return False
    if _share(one, other):
        return one.top + one.bottom > other.top + other.bottom
    if one.right > other.left:
        return False
    high, low = max(one.top, other.top), min(one.bottom, other.bottom)
    return not any(
        _share(between, one) and _share(between, other) and low < (between.top + between.bottom) / 2 < high
        for between in columns
        if between is not one and between is not other
    )


def _share(one: Column, other: Column) -> bool:
    return min(one.right, other.right) > max(one.left, other.left)

"""The tables of a sheet: cells that touch are one table, whatever stands beside or below it across blank cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

Row = Mapping[int, str]
_MOST_ROWS = 2000  # that are looked at together; a longer table goes on under the same header
_MOST_PIECES = 200  # of a sheet whose cells are scattered: it is one table then
_TALLEST_MERGE = 1000
_WIDEST_GAP = 2  # columns
_MOST_COVERED = 500_000


class Area(NamedTuple):
    """Cells from a corner to the other, rows and columns counted from 1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def name(self) -> str:
        """Such as `A1:D20`, or `A1` of one cell."""
        first, last = f"{column_name(self.left)}{self.top}", f"{column_name(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"

    def around(self, other: "Area") -> "Area":
        """The smallest area that holds both."""
        return Area(min(self.top, other.top), min(self.left, other.left), max(self.bottom, other.bottom),
                    max(self.right, other.right))  # fmt: skip

    def meets(self, other: "Area") -> bool:
        """Whether they have a cell in common."""
        return (
            self.top <= other.bottom and other.top <= self.bottom and self.left <= other.right and other.left <= self.right
        )


@dataclass(frozen=True)
class Region:
    """A table of a sheet: where it stands, and its rows by their numbers, blank ones left out.

    The first row of a part of a longer table is the header, which stands further up and outside of the area.
    """

    area: Area
    numbered: list[tuple[int, Row]]
    merged_top: bool = False  # a merged cell reaches over the whole first row
    goes_on: bool = False  # a part of a longer table, but not its first

    @cached_property
    def columns(self) -> list[int]:
        """The columns that have text."""
        return sorted({column for _, row in self.numbered for column, text in row.items() if text})

    @cached_property
    def rows(self) -> list[list[str]]:
        """The texts, row by row."""
        return [[row.get(column, "") for column in self.columns] for _, row in self.numbered]

    @property
    def has_title(self) -> bool:
        """Whether the first row is one cell above a wider table: over all columns, or alone at its left."""
        if self.goes_on or len(self.numbered) < 2 or len(self.columns) < 2:
            return False
        filled = [column for column, text in self.numbered[0][1].items() if text]
        alone = len(filled) == 1 and sum(map(bool, self.numbered[1][1].values())) > 1
        return alone and (self.merged_top or filled[0] == self.columns[0])

    @property
    def header(self) -> tuple[int, Row]:
        """The first row below the title."""
        return self.numbered[self.has_title]


@lru_cache(maxsize=20_000)
def column_name(number: int) -> str:
    """The letters of a column.

    >>> column_name(1), column_name(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def regions(
    rows: Iterable[tuple[int, Row]], merges: Sequence[Area] = (), narrow: frozenset[int] = frozenset()
) -> Iterator[Region]:
    """Find the tables of a sheet, from its top.

    Args:
        rows: The rows that have text, in order: their number, and the texts by column.
        merges: The merged cells.
        narrow: Columns that only keep others apart.
    """
    covered = _covered(merges)
    band: list[tuple[int, Row]] = []
    header = 0
    for number, row in rows:
        between = range(band[-1][0] + 1, number) if band else range(0)
        if all(at in covered for at in between):
            band += [(at, {}) for at in between]
        else:
            yield from _tables(band, covered, narrow, header)
            band, header = [], 0
        if len(band) >= _MOST_ROWS:
            found = _tables(band, covered, narrow, header)
            yield from found
            band = _headers([region for region in found if region.area.bottom == band[-1][0]])
            header = band[0][0] if band else 0
        band.append((number, row))
    yield from _tables(band, covered, narrow, header)


def _headers(going_on: list[Region]) -> list[tuple[int, Row]]:
    """The headers of tables that go on, as one row, which holds all their columns together."""
    header: dict[int, str] = {}
    for region in going_on:
        header |= dict.fromkeys(range(region.area.left, region.area.right + 1), "") | dict(region.header[1])
    return [(going_on[0].header[0], header)] if header else []


def _covered(merges: Sequence[Area]) -> dict[int, list[tuple[int, int]]]:
    """The columns that merged cells cover, by row."""
    covered: dict[int, list[tuple[int, int]]] = {}
    total = 0
    for area in merges:
        rows = range(area.top, min(area.bottom, area.top + _TALLEST_MERGE) + 1)
        total += len(rows)
        if total > _MOST_COVERED:
            break
        for at in rows:
            covered.setdefault(at, []).append((area.left, area.right))
    return covered


def _tables(
    band: list[tuple[int, Row]], covered: dict[int, list[tuple[int, int]]], narrow: frozenset[int], header: int
) -> list[Region]:
    """The tables in neighbouring rows, from the top and the left.

    Args:
        band: The rows.
        covered: The columns that merged cells cover, by row.
        narrow: Columns that only keep others apart.
        header: The number of the first row, where it is the header of tables that go on; 0 where there is none.
    """
    areas = _pieces(band, covered)
    areas = _joined(areas, narrow) if len(areas) <= _MOST_PIECES else [_whole(areas)]
    found = []
    for area in areas:
        inside = [(number, _within(row, area)) for number, row in band if area.top <= number <= area.bottom]
        kept = [(number, row) for number, row in inside if any(row.values())]
        goes_on = bool(kept) and kept[0][0] == header
        if len(kept) > goes_on:
            top = kept[0][0]
            merged = (area.left, area.right) in covered.get(top, []) and area.left < area.right
            found.append(Region(area._replace(top=kept[goes_on][0]) if goes_on else area, kept, merged, goes_on))
    return sorted(found, key=lambda region: (region.area.top, region.area.left))


def _within(row: Row, area: Area) -> Row:
    if all(area.left <= column <= area.right for column in row):
        return row
    return {column: text for column, text in row.items() if area.left <= column <= area.right}


def _pieces(band: list[tuple[int, Row]], covered: dict[int, list[tuple[int, int]]]) -> list[Area]:
    """The areas of cells that touch above, below or beside, as runs of columns that touch from row to row."""
    areas: list[Area] = []
    parents: list[int] = []
    above: list[tuple[int, int, int]] = []
    for number, row in band:
        runs: list[tuple[int, int, int]] = []
        start = 0
        for left, right in _runs(row, covered.get(number, [])):
            while start < len(above) and above[start][1] < left:
                start += 1
            own = len(areas)
            areas.append(Area(number, left, number, right))
            parents.append(own)
            for _, _, other in _touching(above, start, right):
                root = _root(parents, other)
                if root != own:
                    parents[root] = own
                    areas[own] = areas[own].around(areas[root])
            runs.append((left, right, own))
        above = runs
    return [area for at, area in enumerate(areas) if parents[at] == at]


def _touching(above: list[tuple[int, int, int]], start: int, right: int) -> Iterator[tuple[int, int, int]]:
    while start < len(above) and above[start][0] <= right:
        yield above[start]
        start += 1


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


def _runs(row: Row, covered: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs of neighbouring columns that have text or are part of a merged cell."""
    runs: list[tuple[int, int]] = []
    for left, right in sorted([*((column, column) for column in row), *covered]):
        if runs and left <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], right))
        else:
            runs.append((left, right))
    return runs


def _joined(areas: list[Area], narrow: frozenset[int]) -> list[Area]:
    """The areas with those made one that overlap, or that stand in the same rows as parts of one table."""
    areas = sorted(areas, key=lambda area: (area.left, area.top))
    at = 0
    while at < len(areas):
        for other in range(at):
            if areas[at].meets(areas[other]) or _same_rows(areas[other], areas[at], narrow):
                areas[other] = areas[other].around(areas.pop(at))
                at = other - 1
                break
        at += 1
    return areas


def _same_rows(one: Area, other: Area, narrow: frozenset[int]) -> bool:
    """Whether two areas are one table: in the same rows, parted by narrow columns, or one of them but a column wide."""
    left, right = (one, other) if one.left < other.left else (other, one)
    if (one.top, one.bottom) != (other.top, other.bottom):
        return False
    between = range(left.right + 1, right.left)
    alone = left.left == left.right or right.left == right.right
    return all(column in narrow for column in between) or (alone and len(between) <= _WIDEST_GAP)


def _whole(areas: list[Area]) -> Area:
    area = areas[0]
    for other in areas[1:]:
        area = area.around(other)
    return area

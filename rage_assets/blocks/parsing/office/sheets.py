"""A sheet of any spreadsheet as blocks: its name, its tables, and what floats over its cells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rage_assets.blocks.parsing.office.regions import Area, Region, Row, column_name, regions
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType


class Floating(NamedTuple):
    """A chart, picture or text box: the cell that its corner stands on, and what adds it to an outline."""

    row: int
    column: int
    add: Callable[[Outline], None]


class Comment(NamedTuple):
    """What somebody wrote on a cell."""

    cell: str
    author: str
    text: str
    time: str = ""


@dataclass
class Sheet:
    """What a reader found on a sheet.

    Attributes:
        name: The sheet's name.
        rows: The rows that have text, in order: their number from 1, and the texts by column from 1.
        merges: The merged cells.
        narrow: The columns that are too narrow for text.
        floating: What stands over the cells.
        comments: In the order of the cells.
    """

    name: str
    rows: Iterable[tuple[int, Row]]
    merges: Sequence[Area] = ()
    narrow: frozenset[int] = frozenset()
    floating: list[Floating] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


def add_sheet(outline: Outline, sheet: Sheet, **facts: Any) -> bool:
    """Add a sheet: a heading, then tables, charts and text boxes as they stand from the top, then the comments.

    Returns:
        Whether there is more than the heading.
    """
    outline.heading(sheet.name, 1, sheet=sheet.name, **facts)
    heading = len(outline.blocks)
    filled = False
    waiting = sorted(sheet.floating, key=lambda each: (each.row, each.column), reverse=True)
    for region in regions(sheet.rows, sheet.merges, sheet.narrow):
        while waiting and (waiting[-1].row, waiting[-1].column) < (region.area.top, region.area.left):
            waiting.pop().add(outline)
        _add_region(outline, region, sheet.name)
        filled = True
        outline.flush()
    while waiting:
        waiting.pop().add(outline)
    for comment in sheet.comments:
        said_by = ", ".join(filter(None, (comment.author, comment.time)))
        text = f"{said_by}: {comment.text}" if said_by else comment.text
        outline.paragraph(text, role="comment", author=comment.author or None, time=comment.time or None,
                          sheet=sheet.name, cells=comment.cell or None)  # fmt: skip
    return filled or len(outline.blocks) > heading


def add_book(outline: Outline, sheets: Iterable[Sheet], hidden: Sequence[str] = ()) -> None:
    """Add the sheets of a book; the sheet's place is the page, and a book whose sheets are all blank has no blocks.

    Args:
        outline: Where to.
        sheets: The sheets that are read.
        hidden: The names of others that are not shown; the first block has them as `hidden_sheets`.
    """
    filled = False
    facts = {"hidden_sheets": list(hidden)} if hidden else {}
    for page, sheet in enumerate(sheets, start=1):
        outline.page = page
        filled = add_sheet(outline, sheet, **facts) or filled
        facts = {}
    if not filled:
        outline.blocks.clear()


def _add_region(outline: Outline, region: Region, sheet: str) -> None:
    numbers, rows = [number for number, _ in region.numbered], region.rows
    columns = f"{column_name(region.columns[0])}{{}}:{column_name(region.columns[-1])}{{}}"
    if region.has_title:
        title = next(filter(None, rows[0]))
        outline.paragraph(title, sheet=sheet, rows=[numbers[0]] * 2, cells=f"{column_name(region.area.left)}{numbers[0]}")
        numbers, rows = numbers[1:], rows[1:]
    if len(rows) == len(rows[0]) == 1:
        outline.paragraph(
            rows[0][0], sheet=sheet, rows=[numbers[0]] * 2, cells=f"{column_name(region.columns[0])}{numbers[0]}"
        )
        return
    for start, end, table in table_parts(rows):
        first, last = numbers[start - 1], numbers[end - 1]
        area = columns.format(numbers[0] if start == 2 and not region.goes_on else first, last)
        outline.add(BlockType.TABLE, table, sheet=sheet, rows=[first, last], cells=area)

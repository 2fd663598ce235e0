"""The structure of a text as it is read: paragraphs, and tables as they nest, cell by cell."""

import re
from dataclasses import dataclass, field
from typing import Any

from rage_assets.blocks.parsing.office.flow import Flow
from resources.domain import BlockType

_MAX_NESTING = 20
_MAX_COLUMNS = 200
_SAME_EDGE = 60  # twentieths of a point
_NUMBER = re.compile(r"[(\[]?\w{1,12}(?:[.)\]:\-]\w{1,8}){0,9}[.)\]:]{0,2}|§\s?\w{1,8}")


@dataclass
class Paragraph:
    """A paragraph.

    Attributes:
        text: Its text.
        level: Its level as a heading; None for others.
        label: What stands before it as an item of a list; None for what is no item.
        depth: The depth of its list, from 0.
        kind: Code and pictures are no sentences.
    """

    text: str
    level: int | None = None
    label: str | None = None
    depth: int = 0
    kind: BlockType = BlockType.PARAGRAPH


@dataclass
class Table:
    """A table: for each row its cells, and where they end from the left, as far as that is known."""

    rows: list[tuple[list[list["Item"]], tuple[int, ...]]]


Item = Paragraph | Table


@dataclass
class _Level:
    """What is open at a depth of nesting: a cell, its row, its table. At depth 0, the text itself."""

    items: list[Item] = field(default_factory=list)
    cells: list[list[Item]] = field(default_factory=list)
    rows: list[tuple[list[list[Item]], tuple[int, ...]]] = field(default_factory=list)


class Story:
    """A text on its way: the body, a note, a header or a text box.

    Attributes:
        text: The open paragraph's text.
        label: Its label as an item of a list.
        boxes: What stands in text boxes beside it.
    """

    def __init__(self) -> None:
        self.text: list[str] = []
        self.label: str | None = None
        self.boxes: list[Item] = []
        self._levels = [_Level()]

    def add(self, item: Item, depth: int) -> None:
        """Add a paragraph inside so many tables."""
        self._at(depth).items.append(item)

    def end_cell(self, depth: int) -> None:
        """End the open cell."""
        level = self._at(max(depth, 1))
        level.cells.append(level.items)
        level.items = []

    def end_row(self, depth: int, edges: tuple[int, ...]) -> None:
        """End the open row."""
        self._end_row(self._at(max(depth, 1)), edges)

    def finish(self) -> list[Item]:
        """All paragraphs and tables."""
        return self._at(0).items

    def _at(self, depth: int) -> _Level:
        depth = min(depth, _MAX_NESTING)
        while len(self._levels) - 1 < depth:
            self._levels.append(_Level())
        while len(self._levels) - 1 > depth:
            inner = self._levels.pop()
            self._end_row(inner, ())
            if inner.rows:
                self._levels[-1].items.append(Table(inner.rows))
        return self._levels[-1]

    @staticmethod
    def _end_row(level: _Level, edges: tuple[int, ...]) -> None:
        if level.items:
            level.cells.append(level.items)
        if level.cells:
            level.rows.append((level.cells, edges))
        level.items, level.cells = [], []


def write(items: list[Item], flow: Flow, **metadata: Any) -> None:
    """Write a text's paragraphs and tables."""
    for item in items:
        if isinstance(item, Table):
            if _is_frame(item):
                for cell in (cell for cells, _ in item.rows for cell in cells):
                    write(cell, flow, **metadata)
            else:
                flow.table(_grid(item), **metadata)
        elif item.kind is not BlockType.PARAGRAPH:
            flow.add(item.kind, item.text, **metadata)
        elif item.level is not None and item.text.strip():
            flow.heading(" ".join(filter(None, (item.label, item.text))), item.level, **metadata)
        elif item.label is not None:
            label = " ".join(item.label.split())
            flow.item(item.text, item.depth, label if _NUMBER.fullmatch(label) else "")
        else:
            flow.paragraph(item.text, **metadata)


def plain(items: list[Item]) -> str:
    """All text of some items on one line."""
    parts: list[str] = []
    for item in items:
        if isinstance(item, Table):
            parts += [plain(cell) for cells, _ in item.rows for cell in cells]
        else:
            label = item.label if item.label and _NUMBER.fullmatch(item.label.strip()) else ""
            parts.append(f"{label} {item.text}" if item.text.strip() else "")
    return " ".join(" ".join(parts).split())


def _is_frame(table: Table) -> bool:
    """Whether a table only holds text, or other tables, in their places on the page."""
    filled = [[cell for cell in cells if cell] for cells, _ in table.rows]
    holds = any(isinstance(item, Table) for cells in filled for cell in cells for item in cell)
    alone = len(table.rows) == 1 and len(table.rows[0][0]) == 1
    return (alone or holds) and all(len(cells) < 2 for cells in filled)


def _grid(table: Table) -> list[list[str]]:
    """Rows whose cells stand in the columns of a common grid, as their right edges say."""
    edges = sorted({edge for cells, row in table.rows if len(row) == len(cells) for edge in row})
    columns: dict[int, int] = {}
    column, start = -1, -_SAME_EDGE
    for edge in edges:
        if column < 0 or edge - start > _SAME_EDGE:
            column, start = column + 1, edge
        columns[edge] = column
    fits = 0 <= column < _MAX_COLUMNS
    rows = []
    for cells, row in table.rows:
        texts = [plain(cell) for cell in cells]
        if not fits or len(row) != len(cells) or list(row) != sorted(row):
            rows.append(texts)
            continue
        placed = [""] * (column + 1)
        at = 0
        for text, edge in zip(texts, row, strict=True):
            placed[at] = f"{placed[at]} {text}".strip()
            at = min(columns[edge] + 1, column)
        rows.append(placed)
    return rows

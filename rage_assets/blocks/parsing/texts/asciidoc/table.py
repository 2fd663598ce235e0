"""Tables of AsciiDoc: cells with their spans, and those of comma-separated values."""

import csv
import re
from collections.abc import Callable, Mapping

from rage_assets.blocks.parsing.texts.asciidoc.signs import TITLE
from resources.errors import ParseFailed

_SPEC = re.compile(r"(?:^|(?<=\s))(?:(\d{1,3})?(?:\.(\d{1,3}))?([+*]))?[<^>]?(?:\.[<^>])?([aedlmshv])?$")
_COLUMN = re.compile(r"\s*(?:(\d{1,3})\*)?[^a-z]*([a-z])?")
_NESTED = re.compile(r"!={3,}|[-=._*+]{4,}|--|\+|\[[^\]]{0,300}\]")
_LABEL = re.compile(r"\[(NOTE|TIP|IMPORTANT|CAUTION|WARNING)\]")
_ITEM = re.compile(r"\s*(?:\*{1,5}|-|\.{1,5})\s+(?=\S)")
_MOST_CELLS = 500_000
_MOST_COLUMNS = 1000
_EMPTY = ("", "")

Text = tuple[str, str]  # as it is written, and its style: `a` for blocks of AsciiDoc
Cell = tuple[int, int, Text]  # columns, rows, text


def table_rows(lines: list[str], options: Mapping[str, str], mark: str, plain: Callable[[str], str]) -> list[list[str]]:
    """The rows of a table; a merged cell's text stands once, in its first row and column.

    Args:
        lines: What stands between the delimiters.
        options: The attributes above the table.
        mark: The first sign of its delimiter: `|`, `!`, `,` or `:`.
        plain: Turns a cell's marked-up text into plain text.
    """
    kind = options.get("format", {",": "csv", ":": "dsv"}.get(mark, "psv"))
    separator = options.get("separator", "").replace("\\t", "\t")
    if kind in ("csv", "tsv"):
        comma = separator or ("\t" if kind == "tsv" else ",")
        rows = csv.reader([f"{line}\n" for line in lines if line.strip()], delimiter=comma[:1], skipinitialspace=True)
        return [[plain(cell) for cell in row] for row in rows]
    if kind == "dsv":
        split = re.compile(rf"(?<!\\){re.escape(separator or ':')}")
        return [[plain(cell.strip()) for cell in split.split(line)] for line in lines if line.strip()]
    separator = separator or (mark if mark == "!" else "|")
    cells, first_line = _cells(lines, separator)
    styles = _columns(options.get("cols", "")) or [""] * (first_line or 1)
    grid = _grid(cells, len(styles))
    return [[_cell_text(cell, style, plain) for cell, style in zip(row, styles, strict=True)] for row in grid]


def _cells(lines: list[str], separator: str) -> tuple[list[Cell], int]:
    """All cells in order, and how many columns those of the first line take."""
    cells: list[Cell] = []
    first_line = 0
    spec: tuple[int, int, int, str] | None = None
    text: list[str] = []
    pipe = re.compile(rf"(?<!\\){re.escape(separator)}")

    def end() -> None:
        if spec is not None:
            across, down, copies, style = spec
            joined = "\n".join(text).replace("\\" + separator, separator)
            cells.extend([(across, down, (joined, style))] * copies)
        if len(cells) > _MOST_CELLS:
            raise ParseFailed("too_large", f"A table has more than {_MOST_CELLS} cells.")

    for line in lines:
        at = 0
        for found in pipe.finditer(line):
            before = line[at : found.start()]
            # Only what stands right before the sign and apart from the text says how the cell is.
            tail = before[-20:]
            marked = _SPEC.search(tail)
            if marked is None or (marked.start() == 0 and len(before) > len(tail)):
                text.append(before)
                end()
                spec = (1, 1, 1, "")
            else:
                text.append(before[: len(before) - len(tail) + marked.start()])
                end()
                spec = _spec(marked)
            text, at = [], found.end()
        text.append(line[at:])
        if not first_line and (cells or spec):
            first_line = sum(across for across, _, _ in cells) + (spec[0] * spec[2] if spec else 0)
    end()
    return cells, first_line


def _spec(found: re.Match[str]) -> tuple[int, int, int, str]:
    """Columns, rows and copies of a cell, and its style."""
    across, down, style = int(found[1] or 1), int(found[2] or 1), found[4] or ""
    if found[3] == "*":
        return 1, 1, max(across, 1), style
    return max(across, 1), max(down, 1), 1, style


def _columns(spec: str) -> list[str]:
    """The styles of the columns that `cols` says there are.

    >>> _columns('1,2a,3*'), _columns('3'), _columns('<;^.^m;>'), _columns('2*<a,')
    (['', 'a', '', '', ''], ['', '', ''], ['', 'm', ''], ['a', 'a', ''])
    """
    if not spec.strip():
        return []
    if spec.strip().isdecimal():  # columns of the same width
        return [""] * min(int(spec[:9]), _MOST_COLUMNS)
    parts = spec.split(";" if ";" in spec else ",")
    found = (column for part in parts if (column := _COLUMN.match(part)))
    return [style for column in found for style in [column[2] or ""] * int(column[1] or 1)][:_MOST_COLUMNS]


def _grid(cells: list[Cell], width: int) -> list[list[Text]]:
    """Cells to rows of a width, each placed where no cell above reaches down to."""
    rows: list[list[Text]] = []
    reaching = [0] * width  # how many more rows each column is taken for
    row: list[Text | None] = [None] * width
    used = 0
    for across, down, text in cells:
        column = next((place for place in range(used, width) if not reaching[place]), None)
        if column is None:
            rows.append([cell or _EMPTY for cell in row])
            reaching = [max(0, left - 1) for left in reaching]
            row = [None] * width
            column = next((place for place in range(width) if not reaching[place]), 0)
        row[column] = text
        used = min(column + across, width)
        for place in range(column, used):
            reaching[place] = down
        used = next((place for place in range(used, width) if not reaching[place]), width)
        if used == width:
            rows.append([cell or _EMPTY for cell in row])
            reaching = [max(0, left - 1) for left in reaching]
            row, used = [None] * width, 0
            if len(rows) * width > _MOST_CELLS:
                raise ParseFailed("too_large", f"A table has more than {_MOST_CELLS} places.")
    if any(row):
        rows.append([cell or _EMPTY for cell in row])
    return rows


def _cell_text(cell: Text, column: str, plain: Callable[[str], str]) -> str:
    """A cell's text on one line; where it holds blocks, of a table the cells and of lists the items."""
    text, style = cell
    lines = [bare.removesuffix(" +") for line in text.split("\n") if (bare := line.strip())]
    if (style or column) == "a":
        nested = "!===" in text
        lines = [_LABEL.sub(r"\1:", line.replace("!", " ") if nested and line[:4] != "!===" else line) for line in lines]
        lines = [_ITEM.sub("", TITLE.sub(r"\1", line)) for line in lines if not _NESTED.fullmatch(line)]
    return plain(" ".join(lines).replace("image::", "image:"))

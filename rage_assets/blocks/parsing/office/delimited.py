"""CSV and its relatives: tables of bounded size, each with the header row."""

import csv
import io
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_MAX_FIELD = 10_000_000


class DelimitedParser:
    """Reads comma, semicolon, tab or pipe separated values, whichever the file uses."""

    name = "csv"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {
        ".csv": "text/csv",
        ".tsv": "text/tab-separated-values",
        ".tab": "text/tab-separated-values",
    }

    def parse(self, content: Content) -> Outline:
        """Tables with `rows`, `[first, last]` of the file counted from 1 (the header is row 1 and stands in each)."""
        outline = Outline()
        text = content.text
        csv.field_size_limit(_MAX_FIELD)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text))
        for first, last, table in table_parts(rows):
            outline.add(BlockType.TABLE, table, rows=[first, last])
        return outline


def delimiter(text: str) -> str:
    """The separator by which most of the first lines have the same number of fields, more than one."""
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])
    best, best_score = ",", 0.0
    for candidate in _DELIMITERS:
        widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=candidate) if row]
        usual = max(set(widths), key=widths.count, default=0)
        if usual > 1:
            score = widths.count(usual) / len(widths) + min(usual, 20) / 100
            if score > best_score:
                best, best_score = candidate, score
    return best

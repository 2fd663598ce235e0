"""How a file of delimited values is written, and its records."""

import csv
from collections import Counter, deque
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from rage_assets.blocks.parsing.office.delimiter import delimiter_of

_SAMPLE_ROWS = 200
_MAX_FIELD = 1_000_000


class Dialect(NamedTuple):
    """The arguments of `csv.reader` that say how a file is written."""

    delimiter: str
    quotechar: str = '"'
    escapechar: str | None = None
    skipinitialspace: bool = False


def records(lines: Iterator[str], how: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The records of a file, numbered from 1; a quote that nothing closes is a character as any other.

    Args:
        lines: The lines with their ends.
        how: How the file is written.
    """
    source = _Lines(lines)
    reader = _reader(source, how)
    for number in count(1):
        source.taken = []
        try:
            record = next(reader, None)
        except csv.Error:  # a field without end
            record = None
        open_quote = source.ended and len(source.taken) > 1 and sum(each.count(how.quotechar) for each in source.taken) % 2
        if (record is None or open_quote) and source.taken:
            first, *rest = source.taken
            source.waiting = deque([*rest, *source.waiting])
            source.ended = False
            reader = _reader(source, how)
            record = first.rstrip("\r\n").split(how.delimiter)
        if record is None:
            return
        if number > 1 or record != ["sep=", ""]:
            yield number, record


class _Lines:
    """Lines that can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self._lines, "")
        if not line:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        return line


def _reader(lines: Iterator[str], how: Dialect) -> Iterator[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    return csv.reader(lines, delimiter=how.delimiter, quotechar=how.quotechar, escapechar=how.escapechar,
                      skipinitialspace=how.skipinitialspace, strict=False)  # fmt: skip


def usual_width(sample: str, how: Dialect) -> int:
    """How many fields most rows have."""
    return Counter(map(len, _rows(sample, how))).most_common(1)[0][0] if sample.strip() else 0


def dialect(sample: str) -> Dialect:
    r"""How a file is written, by its beginning.

    >>> dialect("a;b\n1,5;'x'\n2,5;y\n").delimiter
    ';'
    """
    if sample[:4].lower() == "sep=" and len(sample) > 5 and sample[5] in "\r\n":
        return _quoting(sample, sample[4])
    return _quoting(sample, delimiter_of(sample))


def _quoting(sample: str, delimiter: str) -> Dialect:
    """The quotes at the edges of fields, and whether a backslash stands before quotes within them."""
    sample = f"\n{sample}\n"
    spaced = sample.count(f'{delimiter} "') > sample.count(f'{delimiter}"')
    opened, closed = (sum(map(sample.count, edges)) for edges in (("\n'", f"{delimiter}'"), ("'\n", f"'{delimiter}")))
    double = '\n"' in sample or f'{delimiter}"' in sample or spaced
    quote = "'" if not double and opened == closed > 1 else '"'
    within = sample.count(f"\\{quote}") - sample.count(f"\\{quote}{delimiter}") - sample.count(f"\\{quote}\n")
    return Dialect(delimiter, quote, "\\" if within > 0 else None, spaced)


def _rows(sample: str, how: Dialect) -> list[list[str]]:
    rows = []
    for _, row in records(iter(sample.splitlines(keepends=True)), how):
        if any(row):
            rows.append(row)
        if len(rows) >= _SAMPLE_ROWS:
            break
    return rows

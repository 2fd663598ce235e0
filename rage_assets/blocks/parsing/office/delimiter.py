"""What parts the fields of delimited values: the character under which rows are alike and fields are whole.

A delimiter is not the one that gives most columns: decimal commas and commas in texts part the rows of a file by semicolons
as evenly as its semicolons do. But under them fields stay that hold a piece of two, such as `1;0` of `0,1;0,50`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from rage_assets.blocks.parsing.office.header import kind

# Found in no text: the fields of a file of one column are parted by it, which is by nothing.
NONE = "\x1f"
_DELIMITERS = (",", ";", "\t", "|", "^", NONE, "~", ":")
_RARE = frozenset("^~:")  # found in texts as well: only where every line agrees
_IN_TEXTS = frozenset(":")  # and in times and addresses: says nothing about the field that holds it
_IN_NO_TEXT = frozenset("\t" + NONE)
_SAMPLE_ROWS = 200
_QUOTED = "\0"  # in place of a quoted field
# Decimals and thousands, alone or as a range, between signs and units; and addresses.
_AMOUNT = r"(?:\d{1,3}(?:[.' \u00a0]\d{3})+,\d+|\d+,\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?:[eE][-+]?\d{1,3})?"
_BESIDE = r"[^\d,;|\t^~\"]{0,12}"
_ONE_VALUE = re.compile(rf"https?://[^\s;|^~]+|{_BESIDE}{_AMOUNT}{_BESIDE}(?:{_AMOUNT}{_BESIDE})?")
_LEAST_WHOLE = 0.2  # so that the first row decides between two that both leave no field whole
_LATER = 0.25
_RARELY = 0.8


class _Reading(NamedTuple):
    """How well a delimiter reads a file."""

    delimiter: str
    width: int  # that most rows with more than one field have
    alike: float  # the share of rows that have it
    whole: float  # the share of fields that no other delimiter would part
    start: int  # the row where the table begins

    def score(self, others: Sequence["_Reading"]) -> float:
        """From 0 to 1; less where the table begins later than under another that reads as many rows alike."""
        usual = [other for other in others if other.delimiter not in _RARE]
        later = any(other.start < self.start and other.alike > 0.9 * self.alike for other in usual)
        lessened = (_LATER if later else 1.0) * (_RARELY if self.delimiter in _RARE else 1.0)
        return self.alike * max(self.whole, _LEAST_WHOLE) * lessened


def delimiter_of(sample: str) -> str:
    r"""What parts the fields, by the beginning of a file; `NONE` where it has but one column.

    >>> delimiter_of("0,1;0,50\n0,2;0,70\n"), delimiter_of('a;"b, c"\nd;"e, f"\n')
    (';', ';')
    """
    readings = [found for each in _DELIMITERS if each in sample and (found := _reading(sample, each))]
    if not readings:
        return NONE
    best = max(readings, key=lambda reading: (reading.score(readings), reading.width))
    return NONE if _one_column(sample, best) else best.delimiter


def _reading(sample: str, delimiter: str) -> _Reading | None:
    rows = _fields(sample, delimiter)
    widths = [len(row) for row in rows]
    usual, count = max(((width, count) for width, count in Counter(widths).items() if width > 1),
                       key=lambda each: (each[1], each[0]), default=(0, 0))  # fmt: skip
    if not count or (delimiter in _RARE and count < max(len(rows), 2)):
        return None
    others = re.compile(f"[{re.escape(''.join(set(_DELIMITERS) - _IN_TEXTS - {delimiter}))}]( ?)")
    fields = [_whole(field.strip(), others, delimiter) for row in rows for field in row]
    # Two rows alike: a line above the table may have its comma as well.
    starts = (at for at, pair in enumerate(pairwise(widths)) if pair == (usual, usual))
    return _Reading(delimiter, usual, count / len(rows), sum(fields) / len(fields), next(starts, widths.index(usual)))


def _whole(field: str, others: re.Pattern[str], delimiter: str) -> float:
    """Whether no other delimiter would part a field: half, where each has a space behind it as in a text.

    No writer puts a tab into a field, but one whose fields are parted by tabs may put anything else there.
    """
    found = others.findall(field)
    if not found or _ONE_VALUE.fullmatch(field):
        return 1.0
    return 0.5 if all(found) or delimiter in _IN_NO_TEXT else 0.0


def _fields(sample: str, delimiter: str) -> list[list[str]]:
    """The first rows with what a delimiter makes of them; what is quoted between two of them is one whole field."""
    mark = re.escape(delimiter)
    edges = rf"(?:^|(?<={mark})) ?(?:{{}})(?= ?(?:{mark}|$))"
    quoted = re.compile(edges.format(r"\"(?:[^\"]|\"\")*+\"|'[^'\n]*+'"), re.MULTILINE)
    rows = (line.split(delimiter) for line in quoted.sub(_QUOTED, sample).split("\n") if line.strip())
    return [row for row, _ in zip(rows, range(_SAMPLE_ROWS), strict=False)]


def _one_column(sample: str, best: _Reading) -> bool:
    """Whether a delimiter is only part of the values: of decimals below a name, of times, or of sentences."""
    lines = [line.strip() for line in sample.split("\n") if line.strip()][:_SAMPLE_ROWS]
    named = best.delimiter not in lines[0]
    if best.delimiter in _IN_TEXTS or (named and best.width == 2):
        return all(map(kind, lines[named:]))
    between = [field for row in _fields(sample, best.delimiter) for field in row[1:]]
    spaced = sum(1 for field in between if field.startswith(" ") or not field)
    return best.alike <= 0.5 and spaced >= 0.9 * len(between)

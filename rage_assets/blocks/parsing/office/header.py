"""What the first rows of delimited values are: lines above the table, a header, or values already."""

import re
from collections import Counter
from collections.abc import Sequence

_NUMBER = re.compile(r"[-+(]?[$€£¥]?\s?\d[\d.,' \u00a0]{0,40}(?:e[-+]?\d{1,3})?\s?[%€$£¥)]?", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]{0,30})?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: [\d:]{1,10})?|\d{1,2}:\d\d(?::\d\d)?"
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}|https?://\S{1,2000}")


def preamble(rows: Sequence[Sequence[str]], usual_width: int) -> int:
    """How many of the first rows are lines above a table: they fill far less of the columns than the rows below do.

    Args:
        rows: The rows to the first blank one.
        usual_width: The number of columns of most rows of the file.
    """
    filled = [sum(1 for field in row if field.strip()) for row in rows]
    if usual_width > 1 and max(filled, default=0) < 2:
        return len(rows)
    usual = Counter(filled).most_common(1)[0][0] if filled else 0
    widest = max((width for width, count in Counter(filled).items() if count > 1), default=usual)
    if widest < 2:
        return 0
    above = next((at for at, width in enumerate(filled) if width > 1 and width * 2 > widest), 0)
    return above if any(width == widest for width in filled[above:]) else 0


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: no, where it has a value that is like those below it."""
    first, below = rows[0], rows[1:]
    if len(below) < 2:
        return True
    for column, field in enumerate(first):
        own = kind(field)
        if own and not _YEAR.fullmatch(field.strip()):
            kinds = [kind(row[column]) for row in below if column < len(row) and row[column].strip()]
            if len(kinds) > 1 and kinds.count(own) >= 0.8 * len(kinds) and not _counts_up(first):
                return False
    return True


def goes_on(width: int, rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows below a blank one belong to the table above it: of its width, and under no header of their own."""
    if width < 2 or len(rows[0]) != width or preamble(rows, width):
        return False
    named = all(field.strip() and not kind(field) for field in rows[0])
    typed = any(kind(field) for row in rows[1:] for field in row)
    return not (named and typed)


def _counts_up(row: Sequence[str]) -> bool:
    """Whether a row is 1, 2, 3 …, as some programs name columns."""
    return [field.strip() for field in row] in (
        [str(at) for at in range(len(row))],
        [str(at) for at in range(1, len(row) + 1)],
    )


def kind(field: str) -> str:
    """Number, moment or address; nothing for other texts."""
    field = field.strip()[:300]
    if _MOMENT.fullmatch(field):
        return "moment"
    if _NUMBER.fullmatch(field):
        return "number"
    return "address" if _ADDRESS.fullmatch(field) else ""

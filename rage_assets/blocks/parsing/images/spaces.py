"""The spaces of a line: those that the network saw, and those that only the picture shows."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf
from statistics import median, median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# A network that was trained on Chinese prefers "no character" to a space between narrow words. Where it thinks of a space at
# all, the white in the picture decides; and alone where it is as wide as the other spaces of the line.
_THINKABLE = 0.04
_LIKELY_AT_PUNCTUATION = 0.4
_LEAST_WHITE = 3  # pixels of a line that is 48 high
_MOST_WHITE = 24  # what is wider is no wider space than that
_APART = 2.0  # times the narrow gaps: the wide ones
_CERTAIN = 0.65  # of the way from the narrow gaps to the wide ones
_LIKE_SPACES, _LIKE_SPACES_OF_LETTERS = 0.85, 0.7  # times the spaces that were seen
_OPENING, _CLOSING = "([{“‘«/-–@#$€£_", ".,;:!?)]}”’»%/-–'\"@_"


def with_spaces(
    chars: Sequence[tuple[str, int]], space: "np.ndarray", white: Callable[[float, float], int]
) -> tuple[str, list[float]]:
    """The characters of a line with spaces where the picture has them, and the column of each.

    Args:
        chars: What was read, and in which column of the network's output.
        space: How likely a space is in each column.
        white: The widest gap in the picture between the middles of two columns, in pixels.
    """
    inked = [(char, column) for char, column in chars if char != " "]
    spaces = [column for char, column in chars if char == " "]
    gaps = [white(before[1], after[1]) for before, after in pairwise(inked)]
    seen = [any(before[1] < column < after[1] for column in spaces) for before, after in pairwise(inked)]
    enough = _enough(gaps, seen)
    thought = [
        is_space or (gap >= enough and _may_part(before, char, float(space[start : end + 1].max())))
        for ((before, start), (char, end)), gap, is_space in zip(pairwise(inked), gaps, seen, strict=True)
    ]
    certain = _certain(gaps, [gap for gap, is_space in zip(gaps, thought, strict=True) if is_space])
    text, places = [inked[0][0]] if inked else [], [float(inked[0][1])] if inked else []
    for ((before, start), (char, end)), gap, is_space in zip(pairwise(inked), gaps, thought, strict=True):
        if is_space or (gap >= certain[before.isalpha() and char.isalpha()] and not is_wide(before) and not is_wide(char)):
            text.append(" ")
            places.append((start + end) / 2)
        text.append(char)
        places.append(float(end))
    return "".join(text), places


def _enough(gaps: Sequence[int], seen: Sequence[bool]) -> float:
    """How wide a gap is a space where one is likely."""
    spaces = [gap for gap, is_space in zip(gaps, seen, strict=True) if is_space]
    others = [gap for gap, is_space in zip(gaps, seen, strict=True) if not is_space]
    within = median_low(others) if others else 0
    if len(spaces) < 2:
        return max(2.5 * within, _LEAST_WHITE + 2)
    # Halfway between the gaps that are spaces and those that are not.
    return max((median(spaces) + within) / 2, _LEAST_WHITE)


def _certain(gaps: Sequence[int], spaces: Sequence[int]) -> tuple[float, float]:
    """How wide a gap is a space whatever the network saw there; the second is for gaps between letters.

    The gaps fall into narrow and wide ones (N. Otsu, 1979). Where the network thinks of no spaces, the wide ones may be
    those around digits and points, or between the letters of a typewriter.

    Args:
        gaps: All gaps of the line.
        spaces: Those where the network thinks of a space.
    """
    if len(spaces) < 2:
        return inf, inf
    ordered = sorted(min(gap, _MOST_WHITE) for gap in gaps)
    count, total, below = len(ordered), sum(ordered), 0
    best, certain = 0.0, inf
    for at in range(1, count - 1):  # one wide gap alone is no class
        below += ordered[at - 1]
        narrow, wide = below / at, (total - below) / (count - at)
        if (apart := at * (count - at) * (wide - narrow) ** 2) > best:
            best = apart
            certain = narrow + _CERTAIN * (wide - narrow) if wide > _APART * narrow + _LEAST_WHITE else inf
    usual = median(spaces)
    return max(certain, _LIKE_SPACES * usual), max(certain, _LIKE_SPACES_OF_LETTERS * usual)


def _may_part(before: str, char: str, likely: float) -> bool:
    """Whether a space that is this likely can stand between two characters."""
    if is_wide(before) or is_wide(char):
        return False
    return likely >= (_LIKELY_AT_PUNCTUATION if before in _OPENING or char in _CLOSING else _THINKABLE)


def is_wide(char: str) -> bool:
    """Whether a character belongs to a script that is written without spaces."""
    return "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"

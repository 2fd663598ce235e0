"""From the output of a recognition network to text, with the spaces that it nearly saw."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import median, median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

# A network that was trained on Chinese prefers "no character" to a space between narrow words. Where it thinks of a space at
# all, the white in the picture decides.
_THINKABLE = 0.04
_LIKELY_AT_PUNCTUATION = 0.4
_HINT_OF_BETA = 0.002
_LEAST_WHITE = 3  # pixels of a line that is 48 high
_OPENING, _CLOSING = "([{“‘«/-–@#$€£_", ".,;:!?)]}”’»%/-–'\"@_"

# Spaced Latin letters look to it as those of East Asian fonts.
_NARROW = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF06)}


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in the picture of a line.

    Attributes:
        text: The text.
        confidence: The mean probability of its characters.
        places: The middle of each character of the text, from 0 where the line begins to 1 where it ends.
        density: How many characters there are for each column of the network's output.
    """

    text: str
    confidence: float
    places: tuple[float, ...]
    density: float


def decode(
    probabilities: "np.ndarray", alphabet: "Sequence[str]", width: float, white: Callable[[float, float], int]
) -> Reading:
    """Read one line.

    Args:
        probabilities: For each column, how likely each character is; the first stands for none.
        alphabet: The characters; the last is the space.
        width: How many columns the line fills; the others are margin.
        white: The widest gap in the picture between the middles of two columns, in pixels.
    """
    import numpy as np

    best = probabilities.argmax(axis=1)
    starts = best != 0
    starts[1:] &= best[1:] != best[:-1]
    columns = np.flatnonzero(starts)
    if not len(columns):
        return Reading("", 0.0, (), 0.0)
    confidence = float(probabilities[columns, best[columns]].mean())
    chars = [(alphabet[best[column]].translate(_NARROW), int(column)) for column in columns]
    chars = _with_sharp_s(chars, probabilities[:, alphabet.index("β")] if "β" in alphabet else None)
    text, places = _with_spaces(chars, probabilities[:, len(alphabet) - 1], white)
    return Reading(text, confidence, tuple((place + 0.5) / width for place in places), len(text) / width)


def _with_sharp_s(chars: list[tuple[str, int]], beta: "np.ndarray | None") -> list[tuple[str, int]]:
    """The characters with the German letter that looks like a B within a word, of which the network knows only a beta."""
    if beta is None:
        return chars
    found = chars[:1]
    for (before, _), (char, column) in pairwise(chars):
        is_sharp = char in "Bβ" and before.islower() and float(beta[max(column - 1, 0) : column + 2].max()) > _HINT_OF_BETA
        found.append(("ß" if is_sharp else char, column))
    return found


def _with_spaces(
    chars: list[tuple[str, int]], space: "np.ndarray", white: Callable[[float, float], int]
) -> tuple[str, list[float]]:
    """The characters of a line with spaces where the picture has them."""
    inked = [(char, column) for char, column in chars if char != " "]
    spaces = [column for char, column in chars if char == " "]
    gaps = [white(before[1], after[1]) for before, after in pairwise(inked)]
    seen = [any(before[1] < column < after[1] for column in spaces) for before, after in pairwise(inked)]
    within = [gap for gap, is_space in zip(gaps, seen, strict=True) if not is_space]
    enough, certain = _enough([gap for gap, is_space in zip(gaps, seen, strict=True) if is_space], within)
    text, places = [inked[0][0]] if inked else [], [float(inked[0][1])] if inked else []
    for (before, start), (char, end), gap, is_space in zip(inked, inked[1:], gaps, seen, strict=False):
        likely = float(space[start : end + 1].max())
        wide_enough = gap >= enough and _may_part(before, char, likely)
        if is_space or wide_enough or (gap >= certain and _are_letters(before, char)):
            text.append(" ")
            places.append((start + end) / 2)
        text.append(char)
        places.append(float(end))
    return "".join(text), places


def _enough(spaces: list[int], others: list[int]) -> tuple[float, float]:
    """How wide a gap is a space where one is likely, and how wide where the network saw none."""
    within = median_low(others) if others else 0
    if len(spaces) < 2:
        return max(2.5 * within, _LEAST_WHITE + 2), inf
    # Halfway between the gaps that are spaces and those that are not.
    return max((median(spaces) + within) / 2, _LEAST_WHITE), max(0.85 * median(spaces), 2 * within + _LEAST_WHITE)


def _may_part(before: str, char: str, likely: float) -> bool:
    """Whether a space that is this likely can stand between two characters."""
    if _is_wide(before) or _is_wide(char):
        return False
    return likely >= (_LIKELY_AT_PUNCTUATION if before in _OPENING or char in _CLOSING else _THINKABLE)


def _are_letters(before: str, char: str) -> bool:
    # The arms of capitals reach over the white beside them.
    return before.islower() and char.isalpha() and not _is_wide(char)


def _is_wide(char: str) -> bool:
    """Whether a character belongs to a script that is written without spaces."""
    return "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"


def parted(reading: Reading, gap: float) -> list[tuple[str, float, float]]:
    """The pieces of a line that stand further apart than words do, each with the places of its first and last character.

    Args:
        reading: The line.
        gap: How far the middles of two characters are apart that do not belong together.
    """
    pieces: list[list[int]] = []
    for at, char in enumerate(reading.text):
        if char.isspace():
            continue
        # A bullet or a number of an item belongs to the text beside it.
        if not pieces or (reading.places[at] - reading.places[pieces[-1][-1]] > gap and len(pieces[-1]) > 3):
            pieces.append([])
        pieces[-1].append(at)
    return [
        (reading.text[piece[0] : piece[-1] + 1], reading.places[piece[0]], reading.places[piece[-1]]) for piece in pieces
    ]

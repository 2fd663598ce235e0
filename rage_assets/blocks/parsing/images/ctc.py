"""From the output of a recognition network to text, with the spaces that it nearly saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.spaces import is_wide, with_spaces

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_HINT_OF_BETA = 0.002

# Spaced Latin letters look to it as those of East Asian fonts, and so does their punctuation.
_NARROW = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF06)}
_NARROW_ALL = {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, ord("。"): ord("."), ord("、"): ord(",")}


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in the picture of a line.

    Attributes:
        text: The text.
        confidence: The mean probability of its characters.
        places: The middle of each character of the text, from 0 where the line begins to 1 where it ends.
        density: How many characters there are for each column of the network's output.
        marks: How likely there is an accent, or dots, over each character of the text.
    """

    text: str
    confidence: float
    places: tuple[float, ...]
    density: float
    marks: tuple[float, ...] = ()


def decode(
    probabilities: "np.ndarray",
    alphabet: "Sequence[str]",
    width: float,
    white: Callable[[float, float], int],
    accented: "Mapping[str, Sequence[int]]" = MappingProxyType({}),
) -> Reading:
    """Read one line.

    Args:
        probabilities: For each column, how likely each character is; the first stands for none.
        alphabet: The characters; the last is the space.
        width: How many columns the line fills; the others are margin.
        white: The widest gap in the picture between the middles of two columns, in pixels.
        accented: The places in the alphabet of those characters that are a letter with a mark.
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
    if not any(is_wide(char) and char.isalpha() for char, _ in chars):
        chars = [(char.translate(_NARROW_ALL), column) for char, column in chars]
    chars = _with_sharp_s(chars, probabilities[:, alphabet.index("β")] if "β" in alphabet else None)
    text, places = with_spaces(chars, probabilities[:, len(alphabet) - 1], white)
    near = [probabilities[max(int(place) - 1, 0) : int(place) + 2] for place in places]
    marks = tuple(
        float(part[:, accented[char]].max()) if char in accented else 0.0 for char, part in zip(text, near, strict=True)
    )
    return Reading(text, confidence, tuple((place + 0.5) / width for place in places), len(text) / width, marks)


def _with_sharp_s(chars: list[tuple[str, int]], beta: "np.ndarray | None") -> list[tuple[str, int]]:
    """The characters with the German letter that looks like a B within a word, of which the network knows only a beta."""
    if beta is None:
        return chars
    found = chars[:1]
    for (before, _), (char, column) in pairwise(chars):
        is_sharp = char in "Bβ" and before.islower() and float(beta[max(column - 1, 0) : column + 2].max()) > _HINT_OF_BETA
        found.append(("ß" if is_sharp else char, column))
    return found


def parted(reading: Reading, gap: float, cuts: "Sequence[float]" = ()) -> list[tuple[str, float, float]]:
    """The pieces of a line that stand further apart than words do, each with the places of its first and last character.

    Args:
        reading: The line.
        gap: How far the middles of two characters are apart that do not belong together.
        cuts: Places in spaces of the line where it is parted in any case.
    """
    pieces: list[list[int]] = []
    for at, char in enumerate(reading.text):
        if char.isspace():
            continue
        if not pieces or _parts(reading.places[pieces[-1][-1]], reading.places[at], gap, cuts, len(pieces[-1])):
            pieces.append([])
        pieces[-1].append(at)
    return [
        (reading.text[piece[0] : piece[-1] + 1], reading.places[piece[0]], reading.places[piece[-1]]) for piece in pieces
    ]


def _parts(before: float, after: float, gap: float, cuts: "Sequence[float]", count: int) -> bool:
    if any(before < cut < after for cut in cuts):
        return True
    # A bullet or a number of an item belongs to the text beside it.
    return after - before > gap and count > 3

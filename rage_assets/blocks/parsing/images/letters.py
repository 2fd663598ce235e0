"""Letters that look alike: told apart by their height in the picture, and by the letters and digits around them."""

import re
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.ctc import Reading
from rage_assets.blocks.parsing.images.ink import tops

if TYPE_CHECKING:
    import numpy as np

_ALIKE = frozenset("cosvwxzCOSVWXZ")  # capitals that only their height tells from the small letters
_LOW, _HIGH = frozenset("aemnru"), frozenset("ABDEFGHIKLMNPRTUYbdfhkl")
_LEAST_APART = 5  # pixels of a line that is 48 high, between the tops of small letters and of capitals
_SURE = 0.25  # of that: so near to one of the tops, a letter is surely of its kind

_NUMBER = re.compile(r"(?<![^\W\d_])\d[\d.,:oOlI]*[\d.,:]")
_DIGITS = str.maketrans("oOlI", "0011")
_CAPITAL_I = re.compile(r"(?<![^\W\d_])l(?=[A-Z]{2}|'(?:m|d|ll|ve)\b)|(?<=[A-Z])l(?=[A-Z])")


def with_right_letters(line: "np.ndarray", reading: Reading) -> Reading:
    """The reading of a line's picture, without capitals for small letters, letters for digits, and the other way round."""
    text = _NUMBER.sub(lambda found: found[0].translate(_DIGITS), reading.text)
    text = _CAPITAL_I.sub("I", text)
    if _ALIKE & set(text):
        text = _by_height(line, text, reading.places)
    return replace(reading, text=text)


def _by_height(line: "np.ndarray", text: str, places: tuple[float, ...]) -> str:
    found = tops(line, [place if char.isalnum() else None for char, place in zip(text, places, strict=True)])
    low = [top for char, top in zip(text, found, strict=True) if top is not None and char in _LOW]
    high = [top for char, top in zip(text, found, strict=True) if top is not None and char in _HIGH]
    if not high or not low or median(low) - median(high) < _LEAST_APART:
        return text
    top_of_low, top_of_high = median(low), median(high)
    near = _SURE * (top_of_low - top_of_high)
    chars = list(text)
    for at, (char, top) in enumerate(zip(text, found, strict=True)):
        if char not in _ALIKE or top is None:
            continue
        if top > top_of_low - near:
            chars[at] = char.lower()
        elif top < top_of_high + near and not (chars[at - 1] if at else " ").islower():
            chars[at] = char.upper()
    return "".join(chars)

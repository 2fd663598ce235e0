"""The two dots above a letter, which the network does not see on all letters."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.ctc import Reading

if TYPE_CHECKING:
    import numpy as np

_DOTTED = dict(zip("aouAOU", "äöüÄÖÜ", strict=True))
# Pieces of letters that are broken, and specks, look like dots; but on letters without any the network is surer of that.
_LEAST_HINT = {"a": 5e-4, "o": 2e-5}
_LETTERS = {*_DOTTED, "i"}
_NEAR = 0.25  # times the height
_HEIGHT = 96  # pixels at which dots are looked for
_LEAST_HEIGHT = 20  # of a line; below, dots melt into the letter
_CONTRAST = 0.45
Dot = tuple[float, float, float, float, float]  # left, upper side, width, height, area


def with_umlauts(line: "np.ndarray", reading: Reading) -> Reading:
    """The reading of a line's picture, with two dots on the letters that have them in the picture."""
    if not reading.marks or line.shape[0] < _LEAST_HEIGHT or not _LETTERS & set(reading.text):
        return reading
    width = _HEIGHT * line.shape[1] / line.shape[0]
    text = list(reading.text)
    places, marks = list(reading.places), list(reading.marks)
    for middle in _pairs(_dots(line)):
        far = [abs(place * width - middle) / _HEIGHT for place in places]
        at = min(range(len(text)), key=far.__getitem__)
        if far[at] > _NEAR or marks[at] < _LEAST_HINT.get(text[at], 0.0):
            continue
        # Where the network took the letter for an i, or for two letters, the second of them an i.
        if text[at : at + 2] == ["u", "i"] and far[at + 1] < _NEAR + 0.1:
            del text[at + 1], places[at + 1], marks[at + 1]
        elif text[max(at - 1, 0) : at + 1] == ["u", "i"] and far[at - 1] < _NEAR + 0.1:
            del text[at], places[at], marks[at]
            at -= 1
        elif text[at] == "i" and not {"i", "j"} & {*text[max(at - 1, 0) : at], *text[at + 1 : at + 2]}:
            text[at] = "u"
        text[at] = _DOTTED.get(text[at], text[at])
    return replace(reading, text="".join(text), places=tuple(places), marks=tuple(marks))


def _dots(line: "np.ndarray") -> list[Dot]:
    """Small round spots in the upper half of a line, from the left."""
    import cv2
    import numpy as np

    width = max(round(_HEIGHT * line.shape[1] / line.shape[0]), 1)
    gray = cv2.cvtColor(cv2.resize(line, (width, _HEIGHT), interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY)
    far = np.abs(gray.astype(np.float32) - np.median(gray))
    inked = (far > _CONTRAST * max(np.percentile(far, 99), 1)).astype(np.uint8)
    spots = cv2.connectedComponentsWithStats(inked)[2][1:].astype(float).tolist()
    return sorted((left, top, wide, high, area) for left, top, wide, high, area in spots if _is_dot(top, wide, high, area))


def _is_dot(top: float, wide: float, high: float, area: float) -> bool:
    round_ = max(wide, high) < 1.8 * min(wide, high) and area > 0.55 * wide * high
    return round_ and 0 < top < 0.4 * _HEIGHT and 0.04 * _HEIGHT < high < 0.2 * _HEIGHT


def _pairs(dots: list[Dot]) -> list[float]:
    """The middles of each two dots that are alike and side by side."""
    return [
        (one[0] + other[0] + other[2]) / 2
        for one, other in pairwise(dots)
        if abs(one[1] - other[1]) < 0.05 * _HEIGHT
        and max(one[4], other[4]) < 1.7 * min(one[4], other[4])
        and 0.02 * _HEIGHT < other[0] - one[0] - one[2] < 0.2 * _HEIGHT
    ]

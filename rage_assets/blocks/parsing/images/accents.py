"""The accents above letters that the network reads without: it hardly knows them, but the picture has their shape."""

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.ctc import Reading

if TYPE_CHECKING:
    import numpy as np

_ACUTE, _GRAVE, _CIRCUMFLEX, _TILDE = "\u0301", "\u0300", "\u0302", "\u0303"
_BEARERS = {
    "a": {_ACUTE, _GRAVE, _CIRCUMFLEX, _TILDE},
    "e": {_ACUTE, _GRAVE, _CIRCUMFLEX},
    "o": {_ACUTE, _GRAVE, _CIRCUMFLEX, _TILDE},
    "u": {_ACUTE, _GRAVE, _CIRCUMFLEX},
    "n": {_TILDE},
}
# How likely the network must think of an accent; of a letter without one it is surer. It knows no n with one.
_LEAST_HINT = {"a": 2e-4, "e": 1e-3, "o": 2e-5, "u": 3e-4, "n": 0.0}
_VOWELS = frozenset("aeou")
_AFTER_N = frozenset("aeiou")  # without a hint, an accent must at least be where there may be one
_HEIGHT = 96  # pixels at which accents are looked for
_LEAST_HEIGHT = 20  # of a line; below, accents melt into the letter
_CONTRAST = 0.45
_NEAR = 0.17  # times the height
_SLANTED = 0.5  # the correlation of a stroke's columns and rows


def with_accents(line: "np.ndarray", reading: Reading) -> Reading:
    """The reading of a line's picture, with accents on the letters that have them in the picture."""
    bearing = [
        at
        for at, (char, mark) in enumerate(zip(reading.text, reading.marks, strict=False))
        if char in _BEARERS and mark >= _LEAST_HINT[char] and (char != "n" or reading.text[at + 1 : at + 2] in _AFTER_N)
    ]
    if line.shape[0] < _LEAST_HEIGHT or not bearing:
        return reading
    text: list[str] = list(reading.text)
    width = _HEIGHT * line.shape[1] / line.shape[0]
    for middle, accent in _accents(line):
        at = min(range(len(text)), key=lambda at: abs(reading.places[at] * width - middle))
        if at in bearing and abs(reading.places[at] * width - middle) < _NEAR * _HEIGHT and accent in _BEARERS[text[at]]:
            text[at] = unicodedata.normalize("NFC", text[at] + accent)
            _drop_double(text, at)
    kept = [at for at, char in enumerate(text) if char]
    return replace(
        reading,
        text="".join(text),
        places=tuple(reading.places[at] for at in kept),
        marks=tuple(reading.marks[at] for at in kept),
    )


def _drop_double(text: list[str], at: int) -> None:
    """Empties what the network took the other half of a letter with an accent for."""
    if text[at] == "ñ" and text[at + 1 : at + 2] == ["i"] and "".join(text[at + 2 : at + 3]) in _VOWELS:
        text[at + 1] = ""
    elif at and text[at - 1] == text[at]:
        text[at - 1] = ""


def _accents(line: "np.ndarray") -> list[tuple[float, str]]:
    """The middles and the kinds of the strokes in the upper half of a line, from the left."""
    import cv2
    import numpy as np

    width = max(round(_HEIGHT * line.shape[1] / line.shape[0]), 1)
    gray = cv2.cvtColor(cv2.resize(line, (width, _HEIGHT), interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY)
    far = np.abs(gray.astype(np.float32) - np.median(gray))
    _, marks, boxes, _ = cv2.connectedComponentsWithStats(
        (far > _CONTRAST * max(np.percentile(far, 99), 1)).astype(np.uint8)
    )
    found = []
    for spot, (left, top, wide, high, area) in enumerate(boxes.tolist()):
        if top > 0 and top + high < 0.48 * _HEIGHT and 6 <= wide <= 30 and 4 <= high <= 22 and area >= 25:
            kind = _kind(marks[top : top + high, left : left + wide] == spot)
            if kind:
                found.append((left + wide / 2, kind))
    return sorted(found)


def _kind(stroke: "np.ndarray") -> str | None:
    import numpy as np

    rows, columns = np.nonzero(stroke)
    if np.ptp(rows) == 0 or np.ptp(columns) == 0:
        return None
    slant = float(np.corrcoef(columns, rows)[0, 1])
    if abs(slant) > _SLANTED:
        return _ACUTE if slant < 0 else _GRAVE
    high, wide = stroke.shape
    third = max(wide // 3, 1)
    middle = rows[(columns >= third) & (columns < wide - third)]
    outer = rows[(columns < third) | (columns >= wide - third)]
    if wide < 1.3 * high or not len(middle) or not len(outer):
        return None
    return _CIRCUMFLEX if outer.mean() - middle.mean() > 0.2 * high else _TILDE

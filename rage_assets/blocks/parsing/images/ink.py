"""Where the ink of a line is: the white between its characters, and how high they are."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.networks import COLUMN, LINE_HEIGHT

if TYPE_CHECKING:
    import numpy as np

_MIDDLE = 0.18, 0.82  # of the height: what stands outside of it alone is of the line above or below
_CONTRAST = 0.35
_AROUND = 2 * LINE_HEIGHT + 1  # pixels: so far, the light falls alike
_NEAR = 4  # pixels: what is read stands so far from where it was seen
_FAINTEST = 0.4  # times the contrast of the whole line; what is fainter is no ink


def gaps(line: "np.ndarray") -> Callable[[float, float], int]:
    """A function from two columns of what is read to the widest white between their middles, in pixels at that height."""
    import numpy as np

    ours, marks = _spots(line)
    inked = ours[marks].any(axis=0)

    def widest(start: float, end: float) -> int:
        part = inked[max(round((start + 0.5) * COLUMN), 0) : max(round((end + 0.5) * COLUMN), 0)]
        borders = np.flatnonzero(np.diff(np.concatenate([[True], part, [True]]).astype(np.int8)))
        return int((borders[1::2] - borders[::2]).max()) if len(borders) else 0

    return widest


def tops(line: "np.ndarray", places: Sequence[float | None]) -> list[float | None]:
    """The upper sides of the letters at some places of a line, from 0 to 1; None for letters that touch others."""
    import numpy as np

    ours, marks = _spots(line)
    ours_at = np.where(ours[marks], marks, 0)
    spots = [None if place is None else _spot(ours_at, int(place * marks.shape[1])) for place in places]
    upper = np.full(len(ours), marks.shape[0])
    np.minimum.at(upper, marks, np.arange(marks.shape[0])[:, None])
    return [float(upper[spot]) if spot and spots.count(spot) == 1 else None for spot in spots]


def _spot(ours: "np.ndarray", at: int) -> int:
    """The spot with most ink around a column; 0 without any."""
    import numpy as np

    count = np.bincount(ours[:, max(at - _NEAR, 0) : at + _NEAR + 1].ravel(), minlength=1)
    count[0] = 0
    return int(count.argmax())


def _spots(line: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """For each number of a spot whether it is a part of a character of the line, and the numbers at each place.

    The ground may be lit unevenly.
    """
    import cv2
    import numpy as np

    wide = max(round(LINE_HEIGHT * line.shape[1] / line.shape[0]), 1)
    gray = cv2.cvtColor(cv2.resize(line, (wide, LINE_HEIGHT)), cv2.COLOR_BGR2GRAY)
    ground = cv2.medianBlur(np.median(gray, axis=0).astype(np.uint8)[None], _AROUND)
    far = cv2.absdiff(gray, np.repeat(ground, len(gray), axis=0))
    middle = slice(int(_MIDDLE[0] * len(gray)), int(_MIDDLE[1] * len(gray)))
    strongest = cv2.dilate(far[middle].max(axis=0)[None], np.ones((1, _AROUND), np.uint8))
    ink = (far > _CONTRAST * np.maximum(strongest, _FAINTEST * max(np.percentile(far, 99), 1))).astype(np.uint8)
    count, marks = cv2.connectedComponents(ink)
    ours = np.zeros(count, dtype=bool)
    ours[marks[middle]] = True
    ours[0] = False
    return ours, marks

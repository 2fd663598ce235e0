"""Where a line's picture is white between its characters."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.networks import COLUMN, LINE_HEIGHT

if TYPE_CHECKING:
    import numpy as np

_MIDDLE = 0.18, 0.82  # of the height: what stands outside of it alone is of the line above or below
_CONTRAST = 0.35
_AROUND = 2 * LINE_HEIGHT + 1  # pixels: so far, the light falls alike
_FAINTEST = 0.4  # times the contrast of the whole line; what is fainter is no ink


def gaps(line: "np.ndarray") -> Callable[[float, float], int]:
    """A function from two columns of what is read to the widest white between their middles, in pixels at that height."""
    import cv2
    import numpy as np

    wide = max(round(LINE_HEIGHT * line.shape[1] / line.shape[0]), 1)
    inked = _inked(cv2.cvtColor(cv2.resize(line, (wide, LINE_HEIGHT)), cv2.COLOR_BGR2GRAY))

    def widest(start: float, end: float) -> int:
        part = inked[max(round((start + 0.5) * COLUMN), 0) : max(round((end + 0.5) * COLUMN), 0)]
        borders = np.flatnonzero(np.diff(np.concatenate([[True], part, [True]]).astype(np.int8)))
        return int((borders[1::2] - borders[::2]).max()) if len(borders) else 0

    return widest


def _inked(gray: "np.ndarray") -> "np.ndarray":
    """For each column of pixels, whether a character of the line is in it; the ground may be lit unevenly."""
    import cv2
    import numpy as np

    ground = cv2.medianBlur(np.median(gray, axis=0).astype(np.uint8)[None], _AROUND)
    far = cv2.absdiff(gray, np.repeat(ground, len(gray), axis=0))
    middle = slice(int(_MIDDLE[0] * len(gray)), int(_MIDDLE[1] * len(gray)))
    strongest = cv2.dilate(far[middle].max(axis=0)[None], np.ones((1, _AROUND), np.uint8))
    ink = (far > _CONTRAST * np.maximum(strongest, _FAINTEST * max(np.percentile(far, 99), 1))).astype(np.uint8)
    count, spots = cv2.connectedComponents(ink)
    ours = np.zeros(count, dtype=bool)
    ours[spots[middle]] = True
    ours[0] = False
    inked: np.ndarray = ours[spots].any(axis=0)
    return inked

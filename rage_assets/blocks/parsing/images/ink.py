"""Where a line's picture is white between its characters."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.networks import COLUMN, LINE_HEIGHT

if TYPE_CHECKING:
    import numpy as np

_MIDDLE = 0.18, 0.82  # of the height: what the lines above and below reach into is not looked at
_CONTRAST = 0.35


def gaps(line: "np.ndarray") -> Callable[[float, float], int]:
    """A function from two columns of what is read to the widest white between their middles, in pixels at that height."""
    import cv2
    import numpy as np

    wide = max(round(LINE_HEIGHT * line.shape[1] / line.shape[0]), 1)
    gray = cv2.cvtColor(cv2.resize(line, (wide, LINE_HEIGHT)), cv2.COLOR_BGR2GRAY).astype(np.float32)
    ground = np.median(gray)
    far = np.abs(gray - ground)
    middle = far[int(_MIDDLE[0] * LINE_HEIGHT) : int(_MIDDLE[1] * LINE_HEIGHT)]
    inked = middle.max(axis=0) > _CONTRAST * max(np.percentile(far, 99), 1)

    def widest(start: float, end: float) -> int:
        part = inked[max(round((start + 0.5) * COLUMN), 0) : max(round((end + 0.5) * COLUMN), 0)]
        borders = np.flatnonzero(np.diff(np.concatenate([[True], part, [True]]).astype(np.int8)))
        return int((borders[1::2] - borders[::2]).max()) if len(borders) else 0

    return widest

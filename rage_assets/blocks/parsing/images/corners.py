"""The places of lines in a picture: four corners each, from the upper left one clockwise."""

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.recognised import BBox

if TYPE_CHECKING:
    import numpy as np

    Corners = np.ndarray

TALL = 1.5  # times its width: a line that runs up or down
_MOST_SKEW = 0.2
_WITHIN = 0.7  # of its area


def ordered(corners: "Corners") -> "Corners":
    """Four corners from the upper left one clockwise."""
    import numpy as np

    by_side = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = (side[np.argsort(side[:, 1], kind="stable")] for side in (by_side[:2], by_side[2:]))
    return np.array([left[0], right[0], right[1], left[1]], dtype=np.float32)


def width(corners: "Corners") -> float:
    """How long a line is."""
    return math.dist(corners[0], corners[1])


def height(corners: "Corners") -> float:
    """How high a line is."""
    return math.dist(corners[0], corners[3])


def slenderness(corners: "Corners") -> float:
    """The length of a line in times its height."""
    return width(corners) / max(height(corners), 1)


def thickness(corners: "Corners") -> float:
    """The height of a line's type, whichever way it runs."""
    return min(width(corners), height(corners))


def is_tall(corners: "Corners") -> bool:
    """Whether a line runs up or down."""
    return height(corners) > TALL * width(corners)


def without_doubles(boxes: Sequence["Corners"]) -> list["Corners"]:
    """Lines without those that lie within another one: its end, found twice."""
    import numpy as np

    if not boxes:
        return []
    slope = skew(boxes)
    level = np.array([[[1, slope], [-slope, 1]] @ box.T for box in boxes])
    low, high = level.min(axis=2), level.max(axis=2)
    area = np.prod(high - low, axis=1)
    kept = []
    for at, box in enumerate(boxes):
        shared = np.prod(np.clip(np.minimum(high, high[at]) - np.maximum(low, low[at]), 0, None), axis=1)
        if not ((shared > _WITHIN * area[at]) & (area > 2 * area[at])).any():
            kept.append(box)
    return kept


def mostly_tall(boxes: Sequence["Corners"]) -> bool:
    """Whether most of the text of a page runs up or down."""
    area = [width(box) * height(box) for box in boxes]
    return sum(size for size, box in zip(area, boxes, strict=True) if is_tall(box)) > 0.6 * sum(area)


def skew(boxes: Sequence["Corners"]) -> float:
    """The slope of most of the long lines of a page; 0 where it is small."""
    long = [box for box in boxes if width(box) > 6 * height(box)]
    slopes = [float(box[1][1] - box[0][1]) / max(float(box[1][0] - box[0][0]), 1.0) for box in long]
    slope = statistics.median(slopes) if slopes else 0.0
    return slope if 0.003 < abs(slope) < _MOST_SKEW else 0.0


def quarter_turned(pixels: "np.ndarray", boxes: Sequence["Corners"]) -> tuple["np.ndarray", list["Corners"]]:
    """A picture turned clockwise by 90 degrees, with the places in it."""
    import numpy as np

    far = pixels.shape[0] - 1
    turned = [np.stack([far - box[:, 1], box[:, 0]], axis=1)[[3, 0, 1, 2]].astype(np.float32) for box in boxes]
    return np.ascontiguousarray(np.rot90(pixels, -1)), turned


def crop(pixels: "np.ndarray", corners: "Corners") -> "np.ndarray":
    """The picture of a line, made level."""
    import cv2
    import numpy as np

    across, down = max(round(width(corners)), 1), max(round(height(corners)), 1)
    target = np.array([[0, 0], [across, 0], [across, down], [0, down]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(corners, dtype=np.float32), target)
    return cv2.warpPerspective(pixels, matrix, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def stretched(line: "np.ndarray", factor: float) -> "np.ndarray":
    """The picture of a line, made wider."""
    import cv2

    size = (round(line.shape[1] * factor), line.shape[0])
    wider: np.ndarray = cv2.resize(line, size, interpolation=cv2.INTER_CUBIC)
    return wider


def bbox(corners: "Corners", start: float = 0.0, end: float = 1.0) -> BBox:
    """The upright rectangle around a line, or around a part of it.

    Args:
        corners: The line.
        start: Where the part begins, from 0 to 1.
        end: Where it ends.
    """
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    part = [corners[0] + start * upper, corners[0] + end * upper, corners[3] + start * lower, corners[3] + end * lower]
    across, down = [float(point[0]) for point in part], [float(point[1]) for point in part]
    return min(across), min(down), max(across), max(down)

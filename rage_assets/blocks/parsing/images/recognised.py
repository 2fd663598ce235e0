"""What an engine makes of a picture: lines of text with their place, and how sure it is of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line of text, or the piece of one that stands apart.

    Attributes:
        text: Its text.
        bbox: Left, upper, right and lower side in pixels of the page turned upright, origin top left.
        confidence: How sure the engine is, from 0 to 1.
        turned: Whether it runs up or down, beside a page or a chart.
    """

    text: str
    bbox: BBox
    confidence: float
    turned: bool = False


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """A page as it was read.

    Attributes:
        lines: In no particular order.
        rotation: By how many degrees (0, 90, 180, 270) the picture was turned clockwise to stand upright.
        size: Width and height in pixels, turned upright.
        engine: The engine that read it.
        skew: The slope of its lines: how far they sink for each pixel to the right.
    """

    lines: Sequence[RecognisedLine]
    rotation: int
    size: tuple[int, int]
    engine: str
    skew: float = 0.0

    @property
    def confidence(self) -> float:
        """How sure the engine is of the page: the mean over its characters."""
        return mean_confidence(self.lines)

    def shown(self, bbox: BBox) -> BBox:
        """A place in the picture as it was given, before it was turned upright."""
        left, top, right, bottom = bbox
        width, height = self.size
        match self.rotation:
            case 90:
                return top, width - right, bottom, width - left
            case 180:
                return width - right, height - bottom, width - left, height - top
            case 270:
                return height - bottom, left, height - top, right
        return bbox


def mean_confidence(lines: Sequence[RecognisedLine]) -> float:
    """The mean confidence over the characters of lines; 0 without any."""
    weight = sum(len(line.text) for line in lines)
    return math.fsum(line.confidence * len(line.text) for line in lines) / weight if weight else 0.0

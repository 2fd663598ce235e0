"""What an engine makes of a picture: lines of text with their place, and how sure it is of them."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BBox = tuple[float, float, float, float]
_SURE = 0.85
_MOST_MIXED = 0.15
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN = re.compile(r"[A-Za-z]")
_OTHER = re.compile(r"[\u0370-\u04ff\u3040-\u9fff]")


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

    @property
    def sure(self) -> bool:
        """Whether most words are right; they are not in another script, in handwriting, in a photograph."""
        return self.confidence >= _SURE and not _muddled(line.text for line in self.lines)

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


def _muddled(texts: Iterable[str]) -> bool:
    """Whether many words mix scripts: what letters that an engine does not know are taken for."""
    words = [word for text in texts for word in _WORD.findall(text)]
    mixed = sum(bool(_LATIN.search(word) and _OTHER.search(word)) for word in words)
    return mixed > _MOST_MIXED * len(words)


def mean_confidence(lines: Sequence[RecognisedLine]) -> float:
    """The mean confidence over the characters of lines; 0 without any."""
    weight = sum(len(line.text) for line in lines)
    return math.fsum(line.confidence * len(line.text) for line in lines) / weight if weight else 0.0

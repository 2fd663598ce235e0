"""RapidOCR: PaddleOCR's networks for Latin and Chinese letters, run by ONNX Runtime; the weights come with the package."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images import corners, ink
from rage_assets.blocks.parsing.images.ctc import Reading, decode, parted
from rage_assets.blocks.parsing.images.networks import COLUMN, LINE_HEIGHT, Networks
from rage_assets.blocks.parsing.images.recognised import RecognisedLine, RecognisedPage

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_FIND_SIDE = 1600  # pixels; lines are found in a picture that is no larger, and read in the original
_SAMPLE = 5
_SURE = 0.88
_LEAST_CONFIDENCE = 0.5
_PART = 11  # columns between the middles of characters: nearly two heights of the line


@cache
def rapid_engine() -> "RapidEngine":
    """The engine of this process."""
    return RapidEngine()


class RapidEngine:
    """Finds lines, turns the page upright, reads the lines."""

    name = "rapidocr"

    def __init__(self) -> None:
        self._networks = Networks()

    def read(self, picture: "Image") -> RecognisedPage:
        """Read a picture in RGB."""
        import numpy as np

        pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
        boxes = self._boxes(pixels)
        turn = 0
        if corners.mostly_tall(boxes):
            pixels, boxes = corners.quarter_turned(pixels, boxes)
            turn = 90
        known, upside_down = self._sample(pixels, boxes)
        if upside_down:
            pixels, boxes = corners.quarter_turned(*corners.quarter_turned(pixels, boxes))
            turn += 180
        readings = self._read_boxes(pixels, boxes, known)
        lines = [
            line for box, reading in zip(boxes, readings, strict=True) for line in _lines(box, reading)
        ]
        height, width = pixels.shape[:2]
        return RecognisedPage(lines, turn, (width, height), self.name, corners.skew(boxes))

    def _boxes(self, pixels: "np.ndarray") -> list["np.ndarray"]:
        """The corners of the lines, each from the upper left one clockwise."""
        import cv2
        import numpy as np

        height, width = pixels.shape[:2]
        scale = min(1.0, _FIND_SIDE / max(height, width))
        small = pixels
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        small, padding = _padded(small)
        found = [
            corners.longer(np.clip((corners.ordered(box) - padding) / scale, 0, (width - 1, height - 1)))
            for box in self._networks.find(small)
        ]
        return sorted(found, key=lambda box: (float(box[0][1]), float(box[0][0])))

    def _sample(self, pixels: "np.ndarray", boxes: list["np.ndarray"]) -> tuple[dict[int, Reading], bool]:
        """The readings of some long lines, and whether they read better upside down."""
        long = sorted(range(len(boxes)), key=lambda at: -corners.width(boxes[at]) / max(corners.height(boxes[at]), 1))[:_SAMPLE]
        crops = [corners.crop(pixels, boxes[at]) for at in long]
        upright = self._read(crops)
        if _sureness(upright) >= _SURE:
            return dict(zip(long, upright, strict=True)), False
        turned = self._read([crop[::-1, ::-1] for crop in crops])
        if _sureness(turned) > _sureness(upright) + 0.05:
            return dict(zip(long, turned, strict=True)), True
        return dict(zip(long, upright, strict=True)), False

    def _read_boxes(
        self, pixels: "np.ndarray", boxes: list["np.ndarray"], known: dict[int, Reading]
    ) -> list[Reading]:
        import numpy as np

        crops, owners = [], []
        for at, box in enumerate(boxes):
            if at in known:
                continue
            crop = corners.crop(pixels, box)
            ways = [crop]
            if corners.is_tall(box):
                ways += [np.rot90(crop), np.rot90(crop, -1)]
            crops += ways
            owners += [at] * len(ways)
        found = dict(known)
        for at, reading in zip(owners, self._read(crops), strict=True):
            if at not in found or reading.confidence > found[at].confidence:
                found[at] = reading
        return [found[at] for at in range(len(boxes))]

    def _read(self, crops: Sequence["np.ndarray"]) -> list[Reading]:
        return [decode(self._networks.read(crop), self._networks.alphabet, ink.gaps(crop)) for crop in crops]


def _padded(pixels: "np.ndarray") -> tuple["np.ndarray", int]:
    """A picture with a margin of its own colour, for lines that touch its sides, and how wide the margin is."""
    import cv2

    margin = 16
    return cv2.copyMakeBorder(pixels, margin, margin, margin, margin, cv2.BORDER_REPLICATE), margin


def _sureness(readings: list[Reading]) -> float:
    weight = sum(len(reading.text) for reading in readings)
    return sum(reading.confidence * len(reading.text) for reading in readings) / weight if weight else 0.0


def _lines(box: "np.ndarray", reading: Reading) -> list[RecognisedLine]:
    """The pieces of a line that stand apart."""
    if reading.confidence < _LEAST_CONFIDENCE or not reading.text.strip():
        return []
    if corners.is_tall(box):
        return [RecognisedLine(reading.text.strip(), corners.bbox(box), reading.confidence)]
    pieces = parted(reading, _PART)
    column = COLUMN / LINE_HEIGHT * corners.height(box) / max(corners.width(box), 1)
    lines = []
    for at, (text, first, last) in enumerate(pieces):
        start = max(0.0, (first - 1) * column) if at else 0.0
        end = min(1.0, (last + 2) * column) if at < len(pieces) - 1 else 1.0
        lines.append(RecognisedLine(text, corners.bbox(box, start, end), reading.confidence))
    return lines

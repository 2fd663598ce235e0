"""RapidOCR: PaddleOCR's networks for Latin and Chinese letters, run by ONNX Runtime; the weights come with the package."""

import statistics
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images import corners, ink
from rage_assets.blocks.parsing.images.accents import with_accents
from rage_assets.blocks.parsing.images.ctc import Reading, decode, parted
from rage_assets.blocks.parsing.images.gutters import gutters
from rage_assets.blocks.parsing.images.letters import with_right_letters
from rage_assets.blocks.parsing.images.networks import COLUMN, LINE_HEIGHT, Networks
from rage_assets.blocks.parsing.images.recognised import RecognisedLine, RecognisedPage
from rage_assets.blocks.parsing.images.umlauts import with_umlauts

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_FIND_SIDE = 1600  # pixels; lines are found in a picture that is no larger, and read in the original
_MOST_FIND_SIDE = 2000  # pixels, to which a small picture is made larger where type is small
_MOST_FIND_PIXELS = 2_000_000  # at once; memory grows with them
_OVERLAP = 3  # times the height of a line: so far a band reaches into the next
_SMALL, _LEGIBLE = 20, 26  # pixels, the height of a line in that picture
_MARGIN = 16
_SAMPLE = 5
_SURE = 0.88
_LEAST_CONFIDENCE = 0.5
_PART = 1.8  # times the height of the line: characters whose middles are further apart are parts of two lines
_OUTER = 0.5  # times the height of the line: so far from the middle of its first character, and of its last, it may reach
_LONG = 8  # characters
_DENSE, _USUAL, _MOST_STRETCH = 0.56, 0.48, 1.6  # characters in a column of what is read


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
        parts = zip(boxes, readings, gutters(boxes, readings), strict=True)
        lines = [line for box, reading, cuts in parts for line in _lines(box, reading, cuts)]
        height, width = pixels.shape[:2]
        return RecognisedPage(lines, turn, (width, height), self.name, corners.skew(boxes))

    def _boxes(self, pixels: "np.ndarray") -> list["np.ndarray"]:
        """The corners of the lines, each from the upper left one clockwise, from the top of the page."""
        largest = max(pixels.shape[:2])
        scale = min(1.0, _FIND_SIDE / largest)
        boxes = self._boxes_at(pixels, scale)
        # Where type is so small that nothing is found, it may be half as large as it should be.
        usual = scale * statistics.median(map(corners.thickness, boxes)) if boxes else _SMALL / 2
        larger = min(scale * _LEGIBLE / max(usual, 1), max(_MOST_FIND_SIDE / largest, 1.0))
        if usual < _SMALL and larger > 1.1 * scale and (boxes or scale < 1):
            boxes = self._boxes_in_bands(pixels, larger, max(usual, 1) / scale)
        return sorted(boxes, key=lambda box: (float(box[0][1]), float(box[0][0])))

    def _boxes_in_bands(self, pixels: "np.ndarray", scale: float, usual: float) -> list["np.ndarray"]:
        """The lines of a picture that is too large to be looked at as a whole, from band to band across it."""
        import numpy as np

        height, width = pixels.shape[:2]
        most = max(round(_MOST_FIND_PIXELS / (width * scale * scale)), 1)
        count = -(-height // most)
        overlap = round(_OVERLAP * usual) if count > 1 else 0
        found = []
        for at in range(count):
            top, bottom = at * height // count, (at + 1) * height // count
            first = max(top - overlap, 0)
            for box in self._boxes_at(pixels[first : bottom + overlap], scale):
                moved = box + np.array((0, first), dtype=np.float32)
                if top <= moved[:, 1].mean() < bottom:
                    found.append(moved)
        return corners.without_doubles(found)

    def _boxes_at(self, pixels: "np.ndarray", scale: float) -> list["np.ndarray"]:
        import cv2
        import numpy as np

        height, width = pixels.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        scaled = pixels if scale == 1 else cv2.resize(pixels, size, interpolation=way)
        # A margin, for lines that touch the sides.
        framed = cv2.copyMakeBorder(scaled, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
        return corners.without_doubles(
            [
                np.clip((corners.ordered(box) - _MARGIN) / scale, 0, (width - 1, height - 1)).astype(np.float32)
                for box in self._networks.find(framed)
            ]
        )

    def _sample(self, pixels: "np.ndarray", boxes: list["np.ndarray"]) -> tuple[dict[int, Reading], bool]:
        """The readings of some long lines, and whether they read better upside down."""
        long = sorted(range(len(boxes)), key=lambda at: -corners.width(boxes[at]) / max(corners.height(boxes[at]), 1))[
            :_SAMPLE
        ]
        crops = [corners.crop(pixels, boxes[at]) for at in long]
        upright = self._read(crops)
        if _sureness(upright) >= _SURE:
            return dict(zip(long, upright, strict=True)), False
        turned = self._read([crop[::-1, ::-1] for crop in crops])
        if _sureness(turned) > _sureness(upright) + 0.05:
            return dict(zip(long, turned, strict=True)), True
        return dict(zip(long, upright, strict=True)), False

    def _read_boxes(self, pixels: "np.ndarray", boxes: list["np.ndarray"], known: dict[int, Reading]) -> list[Reading]:
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
        return [self._read_line(crop) for crop in crops]

    def _read_line(self, crop: "np.ndarray") -> Reading:
        reading = self._read_once(crop)
        if reading.density < _DENSE or len(reading.text) < _LONG:
            return reading
        # Small type has more characters than the network can tell apart; made wider, it is as the type that it knows.
        again = self._read_once(corners.stretched(crop, min(reading.density / _USUAL, _MOST_STRETCH)))
        return again if again.confidence > reading.confidence else reading

    def _read_once(self, crop: "np.ndarray") -> Reading:
        columns = LINE_HEIGHT / COLUMN * crop.shape[1] / crop.shape[0]
        networks = self._networks
        reading = decode(networks.read(crop), networks.alphabet, columns, ink.gaps(crop), networks.accented)
        return with_umlauts(crop, with_accents(crop, with_right_letters(crop, reading)))


def _sureness(readings: list[Reading]) -> float:
    weight = sum(len(reading.text) for reading in readings)
    return sum(reading.confidence * len(reading.text) for reading in readings) / weight if weight else 0.0


def _lines(box: "np.ndarray", reading: Reading, cuts: Sequence[float]) -> list[RecognisedLine]:
    """The pieces of a line that stand apart, or that a gutter parts."""
    if reading.confidence < _LEAST_CONFIDENCE or not reading.text.strip():
        return []
    if corners.is_tall(box) and len(reading.text) > 2:
        return [RecognisedLine(reading.text.strip(), corners.bbox(box), reading.confidence, turned=True)]
    height = 1 / max(corners.slenderness(box), 0.1)
    pieces = parted(reading, _PART * height, cuts)
    lines = []
    for at, (text, first, last) in enumerate(pieces):
        start = max(0.0, first - (0.25 if at else _OUTER) * height)
        end = min(1.0, last + (0.25 if at < len(pieces) - 1 else _OUTER) * height)
        lines.append(RecognisedLine(text, corners.bbox(box, start, end), reading.confidence))
    return lines

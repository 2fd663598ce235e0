"""Lines that run on over the white between two columns: parted where other lines begin."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images import corners
from rage_assets.blocks.parsing.images.ctc import Reading

if TYPE_CHECKING:
    from rage_assets.blocks.parsing.images.corners import Corners

_WIDE = (
    1.2  # times the height of the line: the middles of two characters with a space between them, so that it may be a gutter
)
_ALIGNED = 0.5  # times the height
_NEAR = 15  # times the height, up and down
_STARTS, _WITNESSES = 2, 4  # lines that begin there; these and other lines with a wide space there


def gutters(boxes: Sequence["Corners"], readings: Sequence[Reading]) -> list[tuple[float, ...]]:
    """Where each line has to be parted, from 0 where it begins to 1 where it ends.

    A space in a line may be as wide as the white between two columns; but only the latter has the beginnings of lines below
    and above its end.
    """
    slope = corners.skew(boxes)
    starts = [(*_level(box, 0.0, slope), True) for box in boxes if not corners.is_tall(box)]
    wide = [_wide_spaces(box, reading) for box, reading in zip(boxes, readings, strict=True)]
    starts += [(*_level(box, end, slope), False) for box, ends in zip(boxes, wide, strict=True) for _, end in ends]
    return [
        tuple(middle for middle, end in ends if _is_start(_level(box, end, slope), corners.height(box), starts))
        for box, ends in zip(boxes, wide, strict=True)
    ]


def _wide_spaces(box: "Corners", reading: Reading) -> list[tuple[float, float]]:
    """The middle and the end of each space of a line that is wide."""
    if corners.is_tall(box):
        return []
    height = 1 / max(corners.slenderness(box), 0.1)
    found = []
    for at, char in enumerate(reading.text):
        if char == " " and 0 < at < len(reading.text) - 1:
            before, after = reading.places[at - 1], reading.places[at + 1]
            if after - before > _WIDE * height:
                found.append(((before + after) / 2, after - 0.25 * height))
    return found


def _level(box: "Corners", part: float, slope: float) -> tuple[float, float]:
    """A place in a line, on the page turned level."""
    across, down = (float(side) for side in (box[0] + box[3]) / 2 + part * (box[1] - box[0]))
    return across + slope * down, down - slope * across


def _is_start(place: tuple[float, float], height: float, starts: Sequence[tuple[float, float, bool]]) -> bool:
    aligned = [
        begins
        for across, down, begins in starts
        if abs(across - place[0]) < _ALIGNED * height and abs(down - place[1]) < _NEAR * height
    ]
    return sum(aligned) >= _STARTS and len(aligned) > _WITNESSES

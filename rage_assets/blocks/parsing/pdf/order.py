"""The reading order of a page: strips from the top, columns from the left."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

_MIN_LINES = 4  # in each of two columns
_MIN_WIDTH = 9  # times the font's height, of most lines of a column; labels beside values are narrower
_MAX_DEPTH = 8
_MAX_BOXES = 1000


class Boxed(Protocol):
    """What stands somewhere on a page."""

    @property
    def left(self) -> float:
        """Its left side."""

    @property
    def right(self) -> float:
        """Its right side."""

    @property
    def top(self) -> float:
        """Its upper side; heights count from the bottom of the page."""

    @property
    def bottom(self) -> float:
        """Its lower side."""

    @property
    def size(self) -> float:
        """The height of its font."""


Box = TypeVar("Box", bound=Boxed)


def reading_order(boxes: Sequence[Box], depth: int = 0) -> list[Box]:
    """Boxes in reading order; where nothing speaks for another order, that of the content stays.

    The page is cut at white stripes across it; strips below each other that share a gutter are one region of columns.
    """
    if not 2 <= len(boxes) <= _MAX_BOXES or depth > _MAX_DEPTH:
        return list(boxes)
    strips = _strips(boxes)
    if len(strips) == 1:
        return _by_column(list(boxes), depth)
    return [box for region in _regions(strips) for box in _by_column(region, depth)]


def _regions(strips: list[list[Box]]) -> list[list[Box]]:
    """Strips below each other that share a gutter, together."""
    regions: list[list[list[Box]]] = []
    for strip in strips:
        if regions and _gutter(_boxes([*regions[-1], strip]), least=1, both=False) is not None:
            regions[-1].append(strip)
            continue
        region = [strip]
        # The last strips above may share the gutter of this one rather than that of what they were put with.
        while regions and len(regions[-1]) > 1 and _gutter(_boxes([regions[-1][-1], *region]), least=1) is not None:
            region.insert(0, regions[-1].pop())
        regions.append(region)
    return [_boxes(region) for region in regions]


def _boxes(strips: list[list[Box]]) -> list[Box]:
    return [box for strip in strips for box in strip]


def _by_column(boxes: list[Box], depth: int) -> list[Box]:
    gutter = _gutter(boxes)
    if gutter is None:
        return boxes
    left = [box for box in boxes if box.right <= gutter]
    right = [box for box in boxes if box.right > gutter]
    return reading_order(left, depth + 1) + reading_order(right, depth + 1)


def _strips(boxes: Sequence[Box]) -> list[list[Box]]:
    """Groups which no horizontal line parts, from the top; each in the order of the content."""
    place = {id(box): at for at, box in enumerate(boxes)}
    strips: list[list[Box]] = []
    floor = 0.0
    for box in sorted(boxes, key=lambda box: -box.top):
        if strips and box.top > floor:
            strips[-1].append(box)
            floor = min(floor, box.bottom)
        else:
            strips.append([box])
            floor = box.bottom
    return [sorted(strip, key=lambda box: place[id(box)]) for strip in strips]


def _gutter(boxes: list[Box], least: int = _MIN_LINES, *, both: bool = True) -> float | None:
    """Where a white stripe from top to bottom parts two columns of text; None where none does."""
    ordered = sorted(boxes, key=lambda box: box.left)
    if len(ordered) < 2 * least:
        return None
    reach = ordered[0].right
    for at, box in enumerate(ordered):
        if box.left > reach + 0.5 * box.size:
            sides = _is_column(ordered[:at], least), _is_column(ordered[at:], least)
            if all(sides) or (not both and any(sides)):
                return (reach + box.left) / 2
        reach = max(reach, box.right)
    return None


def _is_column(boxes: Sequence[Box], least: int) -> bool:
    wide = sum((box.right - box.left) > _MIN_WIDTH * box.size for box in boxes)
    return len(boxes) >= least and wide >= 0.5 * len(boxes)

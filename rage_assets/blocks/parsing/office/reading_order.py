"""The order in which people read what stands freely on a page or slide."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

_Item = TypeVar("_Item")
_MOST_ITEMS = 400  # more are read line by line
_MAX_DEPTH = 40
_LAP = 0.1  # by how much of the smaller one neighbours may overlap


class Box(NamedTuple):
    """Where something stands; the unit does not matter."""

    left: float
    top: float
    right: float
    bottom: float


def reading_order(items: Sequence[_Item], box: Callable[[_Item], Box]) -> list[_Item]:
    """Items in the order of reading: cut where the gap is widest, between columns or between rows.

    Args:
        items: What is to be read; those of one place stay in their order.
        box: Where an item stands.
    """
    placed = sorted(
        ((box(item), at) for at, item in enumerate(items)), key=lambda each: (each[0].top, each[0].left, each[1])
    )
    order = _cut(placed) if len(placed) <= _MOST_ITEMS else placed
    return [items[at] for _, at in order]


def _cut(placed: list[tuple[Box, int]], depth: int = 0) -> list[tuple[Box, int]]:
    if len(placed) < 2 or depth > _MAX_DEPTH:
        return placed
    beside, at_x = _widest_gap([(box.left, box.right) for box, _ in placed])
    below, at_y = _widest_gap([(box.top, box.bottom) for box, _ in placed])
    if beside is None and below is None:
        return placed
    if below is None or (beside is not None and beside > below):
        parts = (
            [each for each in placed if _middle(each[0].left, each[0].right) < at_x],
            [each for each in placed if _middle(each[0].left, each[0].right) >= at_x],
        )
    else:
        parts = (
            [each for each in placed if _middle(each[0].top, each[0].bottom) < at_y],
            [each for each in placed if _middle(each[0].top, each[0].bottom) >= at_y],
        )
    if not parts[0] or not parts[1]:
        return placed
    return [*_cut(parts[0], depth + 1), *_cut(parts[1], depth + 1)]


def _middle(start: float, end: float) -> float:
    return (start + end) / 2


def _widest_gap(spans: list[tuple[float, float]]) -> tuple[float | None, float]:
    """The widest gap between spans, a slight overlap counting as none at all, and where it is."""
    spans = sorted(spans)
    end, size = spans[0][1], spans[0][1] - spans[0][0]
    gap, place = None, 0.0
    for start, stop in spans[1:]:
        if (
            start - end >= -_LAP * min(size, stop - start)
            and (gap is None or start - end > gap)
            and _middle(start, stop) > end
        ):
            gap, place = start - end, _middle(end, start)
        if stop > end:
            end, size = stop, stop - start
    return gap, place

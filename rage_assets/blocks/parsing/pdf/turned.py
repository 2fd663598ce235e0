"""Text that is turned against the rest of a page but stands in a cell of a table, such as titles of narrow columns."""

from dataclasses import replace

from rage_assets.blocks.parsing.pdf.frame import Frame
from rage_assets.blocks.parsing.pdf.grid import Grid, find_grids
from rage_assets.blocks.parsing.pdf.layout import PageText
from rage_assets.blocks.parsing.pdf.lines import Segment

TURNED = -1  # as the number of a line
_HEIGHT = 0.94  # of a piece, in times its size


def put_into_cells(texts: list[PageText]) -> list[PageText]:
    """Move turned pieces into the cells of the page's main text, which comes first."""
    if len(texts) < 2:
        return texts
    main, *others = texts
    grids = find_grids(main.rulings)
    kept, moved = [], list(main.segments)
    for other in others:
        rest = []
        for segment in other.segments:
            upright = _upright(segment, other.frame, main.frame)
            if any(_holds(grid, upright) for grid in grids):
                moved.append(upright)
            else:
                rest.append(segment)
        if rest:
            kept.append(replace(other, segments=rest))
    return [replace(main, segments=moved), *kept]


def _upright(segment: Segment, frame: Frame, main: Frame) -> Segment:
    """The piece in its place on the page as the main text is read: as high as it is long."""
    left, bottom, right, top = main.box(*frame.unturned(segment.left, segment.bottom, segment.right, segment.top))
    size = (top - bottom) / _HEIGHT
    return replace(segment, left=left, right=right, base=bottom + 0.22 * size, size=size, line=TURNED, words=[])


def _holds(grid: Grid, segment: Segment) -> bool:
    return grid.left < segment.left and segment.right < grid.right and grid.bottom < segment.middle < grid.top

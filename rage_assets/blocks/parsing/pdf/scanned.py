"""PDF pages that are pictures: rendered, and read by recognising characters."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.images.ocr import recognise
from rage_assets.blocks.parsing.images.page_blocks import add_recognised_page
from rage_assets.blocks.parsing.outline import Outline

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_SCALE = 300 / 72  # pixels of a point
_MOST_PIXELS = 12_000_000  # A4 has 8.7 million at that scale


def add_scanned_page(outline: Outline, page: "PdfPage", content: Content) -> bool:
    """Add the blocks that are recognised on a page; their places are in points of the page as it is shown.

    Args:
        outline: Where the blocks go; its `page` is set.
        page: A page whose text layer is missing or of no use.
        content: The file that the page is in.

    Returns:
        Whether text was recognised surely.
    """
    if not _has_marks(page):
        return False
    width, height = page.get_size()
    scale = min(_SCALE, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    try:
        picture = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    try:
        recognised = recognise(picture)
    except ImportError:  # a page that cannot be read without an engine does not take the others with it
        return False
    return add_recognised_page(outline, recognised, 1 / scale)


def _has_marks(page: "PdfPage") -> bool:
    """Whether there is anything on a page."""
    return next(iter(page.get_objects(max_depth=1)), None) is not None

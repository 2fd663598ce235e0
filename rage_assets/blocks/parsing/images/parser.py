"""Pictures of text: pages that were scanned, faxes, screenshots, photographs of paper."""

from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.images.ocr import recognise
from rage_assets.blocks.parsing.images.page_blocks import add_recognised_page
from rage_assets.blocks.parsing.images.picture import frames, opened
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed


class ImageParser:
    """Recognises the characters in pictures."""

    name = "image"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
        ".webp": "image/webp",
        ".bmp": "image/bmp",
        ".gif": "image/gif",
        ".avif": "image/avif",
        ".heic": "image/heic",
        ".heif": "image/heic",
    }

    def parse(self, content: Content) -> Outline:
        """Blocks with their page and their place in pixels.

        Raises:
            ParseFailed: `no_text` where nothing is recognised surely, `too_large` for too many pixels, `broken`,
                `unsupported_format` where a package that unpacks such pictures is missing.
        """
        outline = Outline()
        sure = doubtful = 0
        with content.open() as stream, opened(stream, content.media_type) as picture:
            for number, (frame, scale) in enumerate(frames(picture), start=1):
                outline.page = number
                page = recognise(frame)
                if add_recognised_page(outline, page, scale):
                    sure += 1
                elif page.lines:
                    doubtful += 1
                outline.flush()
        if not sure and doubtful:
            raise ParseFailed("no_text", "There may be text in the picture, but none could be recognised surely.")
        if not sure:
            raise ParseFailed("no_text", "No text could be recognised in the picture.")
        return outline

"""Pictures of text, drawn by Pillow."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

LINES = (
    "The quick brown fox jumps over the lazy dog",
    "and runs into the forest, where it sleeps",
    "until the morning of the following day.",
)


def drawn(lines: Sequence[str], size: int = 28, ground: str = "white", ink: str = "black") -> Image.Image:
    """A picture of lines of text; small type is drawn as a scanner would see it."""
    fine = 4
    font = _font(size * fine)
    width = max(int(font.getlength(line)) for line in lines) + 4 * size * fine
    picture = Image.new("RGB", (width, int((2 + 1.6 * len(lines)) * size * fine)), ground)
    pen = ImageDraw.Draw(picture)
    for at, line in enumerate(lines):
        pen.text((2 * size * fine, int((1 + 1.6 * at) * size * fine)), line, font=font, fill=ink)
    return picture.resize((picture.width // fine, picture.height // fine), Image.Resampling.LANCZOS)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)

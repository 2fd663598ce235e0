"""Pictures from files: bounded in size, upright as their camera says, on white."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from resources.errors import ParseFailed

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 100_000_000  # a page of A2 at 400 dots per inch
# What recognition works on; a larger picture is made smaller.
_WORKING_PIXELS = 16_000_000
_MOST_FRAMES = 5000


@contextmanager
def opened(stream: IO[bytes], media_type: str) -> "Iterator[Image]":
    """A picture whose pixels are not read yet.

    Raises:
        ParseFailed: `too_large` for more pixels than fit into memory, `broken` for what is no picture, `unsupported_format`
            for what Pillow lacks the package to unpack.
    """
    import PIL.Image

    if media_type == "image/heic":
        _learn_heic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the bound is ours, and metadata is often damaged
            with PIL.Image.open(stream) as picture:
                yield picture
    except PIL.Image.DecompressionBombError as error:
        raise ParseFailed("too_large", f"The picture is too large: {error}") from None
    except PIL.UnidentifiedImageError:
        raise ParseFailed("broken", "The file is no picture that can be read.") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ParseFailed("broken", f"The picture is damaged: {error}") from None


def _learn_heic() -> None:
    """Has Pillow read the photos of phones, for which it needs a package of its own."""
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        raise ParseFailed(
            "unsupported_format", "Reading HEIC needs the package pi-heif, which is not installed.", hint="Install pi-heif."
        ) from None
    register_heif_opener()


def frames(picture: "Image") -> "Iterator[tuple[Image, float]]":
    """The pages of a picture in RGB: all of a TIFF, the first of an animation.

    Yields:
        A page, and how many pixels of the file one of its pixels is.

    Raises:
        ParseFailed: `too_large`.
    """
    paged = picture.format == "TIFF"
    count = min(getattr(picture, "n_frames", 1), _MOST_FRAMES) if paged else 1
    for number in range(count):
        if paged:
            picture.seek(number)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise ParseFailed("too_large", f"The picture has {width} x {height} pixels; up to {MOST_PIXELS} are read.")
        frame = _plain(picture)
        if not paged:
            picture.close()  # a large one takes as much memory as recognition does
        yield frame, max(width, height) / max(frame.size)


def _plain(picture: "Image") -> "Image":
    """A copy in RGB on white, turned as its metadata says, of bounded size."""
    import PIL.Image
    import PIL.ImageOps

    size = picture.size
    shrink = (_WORKING_PIXELS / (size[0] * size[1])) ** 0.5
    frame = picture
    if shrink < 1:
        picture.draft("RGB", (round(size[0] * shrink), round(size[1] * shrink)))
        frame = _shrunk(picture)
    frame = PIL.ImageOps.exif_transpose(frame) if picture.format != "TIFF" else frame
    if frame.mode.startswith("I;16") or frame.mode in ("I", "F"):
        frame = _gray(frame)
    if frame.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        ground = PIL.Image.new("RGBA", frame.size, "white")
        frame = PIL.Image.alpha_composite(ground, frame)
    return frame.convert("RGB")


def _shrunk(picture: "Image") -> "Image":
    """A large picture made smaller before anything else is made of it, so that it is in memory once."""
    import PIL.Image

    frame = picture
    if frame.mode == "1":
        frame = frame.convert("L")
    elif frame.mode in ("P", "PA"):
        frame = frame.convert("RGBA" if "transparency" in frame.info or frame.mode == "PA" else "RGB")
    elif frame.mode.startswith("I;16"):
        frame = _gray(frame)
    shrink = (_WORKING_PIXELS / (frame.width * frame.height)) ** 0.5
    if shrink >= 1:
        return frame
    return frame.resize((round(frame.width * shrink), round(frame.height * shrink)), PIL.Image.Resampling.BOX)


def _gray(frame: "Image") -> "Image":
    """Samples of 16 bits and more as gray of 8 bits."""
    import numpy as np
    import PIL.Image

    samples = np.nan_to_num(np.asarray(frame, dtype=np.float32))
    low, high = float(samples.min()), float(samples.max())
    return PIL.Image.fromarray(((samples - low) * (255 / max(high - low, 1e-6))).astype(np.uint8))

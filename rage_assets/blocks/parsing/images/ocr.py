"""Recognising characters: which engine reads a picture."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from rage_assets.blocks.parsing.images.recognised import RecognisedPage
from rage_assets.blocks.parsing.images.tesseract import Tesseract
from rage_assets.blocks.parsing.language import detect_language

if TYPE_CHECKING:
    from PIL.Image import Image

# The languages of pictures, as ISO 639-1 says them, where an operator knows; the first is the likeliest.
languages: ContextVar[tuple[str, ...]] = ContextVar("languages", default=())
# What RapidOCR's weights know all letters of.
_COVERED = frozenset({"en", "de", "zh", "id", "ms", "nl", "it", "sw", "tl", "la"})
_LEAST_SIDE = 10  # pixels: no character is smaller


class Engine(Protocol):
    """Recognises the characters of a picture."""

    @property
    def name(self) -> str:
        """A word for people and programs, such as `tesseract`."""

    def read(self, picture: "Image") -> RecognisedPage:
        """Read a picture in RGB, whichever way up it is."""


def recognise(picture: "Image") -> RecognisedPage:
    """The text in a picture in RGB, whichever way up it is.

    RapidOCR reads it; Tesseract, where it is installed, if the language has letters that RapidOCR does not know, or the
    reading is doubtful.
    """
    if min(picture.size) < _LEAST_SIDE:
        return RecognisedPage((), 0, picture.size, "none")
    wanted = [language for language in languages.get() if language not in _COVERED]
    tesseract = Tesseract.installed()
    if wanted and tesseract and tesseract.knows(wanted):
        return tesseract.reading(list(languages.get())).read(picture)
    from rage_assets.blocks.parsing.images.rapid import rapid_engine

    page = rapid_engine().read(picture)
    if tesseract is None or not page.lines:
        return page
    if not page.sure:
        other = tesseract.reading(tesseract.scripts(picture)).read(picture)
        return other if other.sure or other.confidence > page.confidence else page
    language = detect_language(" ".join(line.text for line in page.lines))
    if language and language not in _COVERED and tesseract.knows([language]):
        other = tesseract.reading([language]).read(picture)
        # Tesseract's confidence is lower where both are right, and RapidOCR cannot know which letters it lacks.
        return other if other.confidence > page.confidence - 0.15 else page
    return page

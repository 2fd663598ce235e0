"""The characters of a PDF page as words with their place, size and weight."""

import ctypes
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.pdf.frame import Frame
from rage_assets.blocks.parsing.pdf.lines import LEADER, WIDE_GAP, Word

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_HYPHEN = 2  # the code by which PDFium marks a hyphen that ends a line
_SOFT_HYPHEN = "\u00ad"
_MAX_CHARS = 200_000
_FORCE_BOLD = 1 << 18
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|(?:cm|sf|ec|lm)[a-z]*bx|-medi|[-,]bd", re.IGNORECASE)
# How tall usual type is, from the deepest descender to an accent, in times its size. What fonts say of themselves
# differs by half: in sizes by their boxes, a sans-serif text would be a heading beside a serif one.
_TALL = 1.15
_GAP = 0.15  # of a font's height; PDFium misses some spaces that are moved to and not typed
_LEAST_BOX, _MOST_BOX = 0.3, 4.0  # of a font's size; else the size is not that of what is seen
_LIGHT_NAME = re.compile(rb"regu|roman|book|light|ital|obli|(?:cm|sf|lm)(?:r|ti|tt|sl)", re.IGNORECASE)
_ALEFS = "\u0622\u0623\u0625\u0627"
_LAM = "\u0644"
_HEBREW = "\u0590"  # from here on are scripts without spaces, or written from the right


def page_frame(page: "PdfPage") -> Frame:
    """The page as the file has it, for text that runs along its lower side."""
    left, bottom, right, top = page.get_bbox()
    return Frame(left, bottom, right - left, top - bottom, 0, page.get_rotation())


def page_words(page: "PdfPage") -> dict[Frame, list[Word]]:
    """The words of a page by the direction they are read in, each in the order of the content."""
    text = page.get_textpage()
    try:
        return _Characters(text.raw, page_frame(page)).words()
    finally:
        text.close()


class _Characters:
    """One page's characters; every one costs calls into PDFium, so what they are asked for is little."""

    def __init__(self, raw: Any, frame: Frame) -> None:
        import pypdfium2.raw as pdfium

        self.raw, self.pdfium, self.char_box = raw, pdfium, pdfium.FPDFText_GetCharBox
        self.frames = {angle: replace(frame, angle=angle) for angle in (0, 90, 180, 270)}
        self.frame = self.frames[0]
        self.box = [ctypes.c_double() for _ in range(4)]
        self.box_references = [ctypes.byref(value) for value in self.box]
        self.loose, self.matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
        self.name, self.flags = ctypes.create_string_buffer(100), ctypes.c_int()
        self.fonts: dict[tuple[bytes, int, bool], tuple[bool, str]] = {}
        self.found: dict[Frame, list[Word]] = {}
        self.word: Word | None = None
        self.first = self.last = (0.0, 0.0)  # the sides of the word's latest characters
        self.gaps: list[tuple[int, float, float]] = []  # within the word: how much is before, and both sides
        self.line = 0

    def words(self) -> dict[Frame, list[Word]]:
        """All words."""
        high = 0
        unicode = self.pdfium.FPDFText_GetUnicode
        for at in range(min(self.pdfium.FPDFText_CountChars(self.raw), _MAX_CHARS)):
            code = unicode(self.raw, at)
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if high and 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
            high = 0
            text = _SOFT_HYPHEN if code == _HYPHEN else chr(code)
            if text == "\n":
                self._close()
                self.line += 1
            elif text.isspace() or code == 0:
                self._close()
            else:
                self._add(at, text)
        self._close()
        return self.found

    def _add(self, at: int, text: str) -> None:
        word = self.word
        if word is None:
            self._open(at, text, joined=False)
            return
        left, right = self._sides(at)
        if word.text[-1] == _SOFT_HYPHEN and abs(self._base(at) - word.base) > 0.5 * word.size:
            # PDFium goes on in the same line where a hyphen ends one.
            self._close()
            self.line += 1
            self._open(at, text, joined=False)
            return
        gap = WIDE_GAP * word.size
        if left - self.last[1] > gap or self.last[0] - right > gap:
            self._close()
            self._open(at, text, joined=False)
            return
        if left - self.last[1] > _GAP * word.size and self._apart(at):
            self.gaps.append((len(word.text), self.last[1], left))
        if text != "." and word.text.endswith(LEADER):
            self._close()
            self._open(at, text, joined=True)
            return
        if text == _LAM and word.text[-1] in _ALEFS and self.last[0] == left:
            # The two letters of one Arabic ligature come in the order of the eye; a reader needs lam first.
            word.text = word.text[:-1] + _LAM + word.text[-1]
        else:
            word.text += text
        if left < word.left:
            word.left = left
        if right > word.right:
            word.right = right
        self.last = left, right

    def _open(self, at: int, text: str, *, joined: bool) -> None:
        angle = self.pdfium.FPDFText_GetCharAngle(self.raw, at)
        # PDFium counts angles clockwise, and gives -1 where there is none.
        self.frame = self.frames[round(math.degrees(-angle) / 90) * 90 % 360 if angle > 0 else 0]
        self.last = left, right = self._sides(at)
        bold, font = self._font(at)
        self.word = Word(text, left, right, self._base(at), self._size(at), bold, self.line, joined, font)

    def _close(self) -> None:
        if self.word is not None:
            self.found.setdefault(self.frame, []).extend(_parted(self.word, self.gaps))
            self.word, self.gaps = None, []

    def _sides(self, at: int) -> tuple[float, float]:
        """The sides of a character, as the text is read."""
        self.char_box(self.raw, at, *self.box_references)
        left, right, bottom, top = self.box
        if self.frame.angle == 0:
            return left.value - self.frame.x0, right.value - self.frame.x0
        box = self.frame.box(left.value, bottom.value, right.value, top.value)
        return box[0], box[2]

    def _base(self, at: int) -> float:
        """The height of a character's baseline, as the text is read."""
        self.pdfium.FPDFText_GetCharOrigin(self.raw, at, *self.box_references[:2])
        x, y = self.box[0].value, self.box[1].value
        return self.frame.box(x, y, x, y)[1]

    def _size(self, at: int) -> float:
        """The font's height as it is shown, by its size; by its box where that differs, as with fonts that are drawings."""
        box = self.loose
        if not self.pdfium.FPDFText_GetLooseCharBox(self.raw, at, box):
            return 10.0
        tall = abs(box.right - box.left if self.frame.angle in (90, 270) else box.top - box.bottom)
        matrix = self.matrix
        if not self.pdfium.FPDFText_GetMatrix(self.raw, at, matrix):
            return tall or 1.0
        size = self.pdfium.FPDFText_GetFontSize(self.raw, at) * math.hypot(matrix.c, matrix.d)
        return _TALL * size if _LEAST_BOX * size < tall < _MOST_BOX * size else tall or 1.0

    def _apart(self, at: int) -> bool:
        """Whether a space is left between two letters, by how far each goes on; their ink says little of narrow ones."""
        before, after = self.pdfium.FS_RECTF(), self.pdfium.FS_RECTF()
        for index, box in ((at - 1, before), (at, after)):
            if self.frame.angle or not self.pdfium.FPDFText_GetLooseCharBox(self.raw, index, box):
                return False
        return bool(self.word and after.left - before.right > _GAP * self.word.size)

    def _font(self, at: int) -> tuple[bool, str]:
        """Whether a character's font is heavy, and its family."""
        self.pdfium.FPDFText_GetFontInfo(self.raw, at, self.name, 100, ctypes.byref(self.flags))
        key = self.name.value, self.flags.value, self.pdfium.FPDFText_GetFontWeight(self.raw, at) >= 600
        if key not in self.fonts:
            # The weight is guessed from the thickness of stems, of which some programs write anything.
            heavy = key[2] and not _LIGHT_NAME.search(key[0])
            bold = heavy or bool(key[1] & _FORCE_BOLD) or _BOLD_NAME.search(key[0]) is not None
            family = re.sub(rb"[A-Z]{6}\+|[-,].*|(?:Bold|Ital|Medium|Light|Regular|Roman|Oblique|MT\b|PS).*", b"", key[0])
            self.fonts[key] = bold, family.decode("utf-8", "replace")
        return self.fonts[key]


def _parted(word: Word, gaps: list[tuple[int, float, float]]) -> list[Word]:
    """The words that gaps make of one; a word that is set with gaps all through stays one."""
    if not gaps or 3 * len(gaps) >= len(word.text) or max(word.text) >= _HEBREW:
        return [word]
    starts = [(0, word.left), *((at, left) for at, _, left in gaps)]
    ends = [*((at, right) for at, right, _ in gaps), (len(word.text), word.right)]
    return [
        replace(word, text=word.text[first:last], left=left, right=right, joined=word.joined and not first)
        for (first, left), (last, right) in zip(starts, ends, strict=True)
    ]

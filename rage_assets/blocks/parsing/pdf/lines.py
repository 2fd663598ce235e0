"""The characters of a PDF page as pieces of lines with their place, size and weight."""

import ctypes
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# A gap this many times the font size parts columns and cells; words are a quarter apart, justified ones half.
_WIDE_GAP = 0.9
_HYPHEN = 2  # the code by which PDFium marks a hyphen that ends a line
_SOFT_HYPHEN = "\u00ad"
_MAX_CHARS = 200_000
_FORCE_BOLD = 1 << 18
_BOLD_NAME = re.compile(rb"bold|black|heavy|(?:cm|sf|ec|lm)[a-z]*bx|-medi|[-,]bd", re.IGNORECASE)
_MARK = re.compile(r"[•‣◦▪■●○–➢➤✓\uf0b7\uf0a7]|\(?\d{1,2}[.)]|\(?[a-z]\)")
_ALEFS = "\u0622\u0623\u0625\u0627"
_LAM = "\u0644"


@dataclass(slots=True)
class Segment:
    """A piece of a line, as wide as words follow each other.

    Attributes:
        text: Its text; one that ends in a soft hyphen goes on with the rest of the word.
        left, right: Its sides in points.
        base: The height of its baseline, counted from the bottom of the page.
        size: The font's height in points.
        bold: Whether all of it is in a heavy font.
        line: The number of the line of the page that it is part of, in the order of the content.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    line: int

    @property
    def top(self) -> float:
        """Where capital letters end."""
        return self.base + 0.72 * self.size

    @property
    def bottom(self) -> float:
        """Where descenders end."""
        return self.base - 0.22 * self.size

    @property
    def width(self) -> float:
        """Its width in times its font's height."""
        return (self.right - self.left) / max(self.size, 1)

    def beside(self, other: "Segment") -> bool:
        """Whether both stand on the same line to the eye."""
        return abs(self.base - other.base) < 0.45 * min(self.size, other.size)


@dataclass(slots=True)
class _Char:
    at: int
    text: str
    left: float
    right: float
    base: float


def _gap(before: _Char, char: _Char) -> float:
    """The white between two characters, whichever way the script runs."""
    return max(char.left - before.right, before.left - char.right)


def _is_mark(chars: list[_Char]) -> bool:
    """Whether a piece is only the bullet or number of a list item, whose text stands apart."""
    return len(chars) < 6 and _MARK.fullmatch("".join(char.text for char in chars).strip()) is not None


def page_segments(document: "PdfDocument", at: int) -> list[Segment]:
    """The pieces of lines of a page, in the order of its content."""
    page = document[at]
    text = page.get_textpage()
    try:
        return _Page(text.raw, page.get_rotation(), page.get_width(), page.get_height()).segments()
    finally:
        text.close()
        page.close()


class _Page:
    """One page's characters; every one costs calls into PDFium, so what they are asked for is little."""

    def __init__(self, raw: Any, rotation: int, width: float, height: float) -> None:
        import pypdfium2.raw as pdfium

        self.raw, self.pdfium = raw, pdfium
        self.rotation, self.width, self.height = rotation, width, height
        self.box = [ctypes.c_double() for _ in range(4)]
        self.box_references = [ctypes.byref(value) for value in self.box]
        self.loose = pdfium.FS_RECTF()
        self.loose_reference = ctypes.byref(self.loose)

    def segments(self) -> list[Segment]:
        """All pieces of lines."""
        found: list[Segment] = []
        chars: list[_Char] = []
        line, size, high = 0, 0.0, 0
        for at in range(min(self.pdfium.FPDFText_CountChars(self.raw), _MAX_CHARS)):
            code = self.pdfium.FPDFText_GetUnicode(self.raw, at)
            if 0xD800 <= code < 0xDC00:
                high = code
                continue
            if high and 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
            high = 0
            text = _SOFT_HYPHEN if code == _HYPHEN else chr(code)
            if text == "\n":
                self._close(chars, found, line)
                chars, line = [], line + 1
            elif text.isspace() or code == 0:
                if chars:
                    chars.append(_Char(at, " ", chars[-1].left, chars[-1].right, chars[-1].base))
            else:
                char = self._char(at, text)
                if chars and chars[-1].text == _SOFT_HYPHEN and abs(char.base - chars[-1].base) > 0.5 * size:
                    # PDFium goes on in the same line where a hyphen ends one.
                    self._close(chars, found, line)
                    chars, line = [], line + 1
                if chars and _gap(chars[-1], char) > _WIDE_GAP * size and not _is_mark(chars):
                    self._close(chars, found, line)
                    chars = []
                if not chars:
                    size = self._size(at)
                elif text == _LAM and chars[-1].text in _ALEFS and chars[-1].left == char.left:
                    # The two letters of one Arabic ligature come in the order of the eye; a reader needs lam first.
                    chars[-1].text, char.text = _LAM, chars[-1].text
                chars.append(char)
        self._close(chars, found, line)
        return found

    def _close(self, chars: list[_Char], found: list[Segment], line: int) -> None:
        while chars and chars[-1].text == " ":
            chars.pop()
        if not chars:
            return
        inked = [char for char in chars if char.text != " "]
        middle = inked[len(inked) // 2]
        found.append(
            Segment(
                text="".join(char.text for char in chars),
                left=min(char.left for char in chars),
                right=max(char.right for char in chars),
                base=middle.base,
                size=round(self._size(middle.at), 1) or 1.0,
                bold=all(map(self._bold, {chars[0].at, middle.at, chars[-1].at})),
                line=line,
            )
        )

    def _char(self, at: int, text: str) -> _Char:
        """A character's place as the page is read, turned where the page is."""
        self.pdfium.FPDFText_GetCharBox(self.raw, at, *self.box_references)
        left, right, bottom, top = (value.value for value in self.box)
        x, y = self.box_references[:2]
        self.pdfium.FPDFText_GetCharOrigin(self.raw, at, x, y)
        across, base = self.box[0].value, self.box[1].value
        match self.rotation:
            case 90:
                return _Char(at, text, bottom, top, self.height - across)
            case 180:
                return _Char(at, text, self.width - right, self.width - left, self.height - base)
            case 270:
                return _Char(at, text, self.width - top, self.width - bottom, across)
        return _Char(at, text, left, right, base)

    def _size(self, at: int) -> float:
        """The font's height as it is shown; the nominal size says little where a matrix scales it."""
        if not self.pdfium.FPDFText_GetLooseCharBox(self.raw, at, self.loose_reference):
            return 10.0
        box = self.loose
        return float(abs(box.right - box.left) if self.rotation in (90, 270) else abs(box.top - box.bottom))

    def _bold(self, at: int) -> bool:
        if self.pdfium.FPDFText_GetFontWeight(self.raw, at) >= 600:
            return True
        name, flags = ctypes.create_string_buffer(100), ctypes.c_int()
        self.pdfium.FPDFText_GetFontInfo(self.raw, at, name, 100, ctypes.byref(flags))
        return bool(flags.value & _FORCE_BOLD) or _BOLD_NAME.search(name.value) is not None

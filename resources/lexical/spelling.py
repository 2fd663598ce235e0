"""Spellings that mean the same word: case, width, accents, Arabic letters, Hindi signs, digits of other scripts."""

import sys
import unicodedata
from functools import cache

_JOINERS = {0x00AD: None, 0x200C: None, 0x200D: None}  # soft hyphen, zero-width joiner and non-joiner
_ARABIC = dict.fromkeys([0x0640, 0x0670, *range(0x064B, 0x0660), *range(0x06D6, 0x06EE)], "") | {
    ord(one): other
    for letters, other in (("آأإٱ", "ا"), ("ىیې", "ي"), ("ک", "ك"), ("ة", "ه"), ("ہھ", "ه"), ("ؤ", "و"), ("ئ", "ي"))
    for one in letters
}
_HINDI = {0x093C: "", 0x0901: "\u0902", 0x0945: "\u0947", 0x0949: "\u094b", 0x0972: "\u090f"}
_DEAD_N, _BINDU = "\u0928\u094d", "\u0902"
# Long and short vowels are often confused, and some stems end on either.
_HINDI_VOWELS = {
    0x0940: "\u093f",
    0x0942: "\u0941",
    0x0908: "\u0907",
    0x090A: "\u0909",
    0x0910: "\u090f",
    0x0914: "\u0913",
    0x0948: "\u0947",
    0x094C: "\u094b",
}
_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i", "ς": "σ"}


def normalized(word: str) -> str:
    """A word in lower case and one spelling, as its stemmer wants it."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKC", word).lower().translate(_before()).replace(_DEAD_N, _BINDU)
    return "".join(unicodedata.normalize("NFKC", plain).split())  # one sign may stand for a phrase


def folded(word: str) -> str:
    """A normalised word without accents, and with letters that people confuse made one."""
    return word if word.isascii() else word.translate(_after())


@cache
def _before() -> dict[int, str | None]:
    table: dict[int, str | None] = dict(_JOINERS)
    table |= _HINDI
    for code in range(0x0660, 0xFF20):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table


@cache
def _after() -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(one): other for one, other in _LETTERS.items()}
    table |= _HINDI_VOWELS
    table |= _ARABIC
    for start, end in ((0xC0, 0x250), (0x370, 0x400), (0x1E00, 0x2000)):
        for code in range(start, end):
            plain = "".join(each for each in unicodedata.normalize("NFD", chr(code)) if not unicodedata.combining(each))
            if plain and plain != chr(code):
                table.setdefault(code, plain)
    table |= dict.fromkeys(range(0x0300, 0x0370))
    table[ord("ё")] = "е"
    return table


@cache
def marks() -> str:
    """The signs that belong to the letter before them, as the inside of a class of characters of an expression."""
    codes = [code for code in range(min(0x20000, sys.maxunicode)) if unicodedata.category(chr(code))[0] == "M"]
    ranges: list[tuple[int, int]] = []
    for code in [*codes, *_JOINERS]:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return "".join(rf"\U{start:08x}-\U{end:08x}" for start, end in ranges)

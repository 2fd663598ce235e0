"""Whether a page's text layer can be trusted."""

from collections import Counter
from collections.abc import Sequence

_PICTURE = 0.6
_STAMP = 150  # characters
_FEW = 20  # characters; of so little nothing can be said


def is_picture(words: Sequence[str], picture: float) -> bool:
    """Whether a page is a picture with hardly a word: a scan with a stamp or a page number.

    Args:
        words: The words of its text layer.
        picture: The share of the page that its largest picture covers.
    """
    return picture > _PICTURE and sum(map(len, words)) < _STAMP


def is_garbage(words: Sequence[str]) -> bool:
    """Whether the words of a page are none, or what comes out where a font does not say what its glyphs mean."""
    chars = Counter(char for word in words for char in word)
    total = chars.total()
    if not total:
        return True
    unmapped = sum(count for char, count in chars.items() if _unmapped(char))
    if total < _FEW:
        return unmapped == total
    commonest = max((count for char, count in chars.items() if char.isalpha()), default=0)
    return unmapped > 0.3 * total or (commonest > 0.6 * total and total > 5 * _FEW)


def _unmapped(char: str) -> bool:
    """Whether a character stands for a glyph that nobody named: controls, private use, replacements."""
    return char < " " or char in "\x7f\ufffd\ufffe\uffff" or "\ue000" <= char <= "\uf8ff" or char >= "\U000f0000"

"""Which natural language a text is in."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_NO_WORDS = re.compile(r"https?://\S+|[\d\W_]+")
_LETTERS = 20
_SAMPLE = 1000
_CONFIDENCE = 0.6


@cache
def _identifier() -> "LanguageIdentifier":
    # Loading takes most of a second, so once in a process and only when a text needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def letters(text: str) -> int:
    """How many letters there are in what may be words."""
    return sum(map(len, _NO_WORDS.sub(" ", text).split()))


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`.

    Returns:
        None when there are fewer than 20 letters or the guess is unsure.
    """
    words = _NO_WORDS.sub(" ", text[: _SAMPLE * 2]).strip()
    if len(words.replace(" ", "")) < _LETTERS:
        return None
    code, confidence = likeliest_language(words)
    return code if confidence >= _CONFIDENCE and len(code) == 2 else None


def likeliest_language(text: str) -> tuple[str, float]:
    """The likeliest language of any text, and how likely it is, from 0 to 1."""
    code, confidence = _identifier().classify(text[:_SAMPLE])
    return str(code), float(confidence)

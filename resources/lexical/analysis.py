"""Words as the lexical tier sees them: split at what is neither letter nor digit, folded, stemmed.

Index, query, highlighting and the choice of sentences share this, so that what was found is also what is shown.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import tantivy

_LONGEST = 100  # bytes; longer runs are encoded data, not words
_WORD = re.compile(r"[^\W_]+")
# They carry the form of a question, not its matter. The index keeps them: BM25 weighs them by itself.
_FORM_WORDS = frozenset(
    """a about all also am an and any are as at be been being but by can could did do does doing for from get had has
    have having he her his how i if in into is it its just many may me might more most much must my no nor not of on or
    our shall she should so some such than that the their them then there these they this those to too us was we were
    what when where which while who whom whose why will with would you your""".split()  # noqa: SIM905 -- easier to read
)


@cache
def english() -> tantivy.TextAnalyzer:
    """The analyser of words: lower case, without accents, English stems."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


class Word(NamedTuple):
    """A word in a text: its stem and where it stands."""

    stem: str
    start: int
    end: int


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    stems = english().analyze(word)
    return "".join(stems)


def stems(text: str) -> list[str]:
    """The distinct stems of a text in order of appearance."""
    return list(dict.fromkeys(english().analyze(text)))


def words(text: str) -> Iterator[Word]:
    """Every word of a text with its place."""
    for match in _WORD.finditer(text):
        stem = _stem(match[0])
        if stem:
            yield Word(stem, match.start(), match.end())


def content_stems(text: str) -> list[str]:
    """The distinct stems of the words that carry matter; all stems where none does."""
    found = dict.fromkeys(_stem(match[0]) for match in _WORD.finditer(text) if match[0].casefold() not in _FORM_WORDS)
    found.pop("", None)
    return list(found) or stems(text)

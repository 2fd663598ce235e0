"""Words as the lexical tier sees them: split, brought to one spelling, stemmed in the text's own language.

Every engine, highlighting and the choice of sentences share this, so that what was found is also what is shown. It
happens here and not in the engines, so that they agree: an index takes in the terms of a text, set apart by spaces.

A word of a passage is stemmed in the passage's language. A word of a query is stemmed in every language that the index
holds and that is written in the word's script: no language is guessed, so that no guess can lose a hit. Texts in scripts
without spaces are cut into pairs of characters. Identifiers are there whole and in their parts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from resources.lexical.languages import (
    DEFAULT,
    is_form_word,
    languages_of_query_word,
    languages_of_word,
    stemmer,
)
from resources.lexical.spelling import folded, marks, normalized

__all__ = ["DEFAULT", "Word", "content_stems", "index_text", "matches", "pairs", "query_terms", "stems", "words"]

_LONGEST = 100  # bytes; longer runs are encoded data, not words
_MOST_HUMPS = 8
_REMEMBERED = 50_000  # words in each set of languages
_ASCII_TOKEN = re.compile(r"\w+(?:\.\w+)*")
_PART = re.compile(r"[^_.]+")
_HUMP = re.compile(
    r"(?<=[a-z0-9ß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2})"  # parseConfig, XMLFile
)
# Han, kana, Hangul, bopomofo, Thai, Lao, Burmese, Khmer
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\uff66-\uff9f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")


class Word(NamedTuple):
    """A term in a text and where it stands; a word that has several stands there several times."""

    stem: str
    start: int
    end: int


class _Terms(dict[str, tuple[str, ...]]):
    """The terms of tokens in some languages, remembered."""

    def __init__(self, languages: tuple[str, ...], query: bool) -> None:
        super().__init__()
        self._languages, self._query = languages, query

    def __missing__(self, token: str) -> tuple[str, ...]:
        if not token.isascii() and _IS_UNSPACED.search(token):
            return tuple(self._terms(token))  # such runs hardly come twice
        terms = tuple(dict.fromkeys(self._terms(token)))
        if len(token) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[token] = terms
        return terms

    def _of_part(self, part: str) -> Iterator[str]:
        """The terms of what has no dot and no underscore in it."""
        if part.isascii() or not _IS_UNSPACED.search(part):
            yield from self._of_word(part)
            return
        for run in _RUN.finditer(part):
            if run.lastgroup is None:
                yield from self._of_word(run[0])
            else:
                yield from (term for term, _, _ in pairs(normalized(run[0]), single=not self._query))

    def _terms(self, token: str) -> Iterator[str]:
        parts = _PART.findall(token)
        for part in parts:
            yield from self._of_part(part)
        if len(parts) > 1:
            for name in token.split("."):
                if "_" in name.strip("_"):
                    yield from _whole(name.strip("_"))
            yield from _whole(token.strip("_"))

    def _of_word(self, word: str) -> Iterator[str]:
        if len(word.encode("utf-8", "replace")) > _LONGEST:
            return
        yield from self._stems(word)
        if not (word.islower() or word.isdigit()):
            humps = _HUMP.split(word)
            if 1 < len(humps) <= _MOST_HUMPS:
                for hump in humps:
                    if len(hump) > 1:
                        yield from self._stems(hump)

    def _stems(self, word: str) -> Iterator[str]:
        word = normalized(word)
        plain = folded(word)
        choose = languages_of_query_word if self._query else languages_of_word
        for language in choose(word, self._languages):
            stem = stemmer(language)
            yield folded(stem(word))
            if plain != word:  # as people type it who leave accents out
                yield folded(stem(plain))


def pairs(run: str, *, single: bool) -> Iterator[tuple[str, int, int]]:
    """Pairs of neighbouring characters with their places; single ones where asked, and where there is but one."""
    for at in range(len(run) - 1):
        yield run[at : at + 2], at, at + 2
    if single or len(run) == 1:
        for at, character in enumerate(run):
            yield character, at, at + 1


def index_text(parts: Iterable[str], languages: Sequence[str], *, code: bool = False) -> str:
    """The terms of a passage's parts, set apart by spaces, as an index takes them in.

    Args:
        parts: Title, section and text.
        languages: The passage's own, ISO 639-1; none where nobody could tell.
        code: Whether there is code in it; names in it are taken for English.
    """
    terms = _in(tuple(sorted({*languages, DEFAULT} if code else languages)), query=False)
    return " ".join(chain.from_iterable(chain.from_iterable(map(terms.__getitem__, _tokens(part)) for part in parts)))


def query_terms(query: str, languages: Sequence[str]) -> list[str]:
    """The distinct terms of a query, in order of appearance, in every one of `languages` that a word can be of.

    Words that only carry the question's form are left out, unless there are no others.
    """
    return _without_form(query, languages, _in(tuple(sorted({*languages, DEFAULT})), query=True))


def stems(text: str, languages: Sequence[str] = (DEFAULT,)) -> list[str]:
    """The distinct terms of a text in order of appearance."""
    return list(dict.fromkeys(word.stem for word in words(text, languages)))


def words(text: str, languages: Sequence[str] = (DEFAULT,)) -> Iterator[Word]:
    """Every term of a text with its place."""
    terms = _in(tuple(sorted(languages)), query=False)
    return chain.from_iterable(_of_token(match, terms) for match in _pattern(text).finditer(text))


def matches(text: str, stems: Set[str], languages: Sequence[str] = (DEFAULT,)) -> Iterator[Word]:
    """Those of the `words` of a text that are among `stems`, found without looking closely at the others."""
    terms = _in(tuple(sorted(languages)), query=False)
    for match in _pattern(text).finditer(text):
        if not stems.isdisjoint(terms[match[0]]):
            yield from (word for word in _of_token(match, terms) if word.stem in stems)


def _of_token(match: re.Match[str], terms: _Terms) -> Iterator[Word]:
    start = match.start()
    parts = list(_PART.finditer(match[0]))
    own: set[str] = set()
    for part in parts:
        for term, a, b in _places(part[0], terms):
            own.add(term)
            yield Word(term, start + part.start() + a, start + part.start() + b)
    if len(parts) > 1:
        yield from (Word(term, start, match.end()) for term in terms[match[0]] if term not in own)


def content_stems(text: str, languages: Sequence[str] = (DEFAULT,)) -> list[str]:
    """The distinct terms, as `words` has them, of the words that carry matter; of all words where none does."""
    return _without_form(text, languages, _in(tuple(sorted(languages)), query=False))


def _without_form(text: str, languages: Sequence[str], terms: _Terms) -> list[str]:
    tokens = list(dict.fromkeys(_tokens(text)))
    form = _form_words(tokens, languages)
    found = [term for token in tokens if token not in form for term in terms[token]]
    return list(dict.fromkeys(filter(None, found or chain.from_iterable(map(terms.__getitem__, tokens)))))


def _places(part: str, terms: _Terms) -> Iterator[tuple[str, int, int]]:
    if part.isascii() or not _IS_UNSPACED.search(part):
        yield from ((term, 0, len(part)) for term in terms[part])
        return
    for run in _RUN.finditer(part):
        plain = normalized(run[0])
        if run.lastgroup is None:
            yield from ((term, run.start(), run.end()) for term in terms[run[0]])
        elif len(plain) == len(run[0]):
            yield from ((term, run.start() + a, run.start() + b) for term, a, b in pairs(plain, single=True))
        else:
            yield from ((term, run.start(), run.end()) for term, _, _ in pairs(plain, single=True))


def _form_words(tokens: Sequence[str], languages: Sequence[str]) -> set[str]:
    """Tokens that are form words in the language, or every one of the languages, that has most of them here.

    Form words tell the language of even a short question, and are common enough that a wrong guess costs little.
    """
    lower = {token: normalized(token) for token in tokens}
    found = {each: {t for t, word in lower.items() if is_form_word(word, each)} for each in {*languages, DEFAULT}}
    most = max(map(len, found.values()))
    return set.intersection(*(those for those in found.values() if len(those) == most))


def _whole(name: str) -> Iterator[str]:
    whole = folded(normalized(name))
    if len(whole.encode("utf-8", "replace")) <= _LONGEST:
        yield whole


def _tokens(text: str) -> list[str]:
    return _pattern(text).findall(text)


def _pattern(text: str) -> re.Pattern[str]:
    return _ASCII_TOKEN if text.isascii() else _any_token()


@cache
def _any_token() -> re.Pattern[str]:
    letter = rf"[\w{marks()}]"
    return re.compile(rf"{letter}+(?:\.{letter}+)*")


@lru_cache(maxsize=16)
def _in(languages: tuple[str, ...], *, query: bool) -> _Terms:
    return _Terms(languages, query)

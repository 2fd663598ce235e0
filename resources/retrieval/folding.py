"""Folds passages that say the same into one hit, so that copies do not fill the page.

Equal texts are the same; so are texts whose runs of three words are nearly all the same (Jaccard ≥ .9, looked at on
8,000 passages of documentation and code: variants of an example, a section that a second page repeats), unless a number
or a word of the query is among what differs: then the difference may be what is asked for.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from resources.postgres.previews import Preview

_SAME = 0.9
_RUN = 3  # words
_MOST_LETTERS_APART = 0.08  # of those of both; hardly any texts that say different things pass
_MOST_OF_A_LETTER = 2**14 - 1
_WORD = re.compile(r"\w+")


class Folded(NamedTuple):
    """A hit, and the candidates behind it that say the same, best first."""

    hit: Preview
    copies: list[Preview]


def fold(query: str, candidates: Sequence[Preview], *, near: bool = True) -> list[Folded]:
    """The hits that are left of candidates, best first, when each is folded into the first that says the same.

    Args:
        query: What is asked.
        candidates: The best first.
        near: Whether nearly equal texts are folded, too, not only equal ones.
    """
    asked = frozenset(_WORD.findall(query.casefold()))
    firsts: dict[bytes, int] = {}
    for index, candidate in enumerate(candidates):
        firsts.setdefault(candidate.text_hash, index)
    distinct = [candidates[index] for index in firsts.values()]
    leaders = list(range(len(distinct)))
    if near and len(distinct) > 1:
        texts = [_Text(each.text) for each in distinct]
        for later, others in _look_alike(distinct):
            # A hit that is folded itself takes in no other: what is shown must be alike all that it stands for.
            alike = (other for other in others if leaders[other] == other and _alike(texts[later], texts[other], asked))
            leaders[later] = next(alike, later)
    leader_of = {each.text_hash: leaders[index] for index, each in enumerate(distinct)}
    folded: dict[int, Folded] = {}
    for candidate in candidates:
        leader = leader_of[candidate.text_hash]
        if leader in folded:
            folded[leader].copies.append(candidate)
        else:
            folded[leader] = Folded(candidate, [])
    return list(folded.values())


class _Text:
    """A text's words and its runs of words, each made when it is first asked for: most texts look like no other."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def sequence(self) -> list[str]:
        return self._text.casefold().split()

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.sequence)

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        shifted = [self.sequence[start:] for start in range(_RUN)]
        return frozenset(zip(*shifted, strict=False)) or frozenset({tuple(self.sequence)})


def _look_alike(distinct: Sequence[Preview]) -> Iterator[tuple[int, list[int]]]:
    """Yields the texts that have nearly the same letters as some before them, and which: a glance at all pairs at once."""
    letters = np.empty((len(distinct), 32), np.int16)
    for index, each in enumerate(distinct):
        content = np.frombuffer(each.text.encode("utf-8", "replace"), np.uint8)
        # Modulo 32, both cases are the same; bounded, so that differences are, too.
        letters[index] = np.minimum(np.bincount(content & 31, minlength=32), _MOST_OF_A_LETTER)
    lengths = letters.sum(axis=1, dtype=np.int32)
    apart = np.abs(letters[:, None, :] - letters[None, :, :]).sum(axis=2, dtype=np.int32)
    alike = np.tril(apart <= _MOST_LETTERS_APART * (lengths[:, None] + lengths[None, :]), -1)
    for row in np.flatnonzero(alike.any(axis=1)):
        yield int(row), np.flatnonzero(alike[row]).tolist()


def _alike(one: _Text, other: _Text, asked: frozenset[str]) -> bool:
    # Each word that differs spoils several runs, so that sets of words that differ need no look at their runs.
    if len(one.words & other.words) < _SAME * max(len(one.words), len(other.words)):
        return False
    shared = len(one.runs & other.runs)
    if shared < _SAME * (len(one.runs) + len(other.runs) - shared):
        return False
    differing = _WORD.findall(" ".join(one.words ^ other.words))
    return not any(word in asked or any(map(str.isdigit, word)) for word in differing)

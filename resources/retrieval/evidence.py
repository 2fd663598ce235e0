"""Chooses the sentences that answer a question, and tells when there are none.

A sentence's score is its cosine to the question, plus half the share of the question's words that it or its headings
hold (weighed by how rare they are in the evidence), less a quarter if the question names something that its passage
never mentions. Calibrated on 2,000 questions of squad2_dev_half: of questions with an answer 93 % get one (for 79 % it
stands in the best sentence); of its unanswerable ones, made to look answerable, 17 % are declined; of 430 questions on
other matters (scifact, medline, cosqa_code) 98 %.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resources.lexical.analysis import DEFAULT, content_stems, words
from resources.retrieval.highlight import languages_of, stem_weights
from resources.retrieval.sentences import Piece, pieces
from resources.retrieval.showing import Hit

_LEXICAL_WEIGHT = 0.5
_UNMENTIONED = 0.25
_LEAST = 0.65
_LEAST_COSINE = 0.3
_LEAST_COVERAGE = 0.6  # by words alone, where no embedder answers
_DROP = 0.1  # further sentences are at most so much worse than the first
_MOST_SENTENCES = 4
_MOST_WEIGHED = 96
_SAME = 0.9  # the cosine from which two sentences say the same
_NAME = re.compile(r"(?<=\s)[^\W\d_a-z][^\W_]*|\b\d[^\W_]*")  # capitalised within the question, or a number


class Evidence(NamedTuple):
    """A sentence that answers, the passage it comes from, and how well it fits."""

    piece: Piece
    hit: Hit
    score: float


class Weighed(NamedTuple):
    """Sentences with the share of the question's words that they hold and whether its names are mentioned."""

    piece: Piece
    hit: Hit
    coverage: float
    mentioned: bool


def weigh(question: str, hits: Sequence[Hit]) -> list[Weighed]:
    """Every sentence of the hits, once, those that share most with the question first, at most some 100."""
    found: dict[tuple[object, str], tuple[Piece, Hit]] = {}
    asked = _plain(question).rstrip("?!. ") + "?"
    for hit in hits:
        for block in hit.blocks:
            for piece in pieces(block):
                if asked not in _plain(piece.quote):  # who asks the same question does not answer it
                    found.setdefault((block.id, piece.quote), (piece, hit))
    languages = languages_of(block for hit in hits for block in hit.blocks)
    held = (_stems(piece.said, languages) for piece, _ in found.values())
    weights = stem_weights(content_stems(question, languages), held)
    total = sum(weights.values()) or 1.0
    names = {word.stem for match in _NAME.finditer(question) for word in words(match[0], languages)}
    mentions = {hit.row["id"]: names <= _stems(f"{hit.row['title']} {hit.row['text']}", languages) for hit in hits}
    weighed = []
    for piece, hit in found.values():
        context = " ".join([hit.row["title"], *piece.block.section, piece.said])
        coverage = sum(weights[stem] for stem in weights.keys() & _stems(context, languages)) / total
        weighed.append(Weighed(piece, hit, coverage, mentions[hit.row["id"]]))
    return sorted(weighed, key=lambda each: each.coverage + each.hit.score, reverse=True)[:_MOST_WEIGHED]


def choose(
    weighed: Sequence[Weighed], question: NDArray[np.float32] | None, vectors: NDArray[np.float32] | None
) -> list[Evidence]:
    """The one to four sentences that answer, best first, none saying what another says; none without evidence.

    Args:
        weighed: The sentences.
        question: The question's vector, shape (dimension,); None where no embedder answers.
        vectors: The sentences' vectors, shape (len(weighed), dimension).
    """
    if not weighed:
        return []
    coverage = np.array([each.coverage for each in weighed])
    unmentioned = np.array([not each.mentioned for each in weighed])
    if question is None or vectors is None:
        scores, least = coverage - _UNMENTIONED * unmentioned, _LEAST_COVERAGE
    else:
        cosines = vectors @ question
        scores, least = cosines + _LEXICAL_WEIGHT * coverage - _UNMENTIONED * unmentioned, _LEAST
        scores = np.where(cosines < _LEAST_COSINE, 0.0, scores)
    chosen: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if len(chosen) == _MOST_SENTENCES or scores[index] < max(least, scores[chosen[0]] - _DROP if chosen else 0.0):
            break
        if not any(_alike(weighed, vectors, index, other) for other in chosen):
            chosen.append(int(index))
    return [Evidence(weighed[index].piece, weighed[index].hit, float(scores[index])) for index in chosen]


def _alike(weighed: Sequence[Weighed], vectors: NDArray[np.float32] | None, one: int, other: int) -> bool:
    if vectors is not None and float(vectors[one] @ vectors[other]) >= _SAME:
        return True
    a, b = _stems(weighed[one].piece.said), _stems(weighed[other].piece.said)
    return len(a & b) >= _SAME * min(len(a), len(b))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _stems(text: str, languages: Sequence[str] = (DEFAULT,)) -> set[str]:
    return {word.stem for word in words(text, languages)}

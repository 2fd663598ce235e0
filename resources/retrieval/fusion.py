"""One score from two tiers: a convex combination whose weight follows the query, the space and its passages.

Formula: `w · likeness + (1 − w) · words`. Likeness is the cosine, corrected by what the candidates say about each other
(see `feedback`) and scaled to 0–1 over them; words is BM25 relative to the best. A convex combination needs no more
tuning than ranks and keeps what scores tell: Bruch et al., "An analysis of fusion functions for hybrid retrieval", 2023.

The weight follows the query: where BM25 falls steeply from its first hit to its tenth, few passages share rare words with
the question and they are likely meant; where it falls little, words do not tell and the vectors decide. Prose asked of
code shares few words with it, hence the bonus. Where the candidates' vectors are all alike, words decide. And it follows
the space: its profile carries what its own queries taught.

Only the first hundred of each tier judge: they set the scales and speak for each other. So whoever asks for more hits, for
which the tiers are asked for more, does not find the first ones in another order, though a newcomer may stand among them.
"""

from collections.abc import Mapping
from heapq import nlargest
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from resources.retrieval.feedback import contrast, moved, propagated
from resources.retrieval.profile import ROBUST, RankingProfile

T = TypeVar("T")

_DEPTH = 10
_FIRST = 100  # of each tier; the numbers of the profile were chosen with as many
_UNNAMED = 0.5  # of the last one's BM25: what a passage is taken to have that a full list of hits does not name


def fuse(
    cosines: Mapping[T, float],
    bm25: Mapping[T, float],
    code_share: float = 0.0,
    *,
    vectors: Mapping[T, NDArray[np.float32]] | None = None,
    full: bool = False,
    profile: RankingProfile = ROBUST,
) -> dict[T, float]:
    """Fused scores, 0–1, of every candidate of either tier.

    Args:
        cosines: By candidate; those that only the lexical tier found should be here, too, where they have a vector.
        bm25: By candidate, > 0.
        code_share: The share of `judges` that are program code, 0–1.
        vectors: Of unit length, by candidate; without them the candidates say nothing about each other.
        full: Whether more passages than those in `bm25` have words of the query.
        profile: The space's.
    """
    words = relative(bm25)
    if not words:
        return scaled(cosines)
    if not cosines:
        return words
    weight = np.float32(dense_weight(list(words.values()), code_share, profile))
    first = judges(cosines, words)
    every = sorted({**cosines, **words}, key=lambda each: each not in first)
    least = _UNNAMED * min(words[each] for each in _first(words)) if full or len(words) > _FIRST else 0.0
    lexical = np.array([words.get(each, least) for each in every], np.float32)
    embedded = np.array([index for index, each in enumerate(every) if each in cosines])
    given = np.array([cosines[every[index]] for index in embedded], np.float32)
    judging = sum(every[index] in first for index in embedded)
    likeness = np.zeros(len(every), np.float32)
    likeness[embedded] = _scaled(given, judging)
    if vectors is not None and all(every[index] in vectors for index in embedded):
        matrix = np.stack([vectors[every[index]] for index in embedded])
        similarities = matrix @ matrix[:judging].T
        weight *= np.float32(contrast(given, lexical[embedded], similarities))
        fused = (weight * likeness + (1 - weight) * lexical)[embedded]
        prose = 1 - code_share  # functions that resemble each other do different things
        near = _scaled(moved(given, similarities, fused, profile.feedback * prose), judging)
        likeness[embedded] = _scaled(propagated(near, similarities, profile.propagation * prose), judging)
    fused = np.clip(weight * likeness + (1 - weight) * lexical, 0, 1)
    return {each: float(score) for each, score in zip(every, fused, strict=True)}


def judges(cosines: Mapping[T, float], bm25: Mapping[T, float]) -> set[T]:
    """The first hundred candidates of each tier."""
    return _first(cosines) | _first(bm25)


def dense_weight(lexical: list[float], code_share: float = 0.0, profile: RankingProfile = ROBUST) -> float:
    """The weight of likeness, given the relative BM25 scores of the candidates and the share of code among them."""
    top = sorted(lexical, reverse=True)[:_DEPTH]
    fall = top[0] - top[-1] if len(top) > 1 else 1.0
    weight = profile.dense - profile.fall * fall + profile.code * code_share
    return min(1.0, max(0.0, min(profile.most, max(profile.least, weight)) + profile.lean))


def scaled(scores: Mapping[T, float]) -> dict[T, float]:
    """Scores moved and stretched so that the least is 0 and the best 1."""
    if not scores:
        return {}
    least, best = min(scores.values()), max(scores.values())
    return {each: (score - least) / (best - least) if best > least else 1.0 for each, score in scores.items()}


def relative(scores: Mapping[T, float]) -> dict[T, float]:
    """Positive scores as shares of the best."""
    best = max(scores.values(), default=1.0)
    return {each: score / best for each, score in scores.items()}


def _first(scores: Mapping[T, float]) -> set[T]:
    if len(scores) <= _FIRST:
        return set(scores)
    return set(nlargest(_FIRST, scores, key=scores.__getitem__))


def _scaled(scores: NDArray[np.float32], judges: int) -> NDArray[np.float32]:
    """Scores moved and stretched so that of the first `judges` the least is 0 and the best 1."""
    least, best = scores[:judges].min(), scores[:judges].max()
    return (scores - least) / (best - least) if best > least else np.ones_like(scores)

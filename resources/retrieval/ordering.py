"""From scored candidates to the hits of a page: copies folded, documents mixed, the best of them reranked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.postgres.database import Connection
from resources.postgres.previews import Preview, previews
from resources.postgres.search import Scope
from resources.retrieval.diversity import diversify, most_of_one
from resources.retrieval.folding import Folded, fold

_LOOKED_AT = 50  # candidates at once
MOST_LOOKED_AT = 1_000
"""How many of the best candidates a page may be made of."""


class Placed(NamedTuple):
    """A hit in its place.

    Attributes:
        hit: The best of those that say the same.
        copies: The others.
        score: What it is shown with; none is higher than one before it.
        rerank: What the reranker said, None where it was not asked.
    """

    hit: Preview
    copies: list[Preview]
    score: float
    rerank: float | None = None


class Wish(NamedTuple):
    """What a page should be like.

    Attributes:
        query: What is asked.
        k: How many hits are shown.
        wanted: How many are needed, some of them for the reranker.
        near: Whether nearly equal passages are one hit, not only equal ones.
        diverse: Whether one document leaves room for others.
    """

    query: str
    k: int
    wanted: int
    near: bool = True
    diverse: bool = True


def distinct(connection: Connection, where: Scope, ranked: Mapping[UUID, float], wish: Wish) -> list[Folded]:
    """The best of the candidates, those that say the same as one, enough for the page where there are enough."""
    best = sorted(ranked, key=lambda each: (-ranked[each], each.bytes))[:MOST_LOOKED_AT]
    seen: list[Preview] = []
    folded: list[Folded] = []
    together = max(_LOOKED_AT, 2 * wish.wanted)
    for start in range(0, len(best), together):
        seen += previews(connection, where, best[start : start + together])
        folded = fold(wish.query, seen, near=wish.near)
        if fills(folded, wish):
            break
    return folded


def fills(folded: Sequence[Folded], wish: Wish) -> bool:
    """Whether a page can be made of these hits as it should be."""
    if len(folded) < wish.wanted:
        return False
    if not wish.diverse:
        return True
    counts = Counter(each.hit.document for each in folded)
    return sum(min(count, most_of_one(wish.k)) for count in counts.values()) >= wish.k


def arrange(folded: Sequence[Folded], ranked: Mapping[UUID, float], wish: Wish) -> list[Placed]:
    """The hits in their order without a reranker."""
    scored = [(each, each.hit.document, ranked[each.hit.id]) for each in folded]
    if not wish.diverse:
        return [Placed(each.hit, each.copies, score) for each, _, score in scored]
    return [Placed(each.hit, each.copies, score) for each, score in diversify(scored, wish.k)]


def rearrange(
    placed: Sequence[Placed], ranked: Mapping[UUID, float], reranked: NDArray[np.float64], wish: Wish
) -> list[Placed]:
    """The hits in the order of the reranker's scores, which it gave for the first of them; all others behind these.

    Args:
        placed: The hits as `arrange` put them.
        ranked: Their scores before.
        reranked: The first ones' new scores, 0–1, shape (n,), n ≤ len(placed).
        wish: What the page should be like.
    """
    if not len(reranked):
        return list(placed)
    least = float(reranked.min())
    best_of_rest = max((ranked[each.hit.id] for each in placed[len(reranked) :]), default=0.0)
    scored: list[tuple[Placed, UUID, float]] = []
    for index, each in enumerate(placed):
        if index < len(reranked):
            score = float(reranked[index])
            scored.append((each._replace(rerank=score), each.hit.document, score))
        else:
            share = ranked[each.hit.id] / best_of_rest if best_of_rest > 0 else 0.0
            scored.append((each, each.hit.document, least * share))
    if wish.diverse:
        return [each._replace(score=score) for each, score in diversify(scored, wish.k)]
    scored.sort(key=lambda each: -each[2])
    return [each._replace(score=score) for each, _, score in scored]

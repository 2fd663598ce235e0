"""The tiers of a search: vectors, words and patterns, each giving candidates that stood the check against Postgres."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.errors import ServiceUnavailable
from resources.lexical.protocol import LexicalIndex, LexicalUnavailable
from resources.postgres import search as reads
from resources.postgres.database import Connection
from resources.retrieval.fusion import fuse, relative
from resources.retrieval.models import (
    EMBEDDER_UNAVAILABLE,
    LEXICAL_UNAVAILABLE,
    PATTERN_SCAN_BOUNDED,
    Mode,
    Scores,
)
from resources.retrieval.patterns import Pattern

_CANDIDATES = 100  # of each tier, at least; the fusion was measured with this many
_FURTHER_PASSAGE = 0.7  # measured: nDCG@10 of documents on medline .810 against .761 without
_MOST_LEXICAL = 6_400
_MOST_PATTERN_CANDIDATES = 10_000
_MOST_SCANNED = 20_000
_SCAN_S = 5.0


class Look(NamedTuple):
    """Where and how far one search looks.

    Attributes:
        open_index: Opens a space's lexical index.
        vector: Gives the query's vector, shape (dimension,); raises `ServiceUnavailable` where there is none to be had.
        k: How many hits are wanted.
        spread: Whether a document's further passages make room for other documents.
    """

    connection: Connection
    where: reads.Scope
    narrowing: reads.Narrowing
    open_index: Callable[[UUID], LexicalIndex]
    vector: Callable[[], NDArray[np.float32]]
    k: int
    spread: bool


class Found(NamedTuple):
    """The scores of passages that the caller may see, what each tier said, and what did not work."""

    ranked: dict[UUID, float]
    scores: dict[UUID, Scores]
    degraded: list[str]


def by_meaning(look: Look, query: str, mode: Mode) -> Found:
    """Vectors and words as `mode` asks; where one of them is not to be had, the other stands in."""
    degraded: list[str] = []
    depth = max(_CANDIDATES, 2 * look.k)
    vector = _vector(look, degraded) if mode != "lexical" else None
    candidates: dict[UUID, reads.Candidate] = {}
    bm25: dict[UUID, float] = {}
    if mode != "vector" or vector is None:
        try:
            bm25, candidates = _by_words(look, query, depth, vector)
        except LexicalUnavailable:
            degraded.append(LEXICAL_UNAVAILABLE)
            if mode == "lexical":
                vector = _vector(look, degraded)
    if vector is not None:
        candidates |= reads.nearest(look.connection, look.where, vector, look.narrowing, depth)
    cosines = {each: found.cosine for each, found in candidates.items() if found.cosine is not None}
    words = relative(bm25)
    if mode == "vector" or not bm25:
        ranked = {each: max(0.0, cosine) for each, cosine in cosines.items()} or words
    else:
        ranked = fuse(cosines, bm25, sum(found.code for found in candidates.values()) / max(1, len(candidates)))
    if look.spread:
        ranked = _spread(ranked, candidates)
    scores = {each: Scores(vector=_rounded(cosines.get(each)), lexical=_rounded(words.get(each))) for each in ranked}
    return Found(ranked, scores, degraded)


def by_pattern(look: Look, pattern: Pattern) -> Found:
    """Passages in which RE2 finds the pattern, those with most matches first."""
    degraded: list[str] = []
    ids = None
    if pattern.literals:
        try:
            ids = look.open_index(look.where.space).pattern_candidates(pattern.literals, _MOST_PATTERN_CANDIDATES + 1)
        except LexicalUnavailable:
            degraded.append(LEXICAL_UNAVAILABLE)
    bound = _MOST_SCANNED if ids is None else _MOST_PATTERN_CANDIDATES
    deadline = time.monotonic() + _SCAN_S
    ranked: dict[UUID, float] = {}
    passages = reads.texts(look.connection, look.where, look.narrowing, ids, bound + 1)
    for seen, (each, text) in enumerate(passages, start=1):
        if seen > bound or time.monotonic() > deadline:
            degraded.append(PATTERN_SCAN_BOUNDED)
            break
        matches = len(pattern.spans(text))
        if matches:
            ranked[each] = matches / (matches + 1)
    return Found(ranked, {each: Scores(pattern=_rounded(score)) for each, score in ranked.items()}, degraded)


def _by_words(
    look: Look, query: str, depth: int, vector: NDArray[np.float32] | None
) -> tuple[dict[UUID, float], dict[UUID, reads.Candidate]]:
    """BM25 of passages that stood the check; looks deeper while filters and removals leave too few."""
    index = look.open_index(look.where.space)
    while True:
        hits = index.search(query, depth)
        ids = [each for each, _ in hits]
        candidates = reads.check(look.connection, look.where, ids, look.narrowing, vector)
        if len(candidates) >= look.k or len(hits) < depth or depth >= _MOST_LEXICAL or look.narrowing.nothing:
            return {each: score for each, score in hits if each in candidates}, candidates
        depth *= 4


def _spread(ranked: dict[UUID, float], candidates: dict[UUID, reads.Candidate]) -> dict[UUID, float]:
    """Lowers every further passage of a document, so that the first ten are not ten pieces of one and the same."""
    seen: Counter[UUID] = Counter()
    spread = {}
    for each in sorted(ranked, key=lambda each: (-ranked[each], each.bytes)):
        document = candidates[each].document
        spread[each] = ranked[each] * _FURTHER_PASSAGE ** seen[document]
        seen[document] += 1
    return spread


def _vector(look: Look, degraded: list[str]) -> NDArray[np.float32] | None:
    try:
        return look.vector()
    except ServiceUnavailable:
        degraded.append(EMBEDDER_UNAVAILABLE)
        return None


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(min(1.0, max(0.0, score)), 6)

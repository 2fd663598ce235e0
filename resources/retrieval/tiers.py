"""The tiers of a search: vectors, words and patterns, each giving candidates that stood the check against Postgres."""

import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.errors import ServiceUnavailable
from resources.lexical.protocol import LexicalIndex, LexicalUnavailable
from resources.postgres import neighbours
from resources.postgres import search as reads
from resources.postgres.database import Connection
from resources.postgres.within import Within
from resources.retrieval.fusion import fuse, judges, relative
from resources.retrieval.models import (
    EMBEDDER_UNAVAILABLE,
    LEXICAL_UNAVAILABLE,
    PATTERN_SCAN_BOUNDED,
    Mode,
    Scores,
)
from resources.retrieval.ordering import MOST_LOOKED_AT
from resources.retrieval.patterns import Pattern
from resources.retrieval.profile import RankingProfile

_CANDIDATES = 100  # of each tier, at least; the fusion was measured with this many
_MOST_LEXICAL = 6_400
_MOST_PATTERN_CANDIDATES = 10_000
_MOST_SCANNED = 20_000
_LEAST_SCANNED = 2_000  # however slow the machine is
_SCAN_WHILE_S = 0.2  # and as many more as there is time for, while fewer are found than are ever looked at for a page
_SCAN_S = 5.0


class Look(NamedTuple):
    """Where and how far one search looks.

    Attributes:
        open_index: Opens the lexical index of a space's index version.
        vector: Gives the query's vector, shape (dimension,); raises `ServiceUnavailable` where there is none to be had.
        k: How many hits are wanted.
    """

    connection: Connection
    where: reads.Scope
    narrowing: reads.Narrowing
    open_index: Callable[[UUID, UUID], LexicalIndex]
    vector: Callable[[], NDArray[np.float32]]
    k: int


class Found(NamedTuple):
    """What one search found.

    Attributes:
        ranked: The scores of passages that the caller may see.
        scores: What each tier said of one of them; most are never asked for.
        degraded: What did not work.
    """

    ranked: dict[UUID, float]
    scores: Callable[[UUID], Scores]
    degraded: list[str]


class Gathered(NamedTuple):
    """What the tiers say of a query, before it is one order.

    Attributes:
        candidates: Passages that the caller may see.
        cosines: To the query, of those that have a vector, in the order of their ids.
        bm25: Of those that the lexical tier named.
        full: Whether it might have named more.
        vectors: Of the candidates, where the lexical tier answered, too.
        degraded: What did not work.
    """

    candidates: dict[UUID, reads.Candidate]
    cosines: dict[UUID, float]
    bm25: dict[UUID, float]
    full: bool
    vectors: dict[UUID, NDArray[np.float32]]
    degraded: list[str]

    def ranked(self, profile: RankingProfile) -> dict[UUID, float]:
        """One score of both tiers, 0–1."""
        judging = judges(self.cosines, self.bm25)
        code = sum(self.candidates[each].code for each in judging) / max(1, len(judging))
        return fuse(self.cosines, self.bm25, code, vectors=self.vectors, full=self.full, profile=profile)


def by_meaning(look: Look, query: str, mode: Mode) -> Found:
    """Vectors and words as `mode` asks; where one of them is not to be had, the other stands in."""
    gathered = gather(look, query, mode)
    words = relative(gathered.bm25)
    if mode == "vector" or not words:
        ranked = {each: max(0.0, cosine) for each, cosine in gathered.cosines.items()} or words
    else:
        ranked = gathered.ranked(look.where.profile)

    def scores(each: UUID) -> Scores:
        return Scores(vector=_rounded(gathered.cosines.get(each)), lexical=_rounded(words.get(each)))

    return Found(ranked, scores, gathered.degraded)


def gather(look: Look, query: str, mode: Mode = "hybrid") -> Gathered:
    """The candidates of both tiers, or of the one that is asked for or to be had."""
    depth = max(_CANDIDATES, 2 * look.k)
    lost: set[str] = set()
    bm25: dict[UUID, float] = {}
    candidates: dict[UUID, reads.Candidate] = {}
    within = Within(look.connection, look.where, look.narrowing)
    # words first: the vector may still be under way
    if mode != "vector":
        bm25, candidates = _by_words(look, within, query, depth, lost, vectors=mode == "hybrid")
    vector = _vector(look, lost) if mode != "lexical" or lost else None
    if vector is not None:
        candidates |= neighbours.nearest(within, vector, depth)
    elif mode == "vector":
        bm25, candidates = _by_words(look, within, query, depth, lost)
    # in one order, so that what is equal stays as it is
    vectors = {each: found.vector for each, found in sorted(candidates.items()) if found.vector is not None}
    cosines = _cosines(vector, vectors) if vector is not None else {}
    degraded = [each for each in (EMBEDDER_UNAVAILABLE, LEXICAL_UNAVAILABLE) if each in lost]
    return Gathered(candidates, cosines, bm25, len(bm25) >= depth, vectors if bm25 and cosines else {}, degraded)


def by_pattern(look: Look, pattern: Pattern) -> Found:
    """Passages in which RE2 finds the pattern, those with most matches first.

    Not more are looked through than there is time for, and not many more once enough for any page are found; where that
    leaves some out, `degraded` says so.
    """
    degraded: list[str] = []
    within = Within(look.connection, look.where, look.narrowing)
    ids = None
    if pattern.required:
        try:
            ids = _holding(_index(look), within, pattern, _MOST_PATTERN_CANDIDATES + 1)
        except LexicalUnavailable:
            degraded.append(LEXICAL_UNAVAILABLE)
    bound = _MOST_SCANNED if ids is None else _MOST_PATTERN_CANDIDATES
    began = time.monotonic()
    ranked: dict[UUID, float] = {}
    for seen, (each, text) in enumerate(within.texts(ids, bound + 1), start=1):
        taken = time.monotonic() - began
        enough = taken > _SCAN_WHILE_S or len(ranked) >= MOST_LOOKED_AT
        if seen > bound or taken > _SCAN_S or (seen > _LEAST_SCANNED and enough):
            degraded.append(PATTERN_SCAN_BOUNDED)
            break
        matches = pattern.count(text)
        if matches:
            ranked[each] = matches / (matches + 1)
    return Found(ranked, lambda each: Scores(pattern=_rounded(ranked[each])), degraded)


def _holding(index: LexicalIndex, within: Within, pattern: Pattern, limit: int) -> list[UUID]:
    """What may hold a pattern's strings; where that is much, only what is within filters and rights, if that is little."""
    ids = index.pattern_candidates(pattern.required, limit)
    if len(ids) < limit or within.passages is None:
        return ids
    return index.pattern_candidates(pattern.required, limit, within=within.passages)


def _cosines(vector: NDArray[np.float32], vectors: dict[UUID, NDArray[np.float32]]) -> dict[UUID, float]:
    """The cosines of vectors to the query's, from what the database keeps of both: halves of floats."""
    if not vectors:
        return {}
    matrix = np.stack(list(vectors.values()))
    asked = vector.astype(np.float16).astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(asked)
    return dict(zip(vectors, (matrix @ asked / np.maximum(lengths, 1e-12)).tolist(), strict=True))


def _by_words(
    look: Look, within: Within, query: str, depth: int, lost: set[str], *, vectors: bool = False
) -> tuple[dict[UUID, float], dict[UUID, reads.Candidate]]:
    """BM25 of passages that stood the check; nothing, and a note in `lost`, where the index is not to be had."""
    try:
        return _found_by_words(look, within, query, depth, vectors=vectors)
    except LexicalUnavailable:
        lost.add(LEXICAL_UNAVAILABLE)
        return {}, {}


def _found_by_words(
    look: Look, within: Within, query: str, depth: int, *, vectors: bool
) -> tuple[dict[UUID, float], dict[UUID, reads.Candidate]]:
    """Looks only at what is within filters and rights where that is little, else deeper while they leave too few."""
    index = _index(look)
    seen: set[UUID] = set()
    candidates: dict[UUID, reads.Candidate] = {}
    narrowed: list[UUID] | None = None
    for again in count():
        hits = index.search(query, depth, within=narrowed)
        fresh = [each for each, _ in hits if each not in seen]
        candidates |= reads.check(look.connection, look.where, fresh, look.narrowing, vectors=vectors)
        seen.update(fresh)
        if len(candidates) >= look.k or len(hits) < depth or depth >= _MOST_LEXICAL or look.narrowing.nothing:
            break
        narrowed = within.passages
        if again or narrowed is None:
            depth *= 4
    return {each: score for each, score in hits if each in candidates}, candidates


def _index(look: Look) -> LexicalIndex:
    if look.where.index_version is None:
        raise LexicalUnavailable("missing", "The space has no index version that answers.")
    return look.open_index(look.where.space, look.where.index_version)


def _vector(look: Look, lost: set[str]) -> NDArray[np.float32] | None:
    try:
        return look.vector()
    except ServiceUnavailable:
        lost.add(EMBEDDER_UNAVAILABLE)
        return None


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(min(1.0, max(0.0, score)), 6)

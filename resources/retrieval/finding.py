"""What a search finds: candidates from the tiers, checked against Postgres, fused, folded, reranked.

Nothing that a derived index says leaves by itself. Its ids are looked up as the caller, so that a stale or broken index
can cost hits but can neither show what is removed nor what the caller may not see; all that is shown is from Postgres.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.domain import Block
from resources.errors import ServiceUnavailable
from resources.lexical.protocol import LexicalIndex
from resources.postgres import search as reads
from resources.postgres.database import Connection
from resources.reranking.stage import Reranking
from resources.retrieval import ordering, tiers
from resources.retrieval.entering import Place
from resources.retrieval.models import Filters, SearchRequest
from resources.retrieval.patterns import Pattern
from resources.retrieval.remembered import Remembered
from resources.retrieval.showing import Hit
from resources.retrieval.vectors import Asked, Vectors

_DEEPER, _DEEPEST = 200, 800  # hits that tiers are asked for where copies leave too few


class Candidates(NamedTuple):
    """The best candidates of a search in their order before the reranker, with what is needed to show them."""

    wish: ordering.Wish
    found: tiers.Found
    placed: list[ordering.Placed]
    rows: dict[UUID, dict[str, Any]]


class Finder:
    """Finds the best passages of a space, in two steps: one within a transaction, and one after it.

    Args:
        lexical: Opens the lexical index of a space's index version; raises `LexicalUnavailable` where it cannot.
        vectors: Gives the vectors of queries.
        remembered: Where blocks are remembered.
        reranking: Sorts the best hits anew.
    """

    def __init__(
        self,
        lexical: Callable[[UUID, UUID], LexicalIndex],
        vectors: Vectors,
        remembered: Remembered,
        reranking: Reranking | None = None,
    ) -> None:
        self._lexical = lexical
        self._vectors = vectors
        self._remembered = remembered
        self._reranking = reranking

    @property
    def reranker(self) -> str | None:
        """What stands for the reranker in the keys of responses; None where there is none."""
        return self._reranking.identity if self._reranking is not None else None

    def candidates(
        self,
        connection: Connection,
        place: Place,
        request: SearchRequest,
        pattern: Pattern | None,
        *,
        diverse: bool,
        asked: Asked | None = None,
    ) -> Candidates:
        """The best of a space for a request, in the caller's transaction.

        Args:
            connection: Of the transaction.
            place: The space as the transaction sees it.
            request: What is asked.
            pattern: The query as a pattern, where it is one.
            diverse: Whether one document leaves room for others.
            asked: The query's vector under way, if somebody had it begun.
        """
        where = place.where

        def vector() -> NDArray[np.float32]:
            if where.index_version is None:
                raise ServiceUnavailable("The space has no index version that answers.")
            if asked is not None and asked.model == where.model:
                return asked.vector.result()
            return self._vectors.of_query(where.model, request.query)

        reranked = self._reranking.depth if self._reranking is not None and pattern is None else 0
        # A pattern asks for each place where it stands, so that only what is equal there is one hit.
        wish = ordering.Wish(request.query, request.k, max(request.k, reranked), near=pattern is None, diverse=diverse)
        look = tiers.Look(connection, where, _narrowing(request.filters), self._lexical, vector, request.k)
        while True:
            if pattern is not None:
                found = tiers.by_pattern(look, pattern)
            else:
                found = tiers.by_meaning(look, request.query, request.mode)
            folded = ordering.distinct(connection, where, found.ranked, wish)
            if pattern or len(folded) >= request.k or len(found.ranked) < 2 * look.k or look.k >= _DEEPEST:
                break
            # Copies of each other fill the candidates: others stand behind them.
            look = look._replace(k=max(4 * look.k, _DEEPER))
        placed = ordering.arrange(folded, found.ranked, wish)[: wish.wanted]
        rows = self._loaded(connection, place, [each.hit.id for each in placed])
        return Candidates(wish, found, [each for each in placed if each.hit.id in rows], rows)

    def _loaded(self, connection: Connection, place: Place, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """The passages `ids` with document, source name and `blocks` in order, as far as they are still there.

        That a block may be seen is known from its passage, which was found under row-level security just now.
        """
        space, shared = place.where.space, place.shared
        rows = reads.passages(connection, place.where, ids)
        versions = {block: row["version_id"] for row in rows for block in row["block_ids"]}
        blocks = self._remembered.blocks(space, versions, shared=shared)
        missing = [block for block in versions if block not in blocks]
        if missing:
            read = [Block(**row) for row in reads.blocks(connection, place.where, missing)]
            self._remembered.keep_blocks(space, versions, read, shared=shared)
            blocks |= {block.id: block for block in read}
        for row in rows:
            row["blocks"] = [blocks[block] for block in row["block_ids"] if block in blocks]
        return {row["id"]: row for row in rows if row["blocks"]}

    def hits(self, candidates: Candidates) -> tuple[list[Hit], list[str]]:
        """The hits of a page and what was degraded. It needs no transaction, so that none waits for a reranker."""
        wish, found, placed, rows = candidates
        degraded = list(found.degraded)
        if self._reranking is not None and wish.near:
            reranked = self._reranking.rank(wish.query, [each.hit.text for each in placed])
            placed = ordering.rearrange(placed, found.ranked, reranked.scores, wish)
            degraded += [reranked.degraded] if reranked.degraded else []
        hits = []
        for each in placed[: wish.k]:
            scores = found.scores(each.hit.id)
            if each.rerank is not None:
                scores = scores.model_copy(update={"rerank": round(each.rerank, 6)})
            hits.append(Hit(rows[each.hit.id], round(each.score, 6), scores, each.copies))
        return hits, degraded


def _narrowing(filters: Filters | None) -> reads.Narrowing:
    if filters is None:
        return reads.Narrowing()
    # No labels are given yet, so that none can be asked for with success.
    return reads.Narrowing(
        filters.types, filters.languages, filters.sources, filters.path_prefix, nothing=bool(filters.labels)
    )

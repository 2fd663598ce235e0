"""Search: candidates from the tiers, checked against Postgres, fused, and shown.

Nothing that a derived index says leaves by itself. Its ids are looked up as the caller, so that a stale or broken index
can cost hits but can neither show what is removed nor what the caller may not see; all that is shown is from Postgres.
"""

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from resources.access import Caller
from resources.domain import Block
from resources.embedding.protocol import Embedder
from resources.errors import ServiceUnavailable
from resources.lexical.analysis import content_stems
from resources.lexical.protocol import LexicalIndex
from resources.postgres import search as reads
from resources.postgres.database import Connection
from resources.retrieval import highlight, tiers
from resources.retrieval.models import (
    DocumentView,
    Filters,
    PassageView,
    Scores,
    SearchRequest,
    SearchResponse,
    SearchResult,
)
from resources.retrieval.patterns import Pattern, compile_pattern

_STATEMENT_S = 10.0


class Enter(Protocol):
    """Begins a caller's transaction where a space's content lies."""

    def __call__(
        self, caller: Caller, space: str, *, timeout_s: float = 0
    ) -> AbstractContextManager[tuple[Connection, dict[str, Any]]]:
        """The transaction, and the space's row; raises `NotFound` where the caller does not see it."""
        ...


class Hit(NamedTuple):
    """A passage that was found: its row with document and blocks, its score, and what each tier said."""

    row: dict[str, Any]
    score: float
    scores: Scores

    @property
    def blocks(self) -> list[Block]:
        """The passage's blocks in order."""
        return [Block(**block) for block in self.row["blocks"]]


class Retriever:
    """Answers searches on behalf of callers; threads may share it.

    Args:
        enter: Begins a caller's transaction where a space's content lies, as `Platform.enter` does.
        embedder: The model of the live index versions.
        lexical: Opens a space's lexical index; raises `LexicalUnavailable` where it cannot.
        cached_queries: How many query vectors to remember.
        cached_results: How many responses to remember; they are forgotten when the space's epoch moves.
    """

    def __init__(
        self,
        enter: Enter,
        embedder: Embedder,
        lexical: Callable[[UUID], LexicalIndex],
        *,
        cached_queries: int = 2_048,
        cached_results: int = 512,
    ) -> None:
        self._enter = enter
        self._embedder = embedder
        self._lexical = lexical
        self._vectors: LRUCache[str, NDArray[np.float32]] = LRUCache(cached_queries)
        self._responses: LRUCache[Hashable, SearchResponse] = LRUCache(cached_results)
        self._lock = threading.Lock()

    def search(self, caller: Caller, request: SearchRequest) -> SearchResponse:
        """The passages of a space that fit a query best, as far as `caller` may see them.

        Raises:
            NotFound: There is no such space, or the caller may not see it.
            InvalidInput: A pattern that cannot be used.
            ServiceUnavailable: The database does not answer in time.
        """
        started = time.perf_counter()
        pattern = compile_pattern(request.query) if request.mode == "pattern" else None
        with self._enter(caller, request.space, timeout_s=_STATEMENT_S) as (connection, row):
            where = reads.scope(row)
            # Read in this transaction, the epoch is never older than what it stands for.
            key = (where.rights, where.space, where.epoch, where.index_version, request.model_dump_json())
            with self._lock:
                response = self._responses.get(key)
            if response is None:
                hits, degraded = self._hits(connection, where, request, pattern)
                results = _shown(hits, request, pattern)
                response = SearchResponse(results=results, mode=request.mode, degraded=degraded, took_ms=0)
                if not degraded:
                    with self._lock:
                        self._responses[key] = response
        return response.model_copy(update={"took_ms": round((time.perf_counter() - started) * 1000, 2)})

    def hits(self, caller: Caller, space: str, query: str, k: int) -> tuple[list[Hit], list[str]]:
        """Evidence: the hybrid search's hits with all their blocks, best first, several of a document if they are best.

        Returns:
            The hits, and what was degraded. Raises as `search` does.
        """
        request = SearchRequest(space=space, query=query, k=k)
        with self._enter(caller, space, timeout_s=_STATEMENT_S) as (connection, row):
            return self._hits(connection, reads.scope(row), request, None, spread=False)

    def query_vector(self, text: str) -> NDArray[np.float32]:
        """The vector of a query, shape (dimension,), remembered.

        Raises:
            ServiceUnavailable: The embedder does not answer.
        """
        with self._lock:
            vector = self._vectors.get(text)
        if vector is None:
            vector = self.encode([text])[0]
            with self._lock:
                self._vectors[text] = vector
        return vector

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, shape (len(texts), dimension).

        Raises:
            ServiceUnavailable: The embedder does not answer.
        """
        try:
            return self._embedder.encode(texts)
        except Exception as error:  # whatever a model's runtime raises, words are still there
            raise ServiceUnavailable(f"The embedder does not answer: {error}.") from error

    def _hits(
        self,
        connection: Connection,
        where: reads.Scope,
        request: SearchRequest,
        pattern: Pattern | None,
        *,
        spread: bool = True,
    ) -> tuple[list[Hit], list[str]]:
        def vector() -> NDArray[np.float32]:
            if where.index_version is None or where.model != self._embedder.model:
                raise ServiceUnavailable(f"The vectors of the space were made by {where.model}, which is not loaded.")
            return self.query_vector(request.query)

        look = tiers.Look(connection, where, _narrowing(request.filters), self._lexical, vector, request.k, spread)
        if pattern is not None:
            found = tiers.by_pattern(look, pattern)
        else:
            found = tiers.by_meaning(look, request.query, request.mode)
        best = sorted(found.ranked, key=lambda each: (-found.ranked[each], each.bytes))[: request.k]
        rows = reads.load(connection, where, best)
        hits = [Hit(rows[each], round(found.ranked[each], 6), found.scores[each]) for each in best if each in rows]
        return hits, found.degraded


def _narrowing(filters: Filters | None) -> reads.Narrowing:
    if filters is None:
        return reads.Narrowing()
    # No labels are given yet, so that none can be asked for with success.
    return reads.Narrowing(
        filters.types, filters.languages, filters.sources, filters.path_prefix, nothing=bool(filters.labels)
    )


def _shown(hits: list[Hit], request: SearchRequest, pattern: Pattern | None) -> list[SearchResult]:
    weights: Mapping[str, float] = {}
    if pattern is None:
        texts = [block["text"] for hit in hits for block in hit.row["blocks"]]
        weights = highlight.stem_weights(content_stems(request.query), texts)
    results = []
    for hit in hits:
        blocks, row = _preferred(hit.blocks, request.filters), hit.row
        if pattern is None:
            block, spans = highlight.best_block(blocks, weights)
        else:
            block, spans = highlight.most_matched_block(blocks, {each.id: pattern.spans(each.text) for each in blocks})
        results.append(
            SearchResult(
                block=block,
                passage=PassageView(id=row["id"], text=row["text"], block_ids=row["block_ids"]),
                document=DocumentView(id=row["document_id"], path=row["path"], title=row["title"], source=row["source"]),
                score=min(1.0, max(0.0, hit.score)),
                scores=hit.scores,
                highlight=highlight.snippet(block.text, spans),
            )
        )
    return results


def _preferred(blocks: list[Block], filters: Filters | None) -> list[Block]:
    """The blocks that the filters ask for; all where the passage fits but no single block does."""
    if filters is None:
        return blocks
    chosen = [
        block
        for block in blocks
        if (not filters.types or block.type in filters.types)
        and (not filters.languages or block.language in filters.languages)
    ]
    return chosen or blocks

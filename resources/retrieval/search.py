"""Search: what is remembered is given where it still answers; what is not is found once, whoever else asks for it."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from resources.access import Caller
from resources.cache import Flight, Layers
from resources.domain import Isolation
from resources.embedding.protocol import Embedder
from resources.errors import ServiceUnavailable
from resources.lexical.protocol import LexicalIndex
from resources.postgres import search as reads
from resources.postgres.database import Connection
from resources.reranking.stage import Reranking
from resources.retrieval.entering import Enter, Glance, Place
from resources.retrieval.finding import Finder
from resources.retrieval.models import LEXICAL_BEHIND, LEXICAL_UNAVAILABLE, Mode, SearchRequest, SearchResponse
from resources.retrieval.patterns import compile_pattern
from resources.retrieval.remembered import Remembered, Response
from resources.retrieval.showing import Hit, shown
from resources.retrieval.vectors import Asked, Vectors

_STATEMENT_S = 10.0
PATIENCE_S = 10.0
"""How long a search waits for another that computes the same."""
ROUNDS = 3
"""How often it does; then it computes by itself."""


class Evidence(NamedTuple):
    """What an answer may rest on: hits, best first, what was degraded, and the embedding model of their space."""

    hits: list[Hit]
    degraded: list[str]
    model: str


class Retriever:
    """Answers searches on behalf of callers; threads may share it.

    Args:
        enter: Begins a caller's transaction where a space's content lies, as `Platform.enter` does.
        embedder_of: Gives the embedder of a model by its name.
        lexical: Opens the lexical index of a space's index version; raises `LexicalUnavailable` where it cannot.
        reranking: Sorts the best hits anew.
        glance: Looks at a space for less than a transaction costs, as `Platform.glance` does; by default by `enter`.
        layers: Where responses, query vectors and blocks are remembered; by default in this process.
    """

    def __init__(
        self,
        enter: Enter,
        embedder_of: Callable[[str], Embedder],
        lexical: Callable[[UUID, UUID], LexicalIndex],
        *,
        reranking: Reranking | None = None,
        glance: Glance | None = None,
        layers: Layers | None = None,
    ) -> None:
        # The matrices of a search are so small that threads gain nothing, and each spins on a core of its own for a while.
        threadpool_limits(1, "blas")
        self._enter = enter
        self._glance = glance or self._entered
        self._remembered = Remembered(layers or Layers())
        self._vectors = Vectors(embedder_of, self._remembered)
        self._finder = Finder(lexical, self._vectors, self._remembered, reranking)

    @property
    def layers(self) -> Layers:
        """Where it remembers."""
        return self._remembered.layers

    def search(self, caller: Caller, request: SearchRequest, *, index_version: UUID | None = None) -> SearchResponse:
        """The passages of a space that fit a query best, as far as `caller` may see them.

        Args:
            caller: Who asks.
            request: What is asked.
            index_version: Another version than the live one, for an evaluation.

        Raises:
            NotFound: There is no such space or version, or the caller may not see it.
            InvalidInput: A pattern that cannot be used.
            ServiceUnavailable: The database does not answer in time.
        """
        started = time.perf_counter()
        if index_version is not None:
            found = self._computed(caller, request, index_version)
        else:
            found = self._waited(caller, request)
        return found.read((time.perf_counter() - started) * 1000)

    def attempt(
        self, caller: Caller, request: SearchRequest, landed: "Flight[Response] | None" = None
    ) -> "Response | Flight[Response]":
        """The response to a search, or the computation of it that is under way: wait for that, and attempt again.

        Whoever waits holds no connection. Each attempt begins with the caller's rights, so that nobody is given what
        they lost meanwhile.

        Args:
            caller: Who asks.
            request: What is asked.
            landed: What was waited for. Its response is given only to whom it still answers.

        Raises as `search` does.
        """
        _ = compile_pattern(request.query) if request.mode == "pattern" else None  # what is wrong is said first
        asked_at = time.monotonic()
        place = self._place(self._glance(caller, request.space, timeout_s=_STATEMENT_S), request)
        response = self._remembered.responses.near(place.key)
        if response is None and landed is not None:
            given = landed.done.result()
            response = given if given is not None and given.key == place.key else None
        if response is not None:
            response.current_at = asked_at
            return response
        flight, leads = self._remembered.flights.join(place.key)
        if leads:
            return self._led(caller, request, place, flight)
        outdated = self._remembered.outdated(place.key)
        if outdated is not None and self._still_there(caller, request, place, outdated):
            return outdated
        return flight

    def compute(self, caller: Caller, request: SearchRequest) -> Response:
        """The response to a search, whoever else computes the same. Raises as `search` does."""
        return self._computed(caller, request)

    def _waited(self, caller: Caller, request: SearchRequest) -> Response:
        landed: Flight[Response] | None = None
        for _ in range(ROUNDS):
            found = self.attempt(caller, request, landed)
            if isinstance(found, Response):
                return found
            try:
                found.done.result(PATIENCE_S)
            except FutureTimeout:
                break
            landed = found
        return self._computed(caller, request)

    def _led(self, caller: Caller, request: SearchRequest, place: Place, flight: Flight[Response]) -> Response:
        """Computes what others may wait for, unless another process has."""
        response: Response | None = None
        failure: ServiceUnavailable | None = None
        try:
            if place.shared:
                response = self._far(place.key)
                if response is None and self._remembered.flights.await_others(flight, lambda: self._is_far(place.key)):
                    response = self._remembered.responses.near(place.key)
            if response is None:
                asked = self._asked(place, request)
                response = self._computed(caller, request, asked=asked)
        except ServiceUnavailable as error:
            failure = error  # it concerns all who wait, and tells nothing
            raise
        finally:
            self._remembered.flights.land(flight, response, failure)
        return response

    def _asked(self, place: Place, request: SearchRequest) -> Asked | None:
        """The query's vector under way, while the words are looked up. No connection waits for another machine."""
        if request.mode not in ("hybrid", "vector") or place.where.index_version is None:
            return None
        asked = self._vectors.begin(place.where.model, request.query)
        if not asked.is_near:
            wait([asked.vector])
        return asked

    def _far(self, key: bytes) -> Response | None:
        response = self._remembered.responses.far(key)
        return response if response is not None and response.key == key else None

    def _is_far(self, key: bytes) -> bool:
        return self._far(key) is not None

    def _computed(
        self,
        caller: Caller,
        request: SearchRequest,
        index_version: UUID | None = None,
        asked: Asked | None = None,
    ) -> Response:
        pattern = compile_pattern(request.query) if request.mode == "pattern" else None
        with self._enter(caller, request.space, timeout_s=_STATEMENT_S) as (connection, row):
            # Read in this transaction, the epoch is never older than what it stands for.
            place = self._place(row, request, connection, index_version)
            if index_version is not None:
                response = self._remembered.responses.near(place.key)
                if response is not None:
                    return response
            candidates = self._finder.candidates(connection, place, request, pattern, diverse=request.diversify, asked=asked)
        # Outside of the transaction: no connection waits for a reranker.
        hits, degraded = self._finder.hits(candidates)
        degraded += _behind(row, request.mode, degraded)
        results = shown(hits, request, pattern)
        made = SearchResponse(results=results, mode=request.mode, degraded=degraded, took_ms=0)
        response = Response.of(place.key, made)
        self._remembered.keep(response, shared=place.shared)
        return response

    def _still_there(self, caller: Caller, request: SearchRequest, place: Place, outdated: Response) -> bool:
        """Whether all that an outdated response shows is there, unchanged, and visible to the caller now.

        A passage belongs to one version of its document, so that one which is there says what it said.
        """
        with self._enter(caller, request.space, timeout_s=_STATEMENT_S) as (connection, row):
            now = self._place(row, request)
            seen = reads.check(connection, now.where, outdated.passages, reads.Narrowing())
        return now.key[:-8] == place.key[:-8] and len(seen) == len(set(outdated.passages))

    def _place(
        self,
        row: dict[str, Any],
        request: SearchRequest,
        connection: Connection | None = None,
        index_version: UUID | None = None,
    ) -> Place:
        where = reads.scope(row)
        if connection is not None and index_version is not None:
            where = reads.scope_of(connection, where, index_version)
        key = self._remembered.response_key(where, request, self._finder.reranker, row.get("lexical_behind"))
        return Place(where, key, row["isolation"] == Isolation.SHARED)

    def _entered(self, caller: Caller, space: str, *, timeout_s: float = 0) -> dict[str, Any]:
        with self._enter(caller, space, timeout_s=timeout_s) as (_, row):
            return row

    def hits(self, caller: Caller, space: str, query: str, k: int) -> Evidence:
        """The hybrid search's hits with all their blocks, best first, several of a document if they are best.

        Raises as `search` does.
        """
        request = SearchRequest(space=space, query=query, k=k)
        asked = self._asked(self._place(self._glance(caller, space, timeout_s=_STATEMENT_S), request), request)
        with self._enter(caller, space, timeout_s=_STATEMENT_S) as (connection, row):
            place = self._place(row, request)
            candidates = self._finder.candidates(connection, place, request, None, diverse=False, asked=asked)
        hits, degraded = self._finder.hits(candidates)
        return Evidence(hits, degraded + _behind(row, request.mode, degraded), place.where.model)

    def query_vector(self, model: str, text: str) -> NDArray[np.float32]:
        """The vector of a query, shape (dimension,), remembered.

        Raises:
            ServiceUnavailable: The embedder of that model does not answer.
        """
        return self._vectors.of_query(model, text)

    def encode(self, model: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, shape (len(texts), dimension).

        Raises:
            ServiceUnavailable: The embedder of that model does not answer.
        """
        return self._vectors.of_texts(model, texts)


def _behind(row: Mapping[str, Any], mode: Mode, degraded: Sequence[str]) -> list[str]:
    """What to say where documents went live while the lexical index could not be reached, and it still lacks them."""
    lacking = row.get("lexical_behind") and mode != "vector" and LEXICAL_UNAVAILABLE not in degraded
    return [LEXICAL_BEHIND] if lacking else []

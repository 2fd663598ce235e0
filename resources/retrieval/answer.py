"""Extractive answers: sentences of the evidence, word for word, each with its citation; or `I don't know.`."""

import re
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from resources.access import Caller
from resources.errors import RageError, ServiceUnavailable
from resources.retrieval import evidence
from resources.retrieval.models import EMBEDDER_UNAVAILABLE, AnswerSource, Citation, QueryRequest, QueryResponse
from resources.retrieval.search import Retriever

UNKNOWN = "I don't know."


class Event(NamedTuple):
    """One server-sent event: `token` {text}, `citation`, `done` (the whole response) or `error` {code, message}."""

    name: Literal["token", "citation", "done", "error"]
    data: dict[str, Any]


class Answerer:
    """Answers questions on behalf of callers; threads may share it.

    Args:
        retriever: Finds the evidence.
    """

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def answer(self, caller: Caller, request: QueryRequest) -> QueryResponse:
        """The answer that the evidence visible to `caller` gives.

        Raises:
            NotFound: There is no such space, or the caller may not see it.
            ServiceUnavailable: The database does not answer in time.
        """
        started = time.perf_counter()
        hits, degraded, model = self._retriever.hits(caller, request.space, request.query, request.k)
        weighed = evidence.weigh(request.query, hits)
        question = vectors = None
        if weighed and EMBEDDER_UNAVAILABLE not in degraded:
            try:
                question = self._retriever.query_vector(model, request.query)
                vectors = self._retriever.encode(model, [each.piece.said for each in weighed])
            except ServiceUnavailable:
                degraded.append(EMBEDDER_UNAVAILABLE)
        chosen = evidence.choose(weighed, question, vectors)
        citations = [
            Citation(
                n=n,
                block_id=each.piece.block.id,
                document_id=each.piece.block.document_id,
                path=each.hit.row["path"],
                page=each.piece.block.page,
                quote=each.piece.quote,
            )
            for n, each in enumerate(chosen, start=1)
        ]
        sources = {
            each.piece.block.document_id: AnswerSource(
                document_id=each.piece.block.document_id, path=each.hit.row["path"], title=each.hit.row["title"]
            )
            for each in chosen
        }
        return QueryResponse(
            answer=" ".join(f"{each.piece.said} [{n}]" for n, each in enumerate(chosen, start=1)) or UNKNOWN,
            abstained=not chosen,
            citations=citations,
            sources=list(sources.values()),
            degraded=degraded,
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    def stream(self, caller: Caller, request: QueryRequest) -> Iterator[Event]:
        """Yields the answer word by word, then its citations, then `done`; `error`, and nothing more, if it fails."""
        try:
            response = self.answer(caller, request)
        except RageError as error:
            yield Event("error", {"code": error.code, "message": error.message})
            return
        for token in re.findall(r"\s*\S+", response.answer):
            yield Event("token", {"text": token})
        for citation in response.citations:
            yield Event("citation", citation.model_dump(mode="json"))
        yield Event("done", response.model_dump(mode="json"))

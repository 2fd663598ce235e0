"""Search."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.auditing import note_audit
from api.dependencies import Protected, TheCaller
from api.errors import responses
from api.memory import open_retriever
from resources.access import Caller
from resources.cache import Flight
from resources.postgres import spaces
from resources.retrieval.models import SearchRequest, SearchResponse
from resources.retrieval.remembered import Response as Found
from resources.retrieval.search import PATIENCE_S, ROUNDS, Retriever

router = APIRouter(prefix="/api/v1/memory", tags=["search"], dependencies=[Protected])

_EXAMPLES = {
    "meaning": {
        "summary": "By meaning and by words",
        "value": {"space": "handbook", "query": "how do I request leave?"},
    },
    "pattern": {
        "summary": "Text as written, in a folder",
        "value": {
            "space": "handbook",
            "query": "/TODO\\(\\w+\\)/",
            "mode": "pattern",
            "k": 50,
            "filters": {"types": ["code"], "path_prefix": "src/"},
        },
    },
}


async def _retriever(request: Request) -> Retriever:
    state = request.app.state
    if state.retriever is None:
        state.retriever = open_retriever(state.platform, state.models.embedder_of)
    retriever: Retriever = state.retriever
    return retriever


TheRetriever = Annotated[Retriever, Depends(_retriever)]


@router.post("/search", response_model=SearchResponse, responses=responses(404, 422))
async def search(
    body: Annotated[SearchRequest, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    caller: TheCaller,
    retriever: TheRetriever,
) -> Response:
    """The passages that fit best, each with its best block; `degraded` names parts that could not help."""
    started = time.perf_counter()
    spaces.check_name(body.space)
    note_audit(request, space=body.space, query=body.query)
    found = await _found(retriever, caller, body)
    note_audit(request, documents=found.documents)
    return Response(found.sent((time.perf_counter() - started) * 1000), media_type="application/json")


async def _found(retriever: Retriever, caller: Caller, body: SearchRequest) -> Found:
    """The response; while another request computes the same, this one holds neither a thread nor a connection."""
    landed: Flight[Found] | None = None
    for _ in range(ROUNDS):
        found = await run_in_threadpool(retriever.attempt, caller, body, landed)
        if isinstance(found, Found):
            return found
        try:
            await asyncio.wait_for(asyncio.wrap_future(found.done), PATIENCE_S)
        except TimeoutError:
            break
        landed = found
    return await run_in_threadpool(retriever.compute, caller, body)

"""Search."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request

from api.auditing import note_audit
from api.dependencies import Protected, TheCaller
from api.errors import responses
from api.memory import open_retriever
from resources.postgres import spaces
from resources.retrieval.models import SearchRequest, SearchResponse
from resources.retrieval.search import Retriever

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


def _retriever(request: Request) -> Retriever:
    state = request.app.state
    if state.retriever is None:
        state.retriever = open_retriever(state.platform)
    retriever: Retriever = state.retriever
    return retriever


TheRetriever = Annotated[Retriever, Depends(_retriever)]


@router.post("/search", responses=responses(404, 422))
def search(
    body: Annotated[SearchRequest, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    caller: TheCaller,
    retriever: TheRetriever,
) -> SearchResponse:
    """The passages that fit best, each with its best block; `degraded` names parts that could not help."""
    spaces.check_name(body.space)
    note_audit(request, space=body.space, query=body.query)
    response = retriever.search(caller, body)
    note_audit(request, documents=[result.document.id for result in response.results])
    return response

"""Questions, answered from evidence; whole or as a stream of server-sent events."""

import json
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.search import TheRetriever
from resources.logs import get_logger
from resources.postgres import spaces
from resources.retrieval.answer import Answerer, Event
from resources.retrieval.models import QueryRequest, QueryResponse

router = APIRouter(prefix="/api/v1/memory", tags=["query"], dependencies=[Protected])
_log = get_logger(__name__)
_EXAMPLES = {
    "whole": {"summary": "One answer", "value": {"space": "handbook", "query": "How many days of leave do I have?"}},
    "stream": {
        "summary": "As it comes",
        "value": {"space": "handbook", "query": "Who approves leave?", "stream": True},
    },
}

_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["token", "citation", "done", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


async def _answerer(request: Request, retriever: TheRetriever) -> Answerer:
    state = request.app.state
    if state.answerer is None:
        state.answerer = Answerer(retriever)
    answerer: Answerer = state.answerer
    return answerer


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={
        **responses(404, 422),
        200: {
            "model": QueryResponse,
            "content": {"text/event-stream": {"schema": _EVENT}},
            "description": "The answer; with `stream`, the events `token`, `citation`, `done` and `error`.",
        },
    },
)
def query(
    body: Annotated[QueryRequest, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    platform: ThePlatform,
    caller: TheCaller,
    answerer: Annotated[Answerer, Depends(_answerer)],
) -> Any:
    """An answer whose every statement is cited; without evidence it is `I don't know.`."""
    spaces.check_name(body.space)
    note_audit(request, space=body.space, query=body.query)
    if not body.stream:
        answer = answerer.answer(caller, body)
        note_audit(request, documents=[citation.document_id for citation in answer.citations])
        return answer
    with platform.enter(caller, body.space, timeout_s=TIMEOUT_S):
        pass  # what fails before the first event is an error like any other
    return StreamingResponse(
        _sent(answerer.stream(caller, body), request),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _sent(events: Iterator[Event], request: Request) -> AsyncIterator[str]:
    """The events as text; ends their generator when the client leaves."""
    request_id = request.state.request_id
    try:
        async for event in iterate_in_threadpool(events):
            if event.name == "citation":
                note_audit(request, documents=[event.data["document_id"]])
            extra = {"request_id": request_id} if event.name == "error" else {}
            yield _message(event.name, event.data | extra)
    except Exception as error:
        _log.exception("stream_crashed", exc_info=error)
        message = "An unexpected error occurred; the log has it under this request id."
        yield _message("error", {"code": "internal", "message": message, "request_id": request_id})
    finally:
        with suppress(ValueError):  # it is at work in its thread, and ends when that yields
            if isinstance(events, Generator):
                events.close()


def _message(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

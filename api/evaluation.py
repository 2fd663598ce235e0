"""Evaluation sets: judged queries by which a space's retrieval is measured. For its administrators."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.paging import Cursor, Limit, Page, cut, decode
from resources.access import Role
from resources.evaluation.models import (
    MOST_QUERIES,
    JudgedQuery,
    Judgement,
    Metrics,
    Result,
    SetInfo,
    Storable,
    check_set_name,
)
from resources.postgres import evaluation, spaces
from resources.retrieval.models import Query as QueryText

router = APIRouter(prefix="/api/v1/spaces/{name}/evaluation-sets", tags=["evaluation"], dependencies=[Protected])

SetName = Annotated[str, Path(max_length=100, examples=["support-questions"])]
_EXAMPLES = {
    "two questions": {
        "summary": "Two questions and where they are answered",
        "value": {
            "name": "support-questions",
            "queries": [
                {"text": "how do I request leave?", "judgements": [{"path": "people/leave.md", "grade": 2}]},
                {
                    "id": "vpn",
                    "text": "vpn does not connect",
                    "judgements": [{"path": "it/vpn.md", "grade": 2}, {"path": "it/network.md", "grade": 1}],
                },
            ],
        },
    }
}


class NewQuery(BaseModel):
    """A query with the documents that people judged for it."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[Storable, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="By default its place in the list, counted from 1."
    )
    text: QueryText
    judgements: list[Judgement] = Field(
        min_length=1, description="At least one with a grade of 1 or more; what is not judged counts as not relevant."
    )


class NewSet(BaseModel):
    """A set to store."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="1 to 100 letters (a–z), digits, '.', '_' and '-'.")
    queries: list[NewQuery] = Field(min_length=1, max_length=MOST_QUERIES)


class SetReport(SetInfo):
    """A set with what was measured on it."""

    latest: dict[str, Metrics] = Field(
        description="By mode, the newest result on what was live then; empty before the first."
    )
    history: list[Result] = Field(
        description="The newest results first, those of index versions that were not live included."
    )


@router.post("", status_code=201, responses=responses(403, 404, 409, 422))
def create_set(
    name: str, body: Annotated[NewSet, Body(openapi_examples=_EXAMPLES)], platform: ThePlatform, caller: TheCaller
) -> SetInfo:
    """Stores a set; it is measured soon, every night and after publications. It does not change afterwards.

    A larger one than a body may be comes in by `rage evaluate SPACE FOLDER --save NAME`.
    """
    spaces.check_name(name)
    queries = [
        JudgedQuery(id=each.id or str(place), text=each.text, judgements=each.judgements)
        for place, each in enumerate(body.queries, 1)
    ]
    with platform.enter(caller, name, Role.ADMIN, timeout_s=TIMEOUT_S) as (connection, row):
        return evaluation.create(connection, row["id"], body.name, queries, created_by=caller.principal)


@router.get("", responses=responses(403, 404, 422))
def list_sets(
    name: str, platform: ThePlatform, caller: TheCaller, limit: Limit = 20, cursor: Cursor = None
) -> Page[SetInfo]:
    """The sets of a space, by name."""
    spaces.check_name(name)
    after = decode(cursor, 1)[0] if cursor else ""
    with platform.enter(caller, name, Role.ADMIN, timeout_s=TIMEOUT_S) as (connection, row):
        rows = evaluation.listing(connection, row["id"], after, limit + 1)
    items, next_cursor = cut(rows, limit, lambda info: (info.name,))
    return Page(items=items, next_cursor=next_cursor)


@router.get("/{set_name}", responses=responses(403, 404, 422))
def get_set(
    name: str,
    set_name: SetName,
    platform: ThePlatform,
    caller: TheCaller,
    results: Annotated[int, Query(ge=0, le=1_000, description="The most results of the history.")] = 100,
) -> SetReport:
    """A set with its newest results and their history."""
    spaces.check_name(name)
    with platform.enter(caller, name, Role.ADMIN, timeout_s=TIMEOUT_S) as (connection, row):
        _, info = evaluation.get(connection, row["id"], check_set_name(set_name))
        history = evaluation.history(connection, row["id"], set_name, limit=results)
        latest = evaluation.latest(connection, row["id"], set_name)
    newest = {each.mode: each.metrics for each in latest}
    return SetReport(**info.model_dump(), latest=newest, history=history)


@router.delete("/{set_name}", status_code=204, responses=responses(403, 404, 422))
def delete_set(name: str, set_name: SetName, platform: ThePlatform, caller: TheCaller) -> None:
    """Removes a set with its results."""
    spaces.check_name(name)
    with platform.enter(caller, name, Role.ADMIN, timeout_s=TIMEOUT_S) as (connection, row):
        evaluation.delete(connection, row["id"], check_set_name(set_name))

"""Memory spaces: the unit of isolation and access."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import TIMEOUT_S, Caller, Protected, ThePlatform
from api.errors import responses
from api.paging import Cursor, Limit, Page, cut, decode
from resources.domain import Space
from resources.postgres import spaces

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"], dependencies=[Protected])


class NewSpace(BaseModel):
    """A space to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "handbook"}]})

    name: str = Field(description="1 to 64 letters (a–z), digits, '.', '_' and '-'.")
    shards: int = Field(default=1, ge=1, le=64, description="More than 1 spreads a large space over machines.")


@router.get("", responses=responses(422))
def list_spaces(platform: ThePlatform, caller: Caller, limit: Limit = 20, cursor: Cursor = None) -> Page[Space]:
    """The spaces that the caller sees, by name."""
    after = decode(cursor, 1)[0] if cursor else ""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        rows = spaces.listing(connection, after, limit + 1)
    items, next_cursor = cut(rows, limit, lambda space: (space.name,))
    return Page(items=items, next_cursor=next_cursor)


@router.post("", status_code=201, responses=responses(409, 422))
def create_space(body: NewSpace, platform: ThePlatform, caller: Caller) -> Space:
    """Creates a space; the caller administers it."""
    spaces.check_name(body.name)
    embedder = platform.embedder
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        spaces.create(
            connection,
            body.name,
            shards=body.shards,
            model=embedder.model,
            dimension=embedder.dimension,
            creator=caller,
        )
        return spaces.by_name(connection, body.name)


@router.get("/{name}", responses=responses(404, 422))
def get_space(name: str, platform: ThePlatform, caller: Caller) -> Space:
    """One space with its counts."""
    spaces.check_name(name)
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        return spaces.by_name(connection, name)

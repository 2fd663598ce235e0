"""Memory spaces: the unit of isolation and access."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.paging import Cursor, Limit, Page, cut, decode
from resources import space_administration
from resources.domain import Isolation, Space
from resources.postgres import spaces

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"], dependencies=[Protected])


class NewSpace(BaseModel):
    """A space to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "handbook"}]})

    name: str = Field(description="1 to 64 letters (a–z), digits, '.', '_' and '-'.")
    shards: int = Field(default=1, ge=1, le=64, description="More than 1 spreads a large space over machines.")
    isolation: Isolation = Isolation.SHARED
    database: str | None = Field(default=None, max_length=100, description="Of a dedicated space, as configured.")


@router.get("", responses=responses(422))
def list_spaces(platform: ThePlatform, caller: TheCaller, limit: Limit = 20, cursor: Cursor = None) -> Page[Space]:
    """The spaces that the caller sees, by name."""
    after = decode(cursor, 1)[0] if cursor else ""
    rows = space_administration.listing(platform, caller, after, limit + 1, TIMEOUT_S)
    items, next_cursor = cut(rows, limit, lambda space: (space.name,))
    return Page(items=items, next_cursor=next_cursor)


@router.post("", status_code=201, responses=responses(403, 409, 422))
def create_space(body: NewSpace, platform: ThePlatform, caller: TheCaller) -> Space:
    """Creates a space; the caller administers it."""
    return space_administration.create(
        platform, caller, body.name, shards=body.shards, isolation=body.isolation, database=body.database
    )


@router.get("/{name}", responses=responses(404, 422))
def get_space(name: str, platform: ThePlatform, caller: TheCaller) -> Space:
    """One space with its counts."""
    spaces.check_name(name)
    return space_administration.describe(platform, caller, name, TIMEOUT_S)

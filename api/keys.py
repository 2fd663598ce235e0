"""API keys: for machines, bound to spaces and a role."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform, check_person
from api.errors import responses
from api.paging import Cursor, Limit, Page, cut, decode
from resources.access import Role
from resources.errors import InvalidInput
from resources.postgres import api_keys
from resources.postgres.api_keys import ApiKey
from resources.sign_in import keys

router = APIRouter(prefix="/api/v1/keys", tags=["keys"], dependencies=[Protected])


class NewKey(BaseModel):
    """A key to create."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "nightly import", "spaces": ["handbook"], "role": "ingestor"}]}
    )

    name: str = Field(min_length=1, max_length=100, description="What it is for.")
    spaces: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=100)
    role: Role = Field(description="What it may do in each of them.")
    expires_in_days: int = Field(default=90, ge=1, le=365)


class CreatedKey(ApiKey):
    """A new key, and the only time that it is shown."""

    key: str = Field(description="Send it as `Authorization: Bearer …`. It is not kept and cannot be shown again.")


@router.post("", status_code=201, responses=responses(403, 404, 422))
def create_key(body: NewKey, request: Request, platform: ThePlatform, caller: TheCaller, response: Response) -> CreatedKey:
    """Creates a key; the caller administers every space that it is for."""
    check_person(caller)
    new = keys.new_key()
    note_audit(request, target=f"key:{new.id}", spaces=body.spaces, role=body.role, days=body.expires_in_days)
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        created = api_keys.create(
            connection,
            new.id,
            body.name,
            new.sha256,
            days=body.expires_in_days,
            spaces=api_keys.administered(connection, body.spaces),
            role=body.role,
        )
    response.headers["Cache-Control"] = "no-store"
    return CreatedKey(**created.model_dump(), key=new.text)


@router.get("", responses=responses(403, 422))
def list_keys(platform: ThePlatform, caller: TheCaller, limit: Limit = 20, cursor: Cursor = None) -> Page[ApiKey]:
    """The keys of the spaces that the caller administers, oldest first, the expired and revoked ones included."""
    check_person(caller)
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        rows = api_keys.listing(connection, _after(cursor), limit + 1)
    items, next_cursor = cut(rows, limit, lambda key: (key.created_at.isoformat(), key.id))
    return Page(items=items, next_cursor=next_cursor)


@router.delete("/{key_id}", status_code=204, responses=responses(403, 404, 422))
def revoke_key(key_id: Annotated[str, Path(pattern="^[0-9A-Za-z]{16}$")], platform: ThePlatform, caller: TheCaller) -> None:
    """Revokes a key, at once; whoever administers one of its spaces may."""
    check_person(caller)
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        api_keys.revoke(connection, key_id)


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    created, last = decode(cursor, 2)
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput("The cursor is not one of this list.", hint="Use `next_cursor` as it came, or leave it out.")
    return moment, last

"""Who may do what in a space, which of its documents are narrower, and how much it may hold."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform, check_person
from api.errors import responses
from resources import space_administration
from resources.access import Role
from resources.access.rules import AccessRule
from resources.domain import Space
from resources.postgres import access_rules, members, sources, spaces
from resources.postgres.members import Member

router = APIRouter(prefix="/api/v1/spaces/{name}", tags=["spaces"], dependencies=[Protected])

Principal = Annotated[str, Path(max_length=200, examples=["group:engineering"])]


class Members(BaseModel):
    """The members of a space."""

    items: list[Member]


class Grant(BaseModel):
    """A role to give."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "reader"}]})

    role: Role


class AccessRules(BaseModel):
    """A source's rules; the last pattern that matches a path decides who may see the document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rules": [{"pattern": "hr/**", "groups": ["hr"]}]}]})

    rules: list[AccessRule] = Field(max_length=1000)


class RulesChanged(AccessRules):
    """The rules, and for how many documents they changed something."""

    changed: int


class Quota(BaseModel):
    """The most that a space may hold; null is without a limit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"max_documents": 100000, "max_bytes": None}]})

    max_documents: int | None = Field(default=None, ge=0, le=2**62)
    max_bytes: int | None = Field(default=None, ge=0, le=2**62)


@router.get("/members", responses=responses(403, 404, 422))
def list_members(name: str, platform: ThePlatform, caller: TheCaller) -> Members:
    """The members of a space; for its administrators."""
    with platform.administer(caller, name, TIMEOUT_S) as (connection, row):
        return Members(items=members.listing(connection, row["id"]))


@router.put("/members/{principal}", responses=responses(403, 404, 409, 422))
def grant(name: str, principal: Principal, body: Grant, platform: ThePlatform, caller: TheCaller) -> Members:
    """Gives a group, a user or a key a role in a space, in place of an earlier one; in effect at once."""
    check_person(caller)
    with platform.administer(caller, name, TIMEOUT_S) as (connection, row):
        members.grant(connection, row["id"], principal, body.role, caller.principal)
        return Members(items=members.listing(connection, row["id"]))


@router.delete("/members/{principal}", status_code=204, responses=responses(403, 404, 409, 422))
def revoke(name: str, principal: Principal, platform: ThePlatform, caller: TheCaller) -> None:
    """Takes a role away; from then on nothing of the space is there for it."""
    check_person(caller)
    with platform.administer(caller, name, TIMEOUT_S) as (connection, row):
        members.revoke(connection, row["id"], principal)


@router.get("/sources/{source}/access", responses=responses(403, 404, 422))
def get_rules(name: str, source: str, platform: ThePlatform, caller: TheCaller) -> AccessRules:
    """A source's access rules; for administrators of the space."""
    spaces.check_name(name)
    with platform.enter(caller, name, Role.ADMIN, timeout_s=TIMEOUT_S) as (connection, row):
        found = sources.get(connection, row["id"], source)
        return AccessRules(rules=access_rules.rules_of(connection, found.id))


@router.put("/sources/{source}/access", responses=responses(403, 404, 422))
def set_rules(name: str, source: str, body: AccessRules, platform: ThePlatform, caller: TheCaller) -> RulesChanged:
    """Replaces a source's access rules, at once for every document, without reading any again."""
    spaces.check_name(name)
    with platform.enter(caller, name, Role.ADMIN) as (connection, row):  # without a time limit: a large source takes a while
        found = sources.get(connection, row["id"], source)
        changed = access_rules.set_rules(connection, found.id, body.rules)
    return RulesChanged(rules=body.rules, changed=changed)


@router.put("/quota", responses=responses(403, 404, 422))
def set_quota(name: str, body: Quota, platform: ThePlatform, caller: TheCaller) -> Space:
    """Sets how much a space may hold; for administrators of the platform. What is there already stays."""
    spaces.check_name(name)
    return space_administration.set_quota(platform, caller, name, body.max_documents, body.max_bytes)

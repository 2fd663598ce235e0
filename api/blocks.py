"""Blocks, and the way back from a block to the bytes and the run that it came from."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import TIMEOUT_S, Caller, Protected, ThePlatform
from api.errors import responses
from resources.domain import Block
from resources.postgres import reading

router = APIRouter(prefix="/api/v1/memory/blocks", tags=["blocks"], dependencies=[Protected])


class LineageDocument(BaseModel):
    """The document as it was read."""

    id: UUID
    path: str
    version: str
    sha256: str


class LineageSource(BaseModel):
    """Where the document was found."""

    id: UUID
    name: str
    kind: str
    location: str


class LineageRun(BaseModel):
    """The run that made the block."""

    id: str
    job: str | None
    started_at: datetime | None
    code_version: str
    url: str | None = Field(description="Dagster's page of the run, where one is known.")


class Lineage(BaseModel):
    """From a block back to its bytes."""

    block: Block
    document: LineageDocument
    source: LineageSource
    run: LineageRun
    index_version: UUID | None
    raw_url: str


@router.get("/{block_id}", responses=responses(404, 422))
def get_block(block_id: UUID, platform: ThePlatform, caller: Caller) -> Block:
    """One block."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        return reading.block(connection, block_id)


@router.get("/{block_id}/lineage", responses=responses(404, 422))
def get_lineage(block_id: UUID, platform: ThePlatform, caller: Caller) -> Lineage:
    """Where a block comes from: its document's bytes, its source, and the run and code that made it."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        return Lineage.model_validate(reading.lineage(connection, block_id, platform.settings.dagster_url))

"""Blocks, and the way back from a block to the bytes and the run that it came from."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
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
def get_block(block_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller) -> Block:
    """One block."""
    found = platform.look(caller, lambda connection: reading.block(connection, block_id), TIMEOUT_S)
    note_audit(request, documents=[found.document_id])
    return found


@router.get("/{block_id}/lineage", responses=responses(404, 422))
def get_lineage(block_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller) -> Lineage:
    """Where a block comes from: its document's bytes, its source, and the run and code that made it."""
    url = platform.settings.dagster_url
    found = platform.look(caller, lambda connection: reading.lineage(connection, block_id, url), TIMEOUT_S)
    note_audit(request, documents=[found["document"]["id"]])
    return Lineage.model_validate(found)

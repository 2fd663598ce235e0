"""Documents: listing, reading and removing them."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Launcher, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.jobs import start_ingest
from api.paging import Cursor, Limit, Page, cut, decode_order, decode_path
from resources.domain import Block
from resources.errors import NotFound
from resources.postgres import reading, removal, spaces

router = APIRouter(prefix="/api/v1/memory", tags=["files"], dependencies=[Protected])


class File(BaseModel):
    """A document."""

    id: UUID
    path: str = Field(description="Relative to its source's location.", examples=["guides/onboarding.md"])
    title: str
    source: str = Field(description="The source's name.")
    media_type: str
    size: int
    version: str | None = Field(description="The SHA-256 of its bytes; null if they could not be read.")
    state: str = Field(description="live, quarantined or skipped", examples=["live"])
    reason: str | None = Field(default=None, description="Why it is in quarantine.")
    updated_at: datetime


class FileWithBlocks(File):
    """A document and a page of its blocks."""

    blocks: list[Block]
    next_cursor: str | None


class Removing(BaseModel):
    """A removal that was taken on."""

    receipt_id: UUID


@router.get("/files", responses=responses(404, 422))
def list_files(
    request: Request,
    platform: ThePlatform,
    caller: TheCaller,
    space: Annotated[str, Query(examples=["handbook"])],
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[File]:
    """The documents of a space by path, those in quarantine included."""
    after = decode_path(cursor)
    spaces.check_name(space)
    with platform.enter(caller, space, timeout_s=TIMEOUT_S) as (connection, row):
        rows = reading.files(connection, row["id"], after, limit + 1)
    page, next_cursor = cut(rows, limit, lambda row: (row["path"], row["id"]))
    note_audit(request, space=space, documents=[row["id"] for row in page])
    return Page(items=[File(**row) for row in page], next_cursor=next_cursor)


@router.get("/file/{document_id}", responses=responses(404, 422))
def get_file(
    document_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller, limit: Limit = 20, cursor: Cursor = None
) -> FileWithBlocks:
    """A document and a page of its blocks in reading order."""
    after = decode_order(cursor)
    row, blocks = platform.look(
        caller,
        lambda connection: (
            reading.file(connection, document_id),
            reading.blocks(connection, document_id, after, limit + 1),
        ),
        TIMEOUT_S,
    )
    note_audit(request, space_id=row["space_id"], documents=[document_id])
    page, next_cursor = cut(blocks, limit, lambda block: (block.order,))
    return FileWithBlocks(**row, blocks=page, next_cursor=next_cursor)


@router.get(
    "/file/{document_id}/raw",
    response_class=StreamingResponse,
    responses={
        **responses(404, 422),
        200: {
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The bytes, in the document's own media type.",
        },
    },
)
def get_raw(document_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller) -> StreamingResponse:
    """The document's bytes as they were read, as an attachment."""
    row = platform.look(caller, lambda connection: reading.raw(connection, document_id), TIMEOUT_S)
    note_audit(request, space_id=row["space_id"], documents=[document_id])
    if not platform.objects.exists(row["space_id"], row["sha256"]):
        raise NotFound(f"The bytes of document {document_id} are not in the object store.")
    return StreamingResponse(
        platform.objects.stream(row["space_id"], row["sha256"]),
        media_type=_media_type(row),
        headers={
            "Content-Length": str(row["size"]),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row['path'].rsplit('/', 1)[-1], safe='')}",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{row["sha256"].hex()}"',
        },
    )


@router.delete("/file/{document_id}", status_code=202, responses=responses(403, 404, 422))
def delete_file(
    document_id: UUID, request: Request, platform: ThePlatform, launcher: Launcher, caller: TheCaller
) -> Removing:
    """Hides a document at once and has it removed from every store; the receipt says when that is done."""
    asked = platform.look(caller, lambda connection: removal.request_removal(connection, document_id), TIMEOUT_S)
    note_audit(request, space=asked.space)
    start_ingest(platform, launcher, caller, asked.space)
    return Removing(receipt_id=asked.receipt_id)


def _media_type(row: dict[str, Any]) -> str:
    media_type: str = row["media_type"]
    is_header = media_type.isascii() and media_type.isprintable() and "/" in media_type
    return media_type if is_header else "application/octet-stream"

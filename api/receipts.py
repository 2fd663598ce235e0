"""Receipts: proof that a document has left every store."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from resources.postgres import reading

router = APIRouter(prefix="/api/v1/memory/receipts", tags=["receipts"], dependencies=[Protected])


class StoreReceipt(BaseModel):
    """What was taken out of one store, and what a look afterwards found left."""

    removed: int = 0
    remaining: int | None = Field(default=None, description="Null until somebody looked.")
    checked_at: datetime | None = None


class Stores(BaseModel):
    """Every store that may hold something of a document."""

    postgres: StoreReceipt = StoreReceipt()
    vectors: StoreReceipt = StoreReceipt()
    lexical: StoreReceipt = StoreReceipt()
    objects: StoreReceipt = StoreReceipt()
    cache: StoreReceipt = StoreReceipt()


class Receipt(BaseModel):
    """The removal of a document."""

    document_id: UUID
    path: str
    run_id: str | None = Field(description="The run that removed it, once it began.")
    requested_at: datetime
    deleted_at: datetime | None
    stores: Stores
    complete: bool = Field(description="Whether nothing remains anywhere.")


@router.get("/{receipt_id}", responses=responses(404, 422))
def get_receipt(receipt_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller) -> Receipt:
    """How far the removal of a document is."""
    found = platform.look(caller, lambda connection: reading.receipt(connection, receipt_id), TIMEOUT_S)
    note_audit(request, space_id=found["space_id"], documents=[found["document_id"]])
    return Receipt.model_validate(found)

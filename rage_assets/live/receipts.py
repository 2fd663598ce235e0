"""Deletion receipts: what is left of a deleted document in each store, looked up there afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rage_assets.lexical.index import left_in
from rage_assets.lexical.indexes import Indexes
from rage_assets.work import Work
from resources.postgres import garbage


def check_receipts(work: Work, open_indexes: Callable[[], Indexes]) -> int:
    """Completes every receipt whose document is gone from all stores; returns how many were looked at.

    Where the lexical engine does not answer, none is: a later run looks again.
    """
    with work.transaction() as connection:
        receipts = garbage.open_receipts(connection, work.space_id)
    if not receipts:
        return 0
    entries = left_in(open_indexes(), [receipt["document_id"] for receipt in receipts])
    if entries is None:
        return 0
    for receipt in receipts:
        with work.transaction() as connection:
            left = garbage.remaining_rows(connection, work.space_id, receipt)
            sha256 = receipt["sha256"]  # none where the document was refused unread
            bytes_left = sha256 is not None and work.platform.objects.exists(work.space_id, sha256)
            garbage.complete_receipt(connection, receipt["id"], _stores(receipt, left, bytes_left, entries))
    return len(receipts)


def _stores(
    receipt: dict[str, Any], left: dict[str, int], bytes_left: bool, entries: dict[UUID, int]
) -> dict[str, dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    removed = receipt["removed"]
    in_use = bytes_left and left["same_bytes"] > 0  # another document has the same bytes, and keeps them
    return {
        "postgres": {"removed": removed.get("rows", 0), "remaining": left["rows"], "checked_at": now},
        "vectors": {
            "removed": len(receipt["text_hashes"]) - left["shared"],
            "remaining": left["vectors"],
            "checked_at": now,
        },
        "lexical": {
            "removed": removed.get("passages", 0),
            "remaining": entries[receipt["document_id"]],
            "checked_at": now,
        },
        "objects": {"removed": int(not bytes_left), "remaining": int(bytes_left and not in_use), "checked_at": now},
        # cached results carry the space's epoch, which the removal raised: none of them can be reached
        "cache": {"removed": 0, "remaining": 0, "checked_at": now},
    }

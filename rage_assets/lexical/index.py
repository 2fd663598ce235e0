"""The lexical stage: adds what is staged, and heals what an earlier run left different from the truth."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from rage_assets.lexical.indexes import Indexes
from rage_assets.work import Work
from resources.lexical.protocol import LexicalIndex, LexicalUnavailable
from resources.postgres import index_versions, outbox, spaces, staged_texts, staging
from resources.postgres.index_versions import IndexVersion

# Locks on a space (`SpaceLocks`): held by whoever writes to its indexes, and by whoever builds them anew.
LOCK, REBUILD_LOCK = "lexical", "lexical-rebuild"
_HEALED_TOGETHER = 500
_LOOKED_UP_SINGLY = 64
# What is so is made anew. An engine that does not answer now may still have it whole.
_LOST = frozenset({"missing", "broken", "format"})


def open_indexes(work: Work) -> Indexes:
    """The index of every version, for this run alone until `close_indexes`; one that is missing or broken is made anew.

    A missing one is told from an empty one by what it should hold.
    """
    work.platform.locks.take(work.space_id, LOCK)
    with work.transaction() as connection:
        versions = index_versions.kept(connection, work.space_id)
    indexes = Indexes({})
    for version in versions:
        try:
            indexes.opened[version.id] = _open(work, version)
        except LexicalUnavailable as error:
            indexes.lost[version.id] = error
    return indexes


def _open(work: Work, version: IndexVersion) -> LexicalIndex:
    try:
        index = work.platform.lexical(work.space_id, version.id)
        with work.transaction() as connection:
            expected = outbox.count_live(connection, version.id)
            noted = outbox.is_noted(connection, work.space_id)
        # where documents are noted, the counts may differ, and those documents are healed one by one
        if noted or index.count() == expected:
            return index
    except LexicalUnavailable as error:
        if error.reason not in _LOST:
            raise
    with work.transaction() as connection:
        outbox.note_all(connection, work.space_id, behind=version.live)
    work.platform.destroy_lexical(work.space_id, version.id)
    return work.platform.lexical(work.space_id, version.id, create=True)


def close_indexes(work: Work) -> None:
    """Lets others write to the indexes."""
    work.platform.forget_lexical(work.space_id)
    work.platform.locks.release(work.space_id, LOCK)


def index_staged(work: Work) -> dict[str, int]:
    """Adds the passages of embedded documents, beside those of their live versions, which publication removes.

    Where the engine does not answer they go on all the same, noted as behind.

    Returns:
        Counts: `documents`, `passages`, `healed` (documents whose entries differed from the truth), `behind`.
    """
    totals = {"documents": 0, "passages": 0, "healed": 0, "behind": 0}
    indexes = open_indexes(work)
    try:
        totals["healed"] = heal(work, indexes)
        for batch in work.batches("embedded"):
            ids = [row["id"] for row in batch]
            with work.transaction() as connection:
                outbox.note(connection, work.space_id, ids)
            passages = _Counted(staged_texts.stream_passages(work.transaction, ids))
            behind = not indexes.add([row["version_id"] for row in batch], passages)
            with work.transaction() as connection:
                outbox.set_behind(connection, ids, behind)
                staging.set_stage(connection, ids, "indexed")
            totals["documents"] += len(batch)
            totals["passages"] += passages.count
            totals["behind"] += len(batch) if behind else 0
            work.progress("index", totals["documents"], None)
    finally:
        close_indexes(work)
    return totals


class _Counted:
    """Rows, and how many of them were taken."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def heal(work: Work, indexes: Indexes) -> int:
    """Brings the entries of noted documents back to the live truth, as long as the engine takes them.

    What searches remember of the index as it was is not given again.
    """
    healed = 0
    while indexes.whole:
        with work.transaction() as connection:
            ids = outbox.pending(connection, work.space_id, _HEALED_TOGETHER)
            if not ids or not indexes.replace(ids, outbox.live_passages(connection, ids)):
                break
        with work.transaction() as connection:
            outbox.cross_off(connection, ids)
            spaces.bump_epoch(connection, work.space_id)
        healed += len(ids)
    return healed


def left_in(indexes: Indexes, documents: Iterable[UUID]) -> dict[UUID, int] | None:
    """How many entries of these documents are left in all indexes; None where an index does not answer."""
    left = dict.fromkeys(documents, 0)
    prefixes = [""] if len(left) > _LOOKED_UP_SINGLY else [document.hex for document in left]
    try:
        for index in indexes.opened.values():
            for prefix in prefixes:
                for document, _, passages in index.document_versions(prefix):
                    if document in left:
                        left[document] += passages
    except LexicalUnavailable:
        return None
    return left if indexes.whole else None

"""The lexical stage: adds what is staged, and heals what an earlier run left different from the truth."""

import shutil
from typing import Any
from uuid import UUID

from rage_assets.work import Work
from resources.lexical.protocol import LexicalIndex, LexicalPassage, LexicalUnavailable
from resources.postgres import outbox, staging

_LOCK = "lexical"
_HEALED_TOGETHER = 500


def open_index(work: Work) -> LexicalIndex:
    """The index, for this run alone until `close_index`; one that is missing or broken is made anew and refilled.

    A missing one is told from an empty one by what it should hold.
    """
    work.platform.lock(work.space_id, _LOCK)
    try:
        index = work.platform.lexical(work.space_id)
        with work.transaction() as connection:
            expected = outbox.count_live(connection, work.space_id)
            behind = outbox.is_noted(connection, work.space_id)
        # where documents are noted, the counts may differ, and those documents are healed one by one
        if behind or index.count() == expected:
            return index
    except LexicalUnavailable:
        pass
    work.platform.forget_lexical(work.space_id)
    with work.transaction() as connection:
        outbox.note_all(connection, work.space_id)
    shutil.rmtree(work.platform.lexical_path(work.space_id), ignore_errors=True)
    return work.platform.lexical(work.space_id, create=True)


def close_index(work: Work) -> None:
    """Lets others write to the index."""
    work.platform.forget_lexical(work.space_id)
    work.platform.unlock(work.space_id, _LOCK)


def index_staged(work: Work) -> dict[str, int]:
    """Adds the passages of embedded documents, beside those of their live versions, which publication removes.

    Returns:
        Counts: `documents`, `passages`, `healed` (documents whose entries differed from the truth).
    """
    totals = {"documents": 0, "passages": 0, "healed": 0}
    index = open_index(work)
    try:
        totals["healed"] = _heal(work, index)
        for batch in work.batches("embedded"):
            ids = [row["id"] for row in batch]
            with work.transaction() as connection:
                outbox.note(connection, work.space_id, ids)
                passages = staging.passages_of(connection, ids)
            index.delete_versions(row["version_id"] for row in batch)
            index.add(map(_entry, passages))
            index.commit()
            with work.transaction() as connection:
                staging.set_stage(connection, ids, "indexed")
            totals["documents"] += len(batch)
            totals["passages"] += len(passages)
            work.progress("index", totals["documents"], None)
    finally:
        close_index(work)
    return totals


def _heal(work: Work, index: LexicalIndex) -> int:
    """Brings the entries of noted documents back to the live truth."""
    healed = 0
    while True:
        with work.transaction() as connection:
            ids = outbox.pending(connection, work.space_id, _HEALED_TOGETHER)
            passages = outbox.live_passages(connection, ids)
        if not ids:
            return healed
        replace(index, ids, passages)
        with work.transaction() as connection:
            outbox.cross_off(connection, ids)
        healed += len(ids)


def replace(index: LexicalIndex, ids: list[UUID], passages: list[dict[str, Any]]) -> None:
    """Makes the entries of these documents exactly `passages`."""
    index.delete_documents(ids)
    index.add(map(_entry, passages))
    index.commit()


def _entry(row: dict[str, Any]) -> LexicalPassage:
    section = " > ".join(row["section"])
    text = row["text"]
    return LexicalPassage(
        id=row["id"],
        document_id=row["document_id"],
        version_id=row["version_id"],
        title=row["title"],
        section=section,
        # the section path stands above the passage's text for the embedder; here it has a field of its own
        text=text.split("\n", 1)[1] if section and "\n" in text and section.startswith(text.split("\n", 1)[0]) else text,
        path=row["path"],
    )

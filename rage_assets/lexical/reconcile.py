"""Compares Postgres with the lexical index of every version, by document and version, and repairs what differs.

Both sides are read in pieces, by the first digits of the documents' ids, so that memory does not grow with the space. What
a run has staged is that run's matter and left alone.
"""

from typing import NamedTuple
from uuid import UUID

from rage_assets.lexical.index import REBUILD_LOCK, close_indexes, heal, open_indexes
from rage_assets.lexical.indexes import Indexes
from rage_assets.work import Progress, Work, no_progress
from resources.lexical.opening import point_alias, remove_unread
from resources.lexical.protocol import LexicalIndex
from resources.platform import Platform
from resources.postgres import index_versions, outbox, spaces

_DOCUMENTS_TOGETHER = 10_000


class Difference(NamedTuple):
    """How an index differs from the truth.

    Attributes:
        documents: Those of which entries are missing or superfluous.
        missing: Entries that are not there.
        superfluous: Entries of what is not live any more.
    """

    documents: set[UUID]
    missing: int
    superfluous: int


def reconcile(work: Work) -> dict[str, int]:
    """Makes the indexes of a space hold what Postgres says.

    Returns:
        Counts: `missing` and `superfluous` entries, `repaired` documents, `behind` (documents that are still so).

    Raises:
        LexicalUnavailable: An index does not answer.
    """
    totals = {"missing": 0, "superfluous": 0, "repaired": 0, "behind": 0}
    indexes = open_indexes(work)
    try:
        _clear_away(work, indexes)
        totals["repaired"] = heal(work, indexes)  # what is noted already is not counted as a difference
        with work.transaction() as connection:
            live = [version.id for version in index_versions.kept(connection, work.space_id) if version.live]
        for version, index in list(indexes.opened.items()):
            for prefix in prefixes(work):
                found = difference(work, version, index, prefix)
                totals["missing"] += found.missing
                totals["superfluous"] += found.superfluous
                if found.documents:
                    with work.transaction() as connection:
                        outbox.note(connection, work.space_id, sorted(found.documents))
                        if found.missing and version in live:
                            outbox.set_behind(connection, sorted(found.documents), True)
            totals["repaired"] += heal(work, indexes)
            if version in live:
                point_alias(work.platform.settings, work.space_id, version)
        return totals | {"behind": _ended(work, indexes)}
    finally:
        close_indexes(work)


def _clear_away(work: Work, indexes: Indexes) -> None:
    """Removes what killed rebuilds left; while one goes on, nothing."""
    if work.platform.locks.take(work.space_id, REBUILD_LOCK, wait=False):
        try:
            for version in indexes.opened:
                remove_unread(work.platform.settings, work.space_id, version)
        finally:
            work.platform.locks.release(work.space_id, REBUILD_LOCK)


def _ended(work: Work, indexes: Indexes) -> int:
    with work.transaction() as connection:
        behind = outbox.is_behind(connection, work.space_id)
    for error in indexes.lost.values():
        raise error
    return int(behind)


def prefixes(work: Work) -> list[str]:
    """The beginnings of documents' ids that part a space into pieces of some thousands of documents."""
    with work.transaction() as connection:
        count = outbox.count_documents(connection, work.space_id)
    digits = 0
    while count > _DOCUMENTS_TOGETHER * 16**digits:
        digits += 1
    return [f"{number:0{digits}x}" for number in range(16**digits)] if digits else [""]


def difference(work: Work, version: UUID, index: LexicalIndex, prefix: str) -> Difference:
    """How the index of a version differs from the truth in documents whose ids begin with `prefix`.

    Raises:
        LexicalUnavailable: The index does not answer.
    """
    with work.transaction() as connection:
        truth = outbox.live_versions(connection, version, prefix)
        found: dict[tuple[UUID, UUID], int] = {}
        for document, document_version, passages in index.document_versions(prefix):
            found[document, document_version] = passages
        pairs = {pair for pair in truth.keys() | found.keys() if truth.get(pair, 0) != found.get(pair, 0)}
        staged = outbox.staged(connection, list({document for document, _ in pairs}))
    pairs = {(document, each) for document, each in pairs if document not in staged}
    gaps = [truth.get(pair, 0) - found.get(pair, 0) for pair in pairs]
    missing, superfluous = sum(gap for gap in gaps if gap > 0), -sum(gap for gap in gaps if gap < 0)
    return Difference({document for document, _ in pairs}, missing, superfluous)


def whole_space(platform: Platform, name: str, run_id: str, progress: Progress = no_progress) -> Work:
    """The work on all of a space, beside the runs that hold its shards.

    Raises:
        NotFound: There is no such space.
        Conflict: It is on its way to another database.
    """
    with platform.database.transaction() as connection:
        row = spaces.identify(connection, name)
    spaces.check_still(row)
    return Work(platform, row["id"], name, [], row["shards"], run_id, progress, row["database"])

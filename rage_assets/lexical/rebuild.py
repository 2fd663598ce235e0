"""Builds the lexical indexes of a space anew in the configured engine, beside those that are read, and switches.

Ingestions go on meanwhile: what they change is found in a last comparison, under the lock, before the switch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from uuid import UUID

from rage_assets.lexical.index import LOCK, REBUILD_LOCK
from rage_assets.lexical.indexes import entry
from rage_assets.lexical.reconcile import difference, prefixes
from rage_assets.work import Work
from resources.errors import Conflict
from resources.lexical.opening import open_beside, point_alias, remove_unread
from resources.lexical.protocol import NewLexicalIndex
from resources.postgres import index_versions, outbox, spaces, staged_texts
from resources.postgres.index_versions import IndexVersion

_DOCUMENTS_TOGETHER = 200


def rebuild(work: Work) -> dict[str, int]:
    """Builds the index of every version of a space anew, the live one first.

    Returns:
        Counts: `versions` and `passages`.

    Raises:
        Conflict: Another rebuild of the space goes on.
        LexicalUnavailable: The engine does not take them; the indexes that are read are as they were.
    """
    with _rebuilding(work):
        return _rebuild(work)


@contextmanager
def _rebuilding(work: Work) -> Iterator[None]:
    """Lets one process alone rebuild the indexes of the space, until it ends, however it does."""
    if not work.platform.locks.take(work.space_id, REBUILD_LOCK, wait=False):
        raise Conflict(f"The lexical indexes of {work.space} are being rebuilt already.", hint="Wait until that has ended.")
    try:
        yield
    finally:
        work.platform.locks.release(work.space_id, REBUILD_LOCK)


def _rebuild(work: Work) -> dict[str, int]:
    totals = {"versions": 0, "passages": 0}
    with work.transaction() as connection:
        versions = index_versions.kept(connection, work.space_id)
    for version in versions:
        remove_unread(work.platform.settings, work.space_id, version.id)  # nobody but a killed rebuild has left any
        index = open_beside(work.platform.settings, work.space_id, version.id)
        try:
            totals["passages"] += _fill(work, version, index)
            _switch(work, version, index)
        except BaseException:
            index.discard()
            raise
        totals["versions"] += 1
    return totals


def _fill(work: Work, version: IndexVersion, index: NewLexicalIndex) -> int:
    added, after = 0, UUID(int=0)
    with work.transaction() as connection:
        count = outbox.count_live(connection, version.id)
    while True:
        with work.transaction() as connection:
            ids = outbox.document_ids(connection, work.space_id, after, _DOCUMENTS_TOGETHER)
            if not ids:
                index.commit()
                return added
            added += index.add(map(entry, outbox.live_passages(connection, ids, version.id)))
        after = ids[-1]
        work.progress("rebuild", added, max(count, added))


def _switch(work: Work, version: IndexVersion, index: NewLexicalIndex) -> None:
    work.platform.locks.take(work.space_id, LOCK)
    try:
        for prefix in prefixes(work):
            ids = sorted(difference(work, version.id, index, prefix).documents)
            for start in range(0, len(ids), _DOCUMENTS_TOGETHER):
                _replace(work, version.id, index, ids[start : start + _DOCUMENTS_TOGETHER])
        with work.transaction() as connection:
            staged = outbox.indexed(connection, work.space_id)
        for start in range(0, len(staged), _DOCUMENTS_TOGETHER):
            _replace(work, version.id, index, staged[start : start + _DOCUMENTS_TOGETHER])
        index.commit()
        work.platform.forget_lexical(work.space_id)
        index.take_place()
        with work.transaction() as connection:
            spaces.bump_epoch(connection, work.space_id)
        if version.live:
            point_alias(work.platform.settings, work.space_id, version.id)
    finally:
        work.platform.locks.release(work.space_id, LOCK)


def _replace(work: Work, version: UUID, index: NewLexicalIndex, ids: list[UUID]) -> None:
    """Brings in what changed since the index was filled: what is live, and what is indexed and goes live next."""
    with work.transaction() as connection:
        staged = (row for row in staged_texts.stream_passages(work.transaction, ids) if row["index_version"] == version)
        index.delete_documents(ids)
        index.add(map(entry, chain(outbox.live_passages(connection, ids, version), staged)))

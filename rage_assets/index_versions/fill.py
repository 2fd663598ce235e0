"""Fills an index version with what was live before it was created, out of stored blocks, batch by batch.

Ingestions go on meanwhile and keep the version current with whatever they publish, so that only documents of which it has
nothing are left to do. Each batch is one transaction under the lock of the lexical indexes: killed anywhere, the work
goes on where it ended.
"""

from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.embeddings.checks import LENGTH_TOLERANCE
from rage_assets.embeddings.embed import Made, make
from rage_assets.lexical.index import LOCK
from rage_assets.lexical.indexes import Indexes
from rage_assets.work import Work
from resources.embedding import Embedder
from resources.errors import Conflict, RageError
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import garbage, index_filling, index_versions, outbox, vectors
from resources.postgres.database import Connection
from resources.postgres.index_filling import Place
from resources.postgres.index_versions import IndexVersion

# A document that changes over and over while it is being embedded is published complete by whoever changes it.
_MOST_ROUNDS = 20


class Filled(NamedTuple):
    """How much was made: documents, passages, texts that got a vector."""

    documents: int = 0
    passages: int = 0
    embedded: int = 0

    def plus(self, other: "Filled") -> "Filled":
        """Both together."""
        return Filled(*(mine + others for mine, others in zip(self, other, strict=True)))


class _Batch(NamedTuple):
    """Documents with their passages, and vectors for the texts that had none."""

    documents: list[dict[str, Any]]
    made: Made
    hashes: list[bytes]
    encoded: NDArray[np.float32] | None


def fill(work: Work, version: IndexVersion, embedder: Embedder) -> Filled:
    """Brings every live document into a version.

    Raises:
        RageError: The model fails; the version is given up, and says why.
        Conflict: The version was given up or dropped meanwhile.
    """
    settings, done = work.platform.settings, Filled()
    with work.transaction() as connection:
        total = index_versions.count_lacking(connection, work.space_id, version.id)
    for _ in range(_MOST_ROUNDS):
        after, found = Place(), False
        while True:
            with work.transaction() as connection:
                documents = index_filling.lacking(
                    connection,
                    work.space_id,
                    version.id,
                    after,
                    settings.batch_documents,
                    settings.batch_bytes,
                )
            if not documents:
                break
            found, after = True, Place(documents[-1]["path"], documents[-1]["id"])
            done = done.plus(_save(work, version, _encoded(work, version, embedder, documents)))
            work.progress("build", done.documents, max(total, done.documents))
        if not found:
            return done
    raise RageError(
        f"Documents of {work.space} change faster than the index version {version.id} is filled.",
        hint="Give the command again: it goes on where it ended.",
    )


def _encoded(work: Work, version: IndexVersion, embedder: Embedder, documents: list[dict[str, Any]]) -> _Batch:
    """Makes passages and vectors of a batch; no lock is held meanwhile."""
    with work.transaction() as connection:
        blocks = index_filling.blocks_of(connection, [row["id"] for row in documents])
    try:
        parts = list(make(version, embedder, documents, blocks))
        made = Made(
            [row for part in parts for row in part.rows], {k: text for part in parts for k, text in part.texts.items()}
        )
        with work.transaction() as connection:
            hashes = vectors.missing(connection, version.id, list(made.texts))
        encoded = embedder.encode([made.texts[key] for key in hashes]) if hashes else None
    except RageError:
        raise
    except Exception as error:  # whatever a model's runtime raises
        raise given_up(work, version, f"The model fails: {error}") from error
    flaw = _flaw(version, encoded) if encoded is not None else ""
    if flaw:
        raise given_up(work, version, flaw)
    return _Batch(documents, made, hashes, encoded)


def _flaw(version: IndexVersion, encoded: NDArray[np.float32]) -> str:
    """What is wrong with vectors, as the gate before publication judges them; nothing if they are sound."""
    if encoded.shape[1] != version.dimension:
        return f"The model gives vectors of {encoded.shape[1]} numbers, not of {version.dimension}."
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(encoded.astype(np.float64), axis=1)
    unsound = int(np.sum(~(np.abs(lengths - 1) <= LENGTH_TOLERANCE)))
    return f"{unsound} of {len(encoded)} vectors are not finite and of unit length." if unsound else ""


def _save(work: Work, version: IndexVersion, batch: _Batch) -> Filled:
    """Writes a batch, but for documents that changed since they were read."""
    platform = work.platform
    platform.lock(work.space_id, LOCK)  # whoever publishes or removes holds it, too
    try:
        with work.transaction() as connection:
            ids, filled = _write(work, connection, version, batch)
            noted = index_filling.note(connection, work.space_id, ids)
        indexes = Indexes({})
        try:
            indexes.opened[version.id] = platform.lexical(work.space_id, version.id, create=True)
        except LexicalUnavailable as error:
            indexes.lost[version.id] = error
        with work.transaction() as connection:
            rows = outbox.live_passages(connection, ids, version.id)
        # A run may have brought in what it publishes next: only the entries of these document versions are replaced. What
        # the engine does not take stays noted, and is brought in when it answers.
        if indexes.add([row["version_id"] for row in batch.documents if row["id"] in ids], rows):
            with work.transaction() as connection:
                outbox.cross_off(connection, noted)
        return filled
    finally:
        platform.forget_lexical(work.space_id)
        platform.unlock(work.space_id, LOCK)


def _write(work: Work, connection: Connection, version: IndexVersion, batch: _Batch) -> tuple[list[UUID], Filled]:
    garbage.share_stores(connection, work.space_id)
    index_versions.share(connection, work.space_id)
    _check_kept(connection, work, version)
    held = index_filling.hold(connection, {row["id"]: row["version_id"] for row in batch.documents})
    empty = set(held) - {row[1] for row in batch.made.rows}
    if empty:
        paths = [row["path"] for row in batch.documents if row["id"] in empty]
        raise given_up(work, version, f"The model makes no passages of {len(paths)} documents, such as {paths[0][:200]}.")
    rows = [row for row in batch.made.rows if row[1] in held]
    # what had a vector when the batch was read may have lost it with the last document of that text
    place = {key: index for index, key in enumerate(batch.hashes)}
    missing = vectors.missing(connection, version.id, [row[6] for row in rows])
    lost = set(missing) - set(place)
    incomplete = {row[1] for row in rows if row[6] in lost}
    rows = [row for row in rows if row[1] not in incomplete]
    wanted = {row[6] for row in rows}
    needed = [key for key in missing if key in place and key in wanted]
    if needed and batch.encoded is not None:
        vectors.save(connection, work.space_id, version.id, needed, batch.encoded[[place[key] for key in needed]])
    passages = index_filling.save_passages(connection, held, rows)
    ids = sorted({row[1] for row in rows})
    return ids, Filled(len(ids), passages, len(needed))


def _check_kept(connection: Connection, work: Work, version: IndexVersion) -> None:
    if not any(each.id == version.id for each in index_versions.kept(connection, work.space_id)):
        raise Conflict(
            f"The index version {version.id} was dropped or given up meanwhile.", hint="`rage index list` says why."
        )


def given_up(work: Work, version: IndexVersion, reason: str) -> RageError:
    """Says in a version's row why it is no longer kept current, and gives the error that ends its build."""
    with work.transaction() as connection:
        index_versions.give_up(connection, version.id, reason)
    return RageError(
        f"The index version {version.id} is given up: {reason}",
        hint="The live version and its documents are as they were. Build one with another model.",
    )

"""Fills an index version with what was live before it was created, out of stored blocks, batch by batch.

Ingestions go on meanwhile and keep the version current with whatever they publish, so that only documents of which it has
nothing are left to do. The vectors of a batch are written first, its passages in one transaction under the lock of the
lexical indexes: killed anywhere, the work goes on where it ended.
"""

from contextlib import nullcontext
from typing import Any, NamedTuple
from uuid import UUID

from rage_assets.embeddings.embed import make
from rage_assets.index_versions.building_model import BuildingModel, given_up
from rage_assets.lexical.index import LOCK
from rage_assets.lexical.indexes import Indexes
from rage_assets.work import Work
from resources.embedding import Embedder
from resources.errors import Conflict, RageError
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import garbage, index_filling, index_versions, outbox, staged_texts, vectors
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


def fill(work: Work, version: IndexVersion, embedder: Embedder) -> Filled:
    """Brings every live document into a version.

    Raises:
        RageError: The model fails; the version is given up, and says why.
        Conflict: The version was given up or dropped meanwhile.
    """
    settings, done, model = work.platform.settings, Filled(), BuildingModel(work, version, embedder)
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
            embedded = _embed(work, version, model, documents)
            done = done.plus(_save(work, version, model, documents)).plus(Filled(embedded=embedded))
            work.progress("build", done.documents, max(total, done.documents))
        if not found:
            with work.transaction() as connection:
                garbage.remove_orphaned_vectors(connection, work.space_id, version.id)
            return done
    raise RageError(
        f"Documents of {work.space} change faster than the index version {version.id} is filled.",
        hint="Give the command again: it goes on where it ended.",
    )


def _embed(work: Work, version: IndexVersion, model: BuildingModel, documents: list[dict[str, Any]]) -> int:
    """Gives the texts of a batch their vectors, part by part; no lock is held meanwhile. Returns how many it made."""
    embedded = 0
    blocks = staged_texts.stream_blocks(work.transaction, [row["id"] for row in documents], live=True)
    for made in make(version, model, documents, blocks):
        with work.transaction() as connection:
            hashes = vectors.missing(connection, version.id, list(made.texts))
        if not hashes:
            continue
        encoded = model.encode([made.texts[key] for key in hashes])
        with work.transaction() as connection:
            garbage.share_stores(connection, work.space_id)
            index_versions.share(connection, work.space_id)
            _check_kept(connection, work, version)
            vectors.save(connection, work.space_id, version.id, hashes, encoded)
        embedded += len(hashes)
    return embedded


def _save(work: Work, version: IndexVersion, model: BuildingModel, documents: list[dict[str, Any]]) -> Filled:
    """Writes the passages of a batch, but for documents that changed since they were listed."""
    platform = work.platform
    platform.locks.take(work.space_id, LOCK)  # whoever publishes or removes holds it, too
    try:
        with work.transaction() as connection:
            ids, filled = _write(work, connection, version, model, documents)
            noted = index_filling.note(connection, work.space_id, ids)
        indexes = Indexes({})
        try:
            indexes.opened[version.id] = platform.lexical(work.space_id, version.id, create=True)
        except LexicalUnavailable as error:
            indexes.lost[version.id] = error
        # A run may have brought in what it publishes next: only the entries of these document versions are replaced. What
        # the engine does not take stays noted, and is brought in when it answers.
        with work.transaction() as connection:
            rows = outbox.live_passages(connection, ids, version.id)
            taken = indexes.add([row["version_id"] for row in documents if row["id"] in ids], rows)
        if taken:
            with work.transaction() as connection:
                outbox.cross_off(connection, noted)
        return filled
    finally:
        platform.forget_lexical(work.space_id)
        platform.locks.release(work.space_id, LOCK)


def _write(
    work: Work, connection: Connection, version: IndexVersion, model: BuildingModel, documents: list[dict[str, Any]]
) -> tuple[list[UUID], Filled]:
    garbage.share_stores(connection, work.space_id)
    index_versions.share(connection, work.space_id)
    _check_kept(connection, work, version)
    held = index_filling.hold(connection, {row["id"]: row["version_id"] for row in documents})
    own = [row for row in documents if row["id"] in held]
    written: set[UUID] = set()
    passages = embedded = 0
    # made a second time, and not kept: of one large document they may be millions
    blocks = staged_texts.stream_blocks(lambda: nullcontext(connection), sorted(held), live=True)
    for made in make(version, model, own, blocks):
        # what had a vector may have lost it with the last document of that text
        lost = vectors.missing(connection, version.id, list(made.texts))
        if lost:
            encoded = model.encode([made.texts[key] for key in lost])
            vectors.save(connection, work.space_id, version.id, lost, encoded)
        passages += index_filling.save_passages(connection, held, made.rows)
        embedded += len(lost)
        written |= {row[1] for row in made.rows}
    if empty := [row["path"] for row in own if row["id"] not in written]:
        raise given_up(work, version, f"The model makes no passages of {len(empty)} documents, such as {empty[0][:200]}.")
    return sorted(written), Filled(len(written), passages, embedded)


def _check_kept(connection: Connection, work: Work, version: IndexVersion) -> None:
    if not any(each.id == version.id for each in index_versions.kept(connection, work.space_id)):
        raise Conflict(
            f"The index version {version.id} was dropped or given up meanwhile.", hint="`rage index list` says why."
        )

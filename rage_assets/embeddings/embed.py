"""The embeddings stage: makes passages and gives every text that has no vector one, for each index version kept current."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.embeddings.passages import Passage, make_passages
from rage_assets.work import Work
from resources import identity
from resources.embedding import Embedder
from resources.errors import InvalidSettings, RageError
from resources.logs import get_logger
from resources.postgres import garbage, index_versions, staging, vectors
from resources.postgres.index_versions import IndexVersion

_log = get_logger(__name__)


class Made(NamedTuple):
    """The passages of a batch for one index version: rows as they are staged, and the distinct texts by hash."""

    rows: list[tuple[Any, ...]]
    texts: dict[bytes, str]


class _Part(NamedTuple):
    """What one index version still owes a batch: the texts without a vector, under way."""

    version: IndexVersion
    hashes: list[bytes]
    encoded: Future[NDArray[np.float32]] | None


class _Batch(NamedTuple):
    ids: list[UUID]
    parts: list[_Part]


def embed_staged(work: Work) -> dict[str, int]:
    """Embeds the passages of every document that passed the gate; equal texts are embedded once.

    One batch is embedded while the next one's passages are made and the last one's vectors are written.

    Returns:
        Counts: `documents`, `passages` (of the live index version), `embedded`, `reused`.

    Raises:
        InvalidSettings: The live index version's model cannot be used.
    """
    totals = {"documents": 0, "passages": 0, "embedded": 0, "reused": 0}
    waiting: _Batch | None = None
    touched: set[UUID] = set()
    with ThreadPoolExecutor(1, "embed") as pool:
        for documents in work.batches("passed"):
            batch = _Batch([row["id"] for row in documents], [])
            for version, embedder in usable(work):
                made = _stage(work, version, embedder, documents)
                under_way = (
                    [key for part in waiting.parts if part.version.id == version.id for key in part.hashes]
                    if waiting
                    else []
                )
                hashes = _missing(work, version, made.texts, under_way)
                encoded = pool.submit(embedder.encode, [made.texts[key] for key in hashes]) if hashes else None
                batch.parts.append(_Part(version, hashes, encoded))
                totals["passages"] += len(made.rows) * version.live
                totals["reused"] += (len(made.rows) - len(hashes)) * version.live
                totals["embedded"] += len(hashes)
                # who builds a version makes its index at the end, when it is cheap, and no run waits for it
                touched |= {version.id} if hashes and not version.building else set()
            if waiting:
                _save(work, waiting)
            waiting = batch
            totals["documents"] += len(documents)
            work.progress("embed", totals["documents"], None)
        if waiting:
            _save(work, waiting)
    with work.transaction() as connection:
        work.count(connection, passages=totals["passages"], embedded=totals["embedded"])
    for each in sorted(touched):
        with work.transaction() as connection:  # of its own: a large index takes minutes
            vectors.ensure_index(connection, work.space_id, each)
    return totals


def usable(work: Work) -> list[tuple[IndexVersion, Embedder]]:
    """The index versions that are kept current with their embedders, the live one first.

    A version that does not answer and whose model cannot be used any more is given up, and says why; nothing else waits
    for it.

    Raises:
        InvalidSettings: The live version's model cannot be used.
    """
    with work.transaction() as connection:
        versions = index_versions.kept(connection, work.space_id)
    found = []
    for version in versions:
        try:
            found.append((version, _embedder(work, version)))
        except RageError as error:
            if version.live:
                raise
            _log.warning("index_version_given_up", space=work.space, version=str(version.id), reason=str(error))
            with work.transaction() as connection:
                index_versions.give_up(connection, version.id, str(error))
    return found


def _embedder(work: Work, version: IndexVersion) -> Embedder:
    embedder = work.platform.embedder_of(version.model)
    if embedder.dimension != version.dimension:
        raise InvalidSettings(
            f"The model {version.model} gives vectors of {embedder.dimension} numbers, the index version of "
            f"{work.space} was made with {version.dimension}.",
            hint="Give the old model back, or build another index version: `rage index build`.",
        )
    return embedder


def make(
    version: IndexVersion,
    embedder: Embedder,
    documents: Sequence[dict[str, Any]],
    blocks: Sequence[dict[str, Any]],
) -> Made:
    """The passages of documents (rows with `id` and `version_id`) out of their blocks, in one index version."""
    grouped: dict[UUID, list[dict[str, Any]]] = {row["id"]: [] for row in documents}
    for block in blocks:
        grouped[block["document_id"]].append(block)
    texts: dict[bytes, str] = {}
    rows = []
    for document in documents:
        for order, passage in enumerate(make_passages(grouped[document["id"]], embedder.window, embedder.token_spans)):
            key = identity.text_hash(passage.text)
            texts[key] = passage.text
            rows.append(_row(version, document, order, passage, key))
    return Made(rows, texts)


def _row(version: IndexVersion, document: dict[str, Any], order: int, passage: Passage, key: bytes) -> tuple[Any, ...]:
    return (
        version.id,
        document["id"],
        identity.passage_id(document["version_id"], version.id, order),
        order,
        passage.section,
        passage.text,
        key,
        passage.block_ids,
        passage.types,
        passage.languages,
    )


def _stage(work: Work, version: IndexVersion, embedder: Embedder, documents: list[dict[str, Any]]) -> Made:
    """Writes the passages of a batch for one version."""
    ids = [row["id"] for row in documents]
    with work.transaction() as connection:
        made = make(version, embedder, documents, staging.blocks_of(connection, ids))
    with work.transaction() as connection:
        connection.execute(
            "DELETE FROM staged_passages WHERE document_id = ANY(%s) AND index_version = %s", (ids, version.id)
        )
        staging.save_passages(connection, work.space_id, made.rows)
        garbage.note_texts(connection, work.space_id, list(made.texts))
    return made


def _missing(work: Work, version: IndexVersion, texts: dict[bytes, str], under_way: list[bytes]) -> list[bytes]:
    with work.transaction() as connection:
        hashes = vectors.missing(connection, version.id, list(texts))
    pending = set(under_way)
    return [key for key in hashes if key not in pending]


def _save(work: Work, batch: _Batch) -> None:
    """Writes the vectors; documents that a version was created for meanwhile are left to be embedded again."""
    encoded = [(part, part.encoded.result()) for part in batch.parts if part.encoded]
    with work.transaction() as connection:
        garbage.share_stores(connection, work.space_id)
        index_versions.share(connection, work.space_id)
        kept = {version.id for version in index_versions.kept(connection, work.space_id)}
        for part, made in encoded:
            if part.version.id in kept:
                vectors.save(connection, work.space_id, part.version.id, part.hashes, made)
        if kept <= {part.version.id for part in batch.parts}:
            staging.set_stage(connection, batch.ids, "embedded")

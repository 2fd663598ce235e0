"""The embeddings stage: makes passages and gives every text that has no vector one."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.embeddings.passages import Passage, make_passages
from rage_assets.work import Work
from resources import identity
from resources.errors import InvalidSettings
from resources.postgres import garbage, staging, vectors

_Vectors = NDArray[np.float32]


def embed_staged(work: Work) -> dict[str, int]:
    """Embeds the passages of every document that passed the gate; equal texts are embedded once.

    One batch is embedded while the next one's passages are made and the last one's vectors are written.

    Returns:
        Counts: `documents`, `passages`, `embedded`, `reused`.

    Raises:
        InvalidSettings: The configured model is not the one of the space's index version.
    """
    with work.transaction() as connection:
        version = vectors.index_version(connection, work.space_id)
    totals = {"documents": 0, "passages": 0, "embedded": 0, "reused": 0}
    waiting: tuple[list[UUID], list[bytes], Future[_Vectors] | None] | None = None
    with ThreadPoolExecutor(1, "embed") as pool:
        for batch in work.batches("passed"):
            _same_model(work, version)
            texts, passages = _make(work, batch)
            hashes = _missing(work, version["id"], texts, waiting[1] if waiting else [])
            future = pool.submit(work.platform.embedder.encode, [texts[key] for key in hashes]) if hashes else None
            if waiting:
                _save(work, version["id"], *waiting)
            waiting = ([row["id"] for row in batch], hashes, future)
            totals["documents"] += len(batch)
            totals["passages"] += passages
            totals["embedded"] += len(hashes)
            work.progress("embed", totals["documents"], None)
        if waiting:
            _save(work, version["id"], *waiting)
    totals["reused"] = totals["passages"] - totals["embedded"]
    with work.transaction() as connection:
        work.count(connection, passages=totals["passages"], embedded=totals["embedded"])
        if totals["embedded"]:
            vectors.ensure_index(connection, work.space_id, version["id"])
    return totals


def _same_model(work: Work, version: dict[str, Any]) -> None:
    settings = work.platform.settings
    if version["model"] != settings.embedding_model or version["dimension"] != work.platform.embedder.dimension:
        raise InvalidSettings(
            f"The space {work.space} is embedded with {version['model']}, but RAGE_EMBEDDING_MODEL is "
            f"{settings.embedding_model}.",
            hint="Set it back, or create another space for the new model; nothing was changed.",
        )


def _make(work: Work, batch: list[dict[str, Any]]) -> tuple[dict[bytes, str], int]:
    """Writes the passages of a batch; returns their distinct texts by hash, and how many passages there are."""
    ids = [row["id"] for row in batch]
    with work.transaction() as connection:
        blocks = staging.blocks_of(connection, ids)
    embedder = work.platform.embedder
    grouped: dict[UUID, list[dict[str, Any]]] = {key: [] for key in ids}
    for block in blocks:
        grouped[block["document_id"]].append(block)
    texts: dict[bytes, str] = {}
    rows = []
    for document in batch:
        for order, passage in enumerate(make_passages(grouped[document["id"]], embedder.window, embedder.token_spans)):
            key = identity.text_hash(passage.text)
            texts[key] = passage.text
            rows.append(_row(document, order, passage, key))
    with work.transaction() as connection:
        connection.execute("DELETE FROM staged_passages WHERE document_id = ANY(%s)", (ids,))
        staging.save_passages(connection, work.space_id, rows)
        garbage.note_texts(connection, work.space_id, list(texts))
    return texts, len(rows)


def _row(document: dict[str, Any], order: int, passage: Passage, key: bytes) -> tuple[Any, ...]:
    return (
        document["id"],
        identity.passage_id(document["version_id"], order),
        order,
        passage.section,
        passage.text,
        key,
        passage.block_ids,
        passage.types,
        passage.languages,
    )


def _missing(work: Work, index_version: UUID, texts: dict[bytes, str], under_way: list[bytes]) -> list[bytes]:
    with work.transaction() as connection:
        hashes = vectors.missing(connection, index_version, list(texts))
    pending = set(under_way)
    return [key for key in hashes if key not in pending]


def _save(work: Work, index_version: UUID, ids: list[UUID], hashes: list[bytes], future: Future[_Vectors] | None) -> None:
    encoded = future.result() if future else None
    with work.transaction() as connection:
        garbage.share_stores(connection, work.space_id)
        if encoded is not None:
            vectors.save(connection, work.space_id, index_version, hashes, encoded)
        staging.set_stage(connection, ids, "embedded")

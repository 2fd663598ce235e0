"""The embeddings stage: makes passages and gives every text that has no vector one, for each index version kept current."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.embeddings.passages import Passage, stream_passages
from rage_assets.work import Work
from resources import identity
from resources.embedding import Embedder
from resources.errors import InvalidSettings, RageError
from resources.logs import get_logger
from resources.postgres import garbage, index_versions, staged_texts, staging, vectors
from resources.postgres.index_versions import IndexVersion

_log = get_logger(__name__)

_ROWS_TOGETHER = 4_000
# Parts that are embedded or wait for it; their texts and vectors are what an embedding holds in memory.
_AHEAD = 2


class Splitter(Protocol):
    """What of a model tells where texts are parted; for both see `Embedder`."""

    window: int

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """The places of tokens in texts."""
        ...


class Made(NamedTuple):
    """Passages for one index version: rows as they are staged, and the distinct texts by hash."""

    rows: list[tuple[Any, ...]]
    texts: dict[bytes, str]


class _Part(NamedTuple):
    """Texts without a vector in one index version, under way."""

    version: IndexVersion
    hashes: list[bytes]
    encoded: Future[NDArray[np.float32]]


def embed_staged(work: Work) -> dict[str, int]:
    """Embeds the passages of every document that passed the gate; equal texts are embedded once.

    Returns:
        Counts: `documents`, `passages` (of the live index version), `embedded`, `reused`.

    Raises:
        InvalidSettings: The live index version's model cannot be used.
    """
    totals: Counter[str] = Counter(documents=0, passages=0, embedded=0, reused=0)
    with Embedding(work, totals) as embedding:
        for documents in work.batches("passed"):
            embedding.embed(documents)
            totals["documents"] += len(documents)
            work.progress("embed", totals["documents"], None)
    with work.transaction() as connection:
        work.count(connection, passages=totals["passages"], embedded=totals["embedded"])
    # who builds a version makes its index at the end, when it is cheap, and no run waits for it
    for version, _ in usable(work) if totals["documents"] else ():
        if not version.building:
            with work.transaction() as connection:  # of its own: a large index takes minutes
                vectors.ensure_index(connection, work.space_id, version.id)
    return dict(totals)


class Embedding:
    """Makes passages and vectors of staged documents, a bounded part at a time.

    One part is embedded while the next one's passages are made and the last one's vectors are written.

    Attributes:
        totals: Counts what was done.
    """

    def __init__(self, work: Work, totals: Counter[str]) -> None:
        self._work = work
        self._pool = ThreadPoolExecutor(1, "embed")
        self._under_way: deque[_Part] = deque()
        self.totals = totals

    def __enter__(self) -> "Embedding":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def embed(self, documents: list[dict[str, Any]]) -> None:
        """Makes whatever these documents lack in the index versions that are kept current.

        Those that passed the gate move on, unless a version was created for them meanwhile.
        """
        work, ids = self._work, [row["id"] for row in documents]
        versions = usable(work)
        for version, embedder in versions:
            lacking = [row for row in documents if version.id not in row["made_for"]]
            if not lacking:
                continue
            for made in self._made(version, embedder, lacking):
                self._begin(version, embedder, made)
            self._finish_all()
            with work.transaction() as connection:
                staging.set_made(connection, [row["id"] for row in lacking], version.id)
        with work.transaction() as connection:
            index_versions.share(connection, work.space_id)
            kept = {version.id for version in index_versions.kept(connection, work.space_id)}
            if kept <= {version.id for version, _ in versions}:
                staging.set_embedded(connection, ids)

    def _made(self, version: IndexVersion, embedder: Embedder, documents: list[dict[str, Any]]) -> Iterator[Made]:
        """The passages of documents for one version, as they are written to staging."""
        work, ids = self._work, [row["id"] for row in documents]
        with work.transaction() as connection:
            connection.execute(
                "DELETE FROM staged_passages WHERE document_id = ANY(%s) AND index_version = %s", (ids, version.id)
            )
        blocks = staged_texts.stream_blocks(work.transaction, ids)
        for made in make(version, embedder, documents, blocks):
            with work.transaction() as connection:
                staged_texts.save_passages(connection, work.space_id, made.rows)
                garbage.note_texts(connection, work.space_id, list(made.texts))
            yield made

    def _begin(self, version: IndexVersion, embedder: Embedder, made: Made) -> None:
        """Has a part's texts embedded that have no vector."""
        with self._work.transaction() as connection:
            hashes = vectors.missing(connection, version.id, list(made.texts))
        pending = {key for part in self._under_way if part.version.id == version.id for key in part.hashes}
        hashes = [key for key in hashes if key not in pending]
        self.totals["passages"] += len(made.rows) * version.live
        self.totals["reused"] += (len(made.rows) - len(hashes)) * version.live
        self.totals["embedded"] += len(hashes)
        if not hashes:
            return
        encoded = self._pool.submit(embedder.encode, [made.texts[key] for key in hashes])
        self._under_way.append(_Part(version, hashes, encoded))
        if len(self._under_way) > _AHEAD:
            self._finish(self._under_way.popleft())

    def _finish_all(self) -> None:
        while self._under_way:
            self._finish(self._under_way.popleft())

    def _finish(self, part: _Part) -> None:
        """Writes a part's vectors, unless its version is not kept any more."""
        made, work = part.encoded.result(), self._work
        with work.transaction() as connection:
            garbage.share_stores(connection, work.space_id)
            index_versions.share(connection, work.space_id)
            if any(version.id == part.version.id for version in index_versions.kept(connection, work.space_id)):
                vectors.save(connection, work.space_id, part.version.id, part.hashes, made)


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
    model: Splitter,
    documents: Sequence[dict[str, Any]],
    blocks: Iterable[dict[str, Any]],
) -> Iterator[Made]:
    """The passages of documents in one index version, in parts of bounded size.

    Args:
        version: The index version.
        model: Its model.
        documents: Rows with `id` and `version_id`.
        blocks: Their blocks, by document and order.
    """
    version_of = {row["id"]: row["version_id"] for row in documents}
    made = Made([], {})
    for document, own in groupby(blocks, itemgetter("document_id")):
        for order, passage in enumerate(stream_passages(own, model.window, model.token_spans)):
            key = identity.text_hash(passage.text)
            made.texts[key] = passage.text
            made.rows.append(_row(version, document, version_of[document], order, passage, key))
            if len(made.rows) >= _ROWS_TOGETHER:
                yield made
                made = Made([], {})
    if made.rows:
        yield made


def _row(
    version: IndexVersion, document: UUID, document_version: UUID, order: int, passage: Passage, key: bytes
) -> tuple[Any, ...]:
    return (
        version.id,
        document,
        identity.passage_id(document_version, version.id, order),
        order,
        passage.section,
        passage.text,
        key,
        passage.block_ids,
        passage.types,
        passage.languages,
    )

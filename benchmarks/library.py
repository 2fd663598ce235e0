"""A space with very many passages, written straight into the stores as the pipeline leaves them.

Texts are recombined from real sentences. A tenth is embedded; each of the others differs from one of these in a
sentence, and its vector by noise of a like size. That is enough to measure speed, and says nothing of quality.
"""

import random
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import note
from benchmarks.homes import Home
from benchmarks.records import SEED, Record
from resources import identity
from resources.lexical.protocol import LexicalPassage
from resources.platform import Platform
from resources.postgres.database import Connection, copy_rows

_SENTENCES = 4
_BLOCKS_IN_A_PASSAGE = 2
_DOCUMENTS_TOGETHER = 200
_NOISE = 0.5  # the length of the noise beside a vector of length 1: cosine about .9


class Text(NamedTuple):
    """A passage's text, a line for each block, and the type and language of its blocks."""

    text: str
    type: str = "paragraph"
    language: str = "en"


class Written(NamedTuple):
    """A document to be written: where it lies, and its passages."""

    path: str
    source: UUID
    texts: Sequence[Text]


def build(home: Home, found: list[Record], passages: int, *, each: int = 10) -> list[str]:
    """Fills the space `bench` of a home with documents of `each` passages; returns the texts of the passages."""
    space = home.space(home.path)
    texts = _recombined(found, passages)
    with home.running("worker") as platform:
        note(f"embedding {passages // 10:,} texts, deriving {passages:,} vectors")
        vectors = _vectors(platform, texts)
        note("writing rows")
        _write(platform, space, texts, vectors, each)
        note("building the indexes")
        index(platform, space)
    return texts


def _recombined(found: list[Record], count: int) -> list[str]:
    """The first tenth are sentences drawn at random; each of the others repeats one of these but for one sentence."""
    chance = random.Random(SEED)
    split = re.compile(r"(?<=[.!?])\s+")
    sentences = [s for record in found if "code" not in record.set for s in split.split(record.text) if 30 < len(s) < 300]
    drawn = [chance.choices(sentences, k=_SENTENCES) for _ in range(count // 10)]
    for number in range(len(drawn), count):
        copy = list(drawn[number % (count // 10)])
        copy[chance.randrange(_SENTENCES)] = chance.choice(sentences)
        drawn.append(copy)
    half = _SENTENCES // _BLOCKS_IN_A_PASSAGE
    return ["\n".join((" ".join(each[:half]), " ".join(each[half:]))) for each in drawn]


def _vectors(platform: Platform, texts: list[str]) -> NDArray[np.float32]:
    embedded = platform.embedder.encode(texts[: len(texts) // 10])
    vectors = np.tile(embedded, (-(-len(texts) // len(embedded)), 1))[: len(texts)].copy()
    noise = np.random.default_rng(SEED).normal(size=vectors.shape).astype(np.float32)
    noise *= _NOISE / np.sqrt(vectors.shape[1])
    noise[: len(embedded)] = 0
    vectors += noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _write(platform: Platform, space: UUID, texts: list[str], vectors: NDArray[np.float32], each: int) -> None:
    from resources.postgres import spaces
    from resources.postgres import vectors as stored
    from resources.postgres.index_versions import kept

    with platform.database.transaction(space=space) as connection:
        source = connection.execute("SELECT id FROM sources").fetchall()[0]["id"]
        version = kept(connection, space)[0].id
    index = platform.lexical(space, version, create=True)
    order = np.random.default_rng(SEED).permutation(len(texts)).tolist()  # likes lie apart
    together = _DOCUMENTS_TOGETHER * each
    for start in range(0, len(order), together):
        rows = order[start : start + together]
        chosen = [texts[row] for row in rows]
        documents = [
            Written(f"{(start + at) // each:06d}.md", source, [Text(text) for text in chosen[at : at + each]])
            for at in range(0, len(chosen), each)
        ]
        with platform.database.transaction(space=space) as connection:
            index.add(write_documents(connection, space, version, documents))
            stored.save(connection, space, version, [identity.text_hash(text) for text in chosen], vectors[rows])
    index.commit()
    platform.forget_lexical(space)
    with platform.database.transaction(space=space) as connection:
        spaces.bump_epoch(connection, space)


def write_documents(
    connection: Connection, space: UUID, index_version: UUID, written: Sequence[Written], *, only_describe: bool = False
) -> list[LexicalPassage]:
    """Writes live documents with blocks and passages, by COPY; returns what the lexical index takes in.

    With `only_describe`, nothing is written.
    """
    documents: list[tuple[Any, ...]] = []
    blocks: list[tuple[Any, ...]] = []
    passages: list[tuple[Any, ...]] = []
    entries = []
    for each in written:
        document = identity.document_id(each.source, each.path)
        digest = identity.text_hash(each.path)
        version = identity.version_id(document, digest.hex(), "bench")
        title = each.texts[0].text.split(".")[0][:80]
        place = (space, each.source, each.path, 0, "live", title, "text/markdown", "en", 1, 1, digest, version)
        documents.append((document, *place, "bench", "bench", "bench"))
        number = 0
        for order, (text, kind, language) in enumerate(each.texts):
            ids: list[UUID] = []
            for part in text.split("\n"):
                ids.append(uuid5(document, str(number)))
                at = (ids[-1], space, document, each.source, version, number)
                blocks.append((*at, kind, part, language, None, [], "{}", "bench", "bench"))
                number += 1
            passage = identity.passage_id(version, index_version, order)
            row: tuple[Any, ...] = (passage, space, document, each.source, version, order, [], text)
            passages.append((*row, identity.text_hash(text), index_version, ids, [kind], [language]))
            entries.append(LexicalPassage(passage, document, version, title, "", text, each.path, ("en",)))
    if only_describe:
        return entries
    copy_rows(connection, "documents", _DOCUMENT, documents)
    copy_rows(connection, "blocks", _BLOCK, blocks)
    copy_rows(connection, "passages", _PASSAGE, passages)
    return entries


_PLACE = ("id", "space_id", "document_id", "source_id", "version_id", "order")
_FILE = ("id", "space_id", "source_id", "path", "shard", "state", "title", "media_type", "language", "size", "mtime_ns")
_DOCUMENT = (*_FILE, "sha256", "version_id", "parser", "run_id", "code_version")
_BLOCK = (*_PLACE, "type", "text", "language", "page", "section", "metadata", "run_id", "code_version")
_PASSAGE = (*_PLACE, "section", "text", "text_hash", "index_version", "block_ids", "types", "languages")


def index(platform: Platform, space: UUID) -> None:
    """The index on the vectors, and the statistics that autovacuum would have gathered by and by."""
    import psycopg

    from resources.postgres import index_versions, vectors

    with platform.database.transaction(space=space) as connection:
        vectors.ensure_index(connection, space, index_versions.kept(connection, space)[0].id)
    with psycopg.connect(platform.url("owner"), autocommit=True) as connection:
        connection.execute("SET search_path = rage, public")
        for table in ("documents", "blocks", "passages", "vectors"):
            connection.execute(f"VACUUM ANALYZE {table}")

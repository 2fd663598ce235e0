"""A space with very many passages, written straight into the stores as the pipeline leaves them.

Texts are recombined from real sentences. A tenth is embedded; each of the others differs from one of these in a
sentence, and its vector by noise of a like size. That is enough to measure speed, and says nothing of quality.
"""

import random
import re
from typing import Any
from uuid import UUID, uuid4, uuid5

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
        _index(platform, space)
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

    with platform.database.transaction(space=space) as connection:
        source = connection.execute("SELECT id FROM sources").fetchall()[0]["id"]
        version = stored.index_version(connection, space)["id"]
    index = platform.lexical(space, create=True)
    order = np.random.default_rng(SEED).permutation(len(texts)).tolist()  # likes lie apart
    together = _DOCUMENTS_TOGETHER * each
    for start in range(0, len(order), together):
        rows = order[start : start + together]
        chosen = [texts[row] for row in rows]
        with platform.database.transaction(space=space) as connection:
            index.add(_documents(connection, (space, source), start // each, chosen, each))
            stored.save(connection, space, version, [identity.text_hash(text) for text in chosen], vectors[rows])
    index.commit()
    platform.forget_lexical(space)
    with platform.database.transaction(space=space) as connection:
        spaces.bump_epoch(connection, space)


def _documents(
    connection: Connection, where: tuple[UUID, UUID], first: int, texts: list[str], each: int
) -> list[LexicalPassage]:
    """Writes documents with blocks and passages into a space and source; returns what the lexical index takes in."""
    space, source = where
    documents: list[tuple[Any, ...]] = []
    blocks: list[tuple[Any, ...]] = []
    passages: list[tuple[Any, ...]] = []
    entries = []
    for start in range(0, len(texts), each):
        path = f"{first + start // each:06d}.md"
        document, version = identity.document_id(source, path), uuid4()
        title = texts[start].split(".")[0][:80]
        digest = identity.text_hash(path)
        place = (space, source, path, 0, "live", title, "text/markdown", "en", 1, 1, digest, version)
        documents.append((document, *place, "bench", "bench", "bench"))
        for order, text in enumerate(texts[start : start + each]):
            ids: list[UUID] = []
            for part in text.split("\n"):
                number = order * _BLOCKS_IN_A_PASSAGE + len(ids)
                ids.append(uuid5(document, str(number)))
                at = (ids[-1], space, document, source, version, number)
                blocks.append((*at, "paragraph", part, "en", None, [], "{}", "bench", "bench"))
            passage = identity.passage_id(version, order)
            row: tuple[Any, ...] = (passage, space, document, source, version, order, [], text, identity.text_hash(text))
            passages.append((*row, ids, ["paragraph"], ["en"]))
            entries.append(LexicalPassage(passage, document, version, title, "", text, path))
    copy_rows(connection, "documents", _DOCUMENT, documents)
    copy_rows(connection, "blocks", _BLOCK, blocks)
    copy_rows(connection, "passages", _PASSAGE, passages)
    return entries


_PLACE = ("id", "space_id", "document_id", "source_id", "version_id", "order")
_FILE = ("id", "space_id", "source_id", "path", "shard", "state", "title", "media_type", "language", "size", "mtime_ns")
_DOCUMENT = (*_FILE, "sha256", "version_id", "parser", "run_id", "code_version")
_BLOCK = (*_PLACE, "type", "text", "language", "page", "section", "metadata", "run_id", "code_version")
_PASSAGE = (*_PLACE, "section", "text", "text_hash", "block_ids", "types", "languages")


def _index(platform: Platform, space: UUID) -> None:
    """The index on the vectors, and the statistics that autovacuum would have gathered by and by."""
    import psycopg

    from resources.postgres import vectors

    with platform.database.transaction(space=space) as connection:
        vectors.ensure_index(connection, space, vectors.index_version(connection, space)["id"])
    with psycopg.connect(platform.url("owner"), autocommit=True) as connection:
        connection.execute("SET search_path = rage, public")
        for table in ("documents", "blocks", "passages", "vectors"):
            connection.execute(f"VACUUM ANALYZE {table}")

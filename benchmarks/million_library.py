"""A space with a million passages, written batch by batch in bounded memory, and gone on with after a kill.

Every batch follows from its number alone. A passage joins two pairs of real sentences; its vector is that of a text which
says both: the mean of theirs, with a little noise. So likes lie near each other as they do in real collections, and what
an exact search finds can be worked out without reading anything back.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import note
from benchmarks.homes import SPACE, Home
from benchmarks.library import Text, Written, index, write_documents
from benchmarks.records import SEED, Record
from resources import identity
from resources.access import LOCAL_ADMIN
from resources.platform import Platform

_BASES = 6_000
_NOISE = 0.3  # the length of the noise beside a vector of length 1
_NOISES = 4_096
_DOCUMENTS_IN_A_BATCH = 200
IN_A_DOCUMENT = 10
IN_A_BATCH = _DOCUMENTS_IN_A_BATCH * IN_A_DOCUMENT
_BATCHES_IN_A_COMMIT = 25
_NOTE_EVERY = 25
# What each label keeps of the space; the rest has the last one.
SHARES = (0.5, 0.1, 0.01, 0.001)
_SOURCES = ("half", "tenth", "hundredth", "thousandth", "rest")
_LANGUAGES = ("en", "de", "fr", "it", "es")
_TYPES = ("paragraph", "list", "table", "code", "heading")
_FOLDERS = ("h/", "h/t/", "h/t/c/", "h/t/c/m/")


class Bases(NamedTuple):
    """The pairs of sentences of which everything is made, and their vectors, of shape (pairs, dimension)."""

    texts: list[str]
    vectors: NDArray[np.float32]


class Batch(NamedTuple):
    """Some passages: their documents without sources' ids, and their vectors, of shape (passages, dimension)."""

    documents: list[tuple[str, str, list[Text]]]
    vectors: NDArray[np.float32]

    def passages(self) -> Iterator[tuple[str, str, Text]]:
        """Path, source's name and text of each passage, as the vectors stand."""
        return ((path, source, text) for path, source, texts in self.documents for text in texts)


def bases(home: Home, found: list[Record], platform: Platform) -> Bases:
    """Pairs of neighbouring sentences of the records; they are embedded once and kept in the home."""
    split = re.compile(r"(?<=[.!?])\s+")
    pairs = []
    for record in found:
        sentences = [each for each in split.split(record.text) if 30 < len(each) < 300]
        pairs += [" ".join(pair) for pair in zip(sentences[::2], sentences[1::2], strict=False)]
    pairs = sorted(set(pairs))
    random.Random(SEED).shuffle(pairs)
    texts = [pair.replace("\n", " ") for pair in pairs[:_BASES]]
    kept = home.path / "bases.npy"
    if not kept.exists():
        note(f"embedding {len(texts):,} texts")
        part = kept.with_suffix(".part.npy")
        np.save(part, platform.embedder.encode(texts))
        part.rename(kept)
    return Bases(texts, np.load(kept))


def batch(made_of: Bases, number: int) -> Batch:
    """The batch of that number, the same each time."""
    chance = np.random.default_rng([SEED, number])
    count = len(made_of.texts)
    pairs = chance.integers(count, size=(IN_A_BATCH, 2))
    vectors = made_of.vectors[pairs[:, 0]] + made_of.vectors[pairs[:, 1]]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors += _noise(vectors.shape[1])[(pairs[:, 0] * 31 + pairs[:, 1]) % _NOISES]  # equal texts have equal vectors
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    types = [_TYPES[_class(each)] for each in chance.random(IN_A_BATCH)]
    drawn = chance.random((_DOCUMENTS_IN_A_BATCH, 2))
    documents = []
    for order, (folder, source) in enumerate(drawn.tolist()):
        at = range(order * IN_A_DOCUMENT, (order + 1) * IN_A_DOCUMENT)
        # a language goes with the matter, so that it lies together; types, sources and folders lie anywhere
        texts = [
            Text(
                "\n".join(made_of.texts[each] for each in pairs[row]), types[row], _LANGUAGES[_class(pairs[row, 0] / count)]
            )
            for row in at
        ]
        path = f"{_folder(folder)}{number:05d}-{order:03d}.md"
        documents.append((path, _SOURCES[_class(source)], texts))
    return Batch(documents, vectors.astype(np.float16).astype(np.float32))


@cache
def _noise(dimension: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(SEED).normal(scale=_NOISE / np.sqrt(dimension), size=(_NOISES, dimension))
    return drawn.astype(np.float32)


def _class(drawn: float) -> int:
    """Which share a number from 0 to 1 falls into."""
    below = 0.0
    for each, share in enumerate(SHARES):
        below += share
        if drawn < below:
            return each
    return len(SHARES)


def _folder(drawn: float) -> str:
    """The innermost of the nested folders."""
    return next((_FOLDERS[each] for each in (3, 2, 1, 0) if drawn < SHARES[each]), "o/")


def filters() -> list[tuple[float, str, dict[str, object], dict[str, object]]]:
    """Share, name, the filter as the interface takes it, and what `Text` and document have then, for every filter."""
    found: list[tuple[float, str, dict[str, object], dict[str, object]]] = []
    for each, share in enumerate(SHARES):
        for name, key, value in (
            ("types", "type", _TYPES[each]),
            ("languages", "language", _LANGUAGES[each]),
            ("sources", "source", _SOURCES[each]),
        ):
            found.append((share, name, {name: [value]}, {key: value}))
        found.append((share, "path_prefix", {"path_prefix": _FOLDERS[each]}, {"folder": _FOLDERS[each]}))
    return found


def load(home: Home, made_of: Bases, platform: Platform, space: UUID, passages: int) -> None:
    """Writes what is not there yet. Killed at any moment, it goes on where it stood."""
    from resources.postgres import spaces, vectors
    from resources.postgres.index_versions import kept

    with platform.database.transaction(space=space) as connection:
        sources = {row["name"]: row["id"] for row in connection.execute("SELECT id, name FROM sources")}
        version = kept(connection, space)[0].id
        documents = connection.execute("SELECT count(*) AS n FROM documents").fetchall()[0]["n"]
    mark = home.path / "lexical-batches.json"
    indexed = json.loads(mark.read_text()) if mark.exists() else 0
    lexical = platform.lexical(space, version, create=True)
    stored = documents // _DOCUMENTS_IN_A_BATCH  # a batch is one transaction
    last = passages // IN_A_BATCH
    for number in range(min(indexed, stored), last):
        made = batch(made_of, number)
        written = [Written(path, sources[source], texts) for path, source, texts in made.documents]
        with platform.database.transaction(space=space) as connection:
            entries = write_documents(connection, space, version, written, only_describe=number < stored)
            if number >= stored:
                hashes = [identity.text_hash(text.text) for _, _, text in made.passages()]
                vectors.save(connection, space, version, hashes, made.vectors)
        if number >= indexed:
            lexical.add(entries)
        if (number + 1) % _BATCHES_IN_A_COMMIT == 0 or number + 1 == last:
            lexical.commit()
            if number >= indexed:
                _write(mark, number + 1)
        if (number + 1) % _NOTE_EVERY == 0:
            note(f"{(number + 1) * IN_A_BATCH:,} passages are written")
    platform.forget_lexical(space)
    with platform.database.transaction(space=space) as connection:
        spaces.bump_epoch(connection, space)


def _write(mark: Path, batches: int) -> None:
    part = mark.with_suffix(".part")
    part.write_text(json.dumps(batches))
    part.rename(mark)


def space_of(home: Home, platform: Platform) -> UUID:
    """The space `bench` with its sources, made unless it is there."""
    from resources.postgres import sources

    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        row = connection.execute("SELECT id FROM spaces WHERE name = %s", (SPACE,)).fetchone()
    space: UUID = row["id"] if row else home.space(None)
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        there = {row["name"] for row in connection.execute("SELECT name FROM sources WHERE space_id = %s", (space,))}
        for name in _SOURCES:
            if name not in there:
                sources.add(connection, space, name=name, kind="folder", location=str(home.path / name))
    return space


def truth(
    made_of: Bases, passages: int, queries: NDArray[np.float32], wanted: Sequence[dict[str, object]], k: int
) -> list[list[list[float]]]:
    """The cosines of the `k` nearest passages of each query under each of the `wanted` labels, by looking at all.

    Only one batch is in memory at a time.
    """
    best = [np.full((len(queries), k), -2.0, dtype=np.float32) for _ in wanted]
    for number in range(passages // IN_A_BATCH):
        made = batch(made_of, number)
        cosines = queries @ made.vectors.T
        rows = list(made.passages())
        for at, labels in enumerate(wanted):
            kept = np.array([_has(row, labels) for row in rows])
            if kept.any():
                both = np.concatenate([best[at], cosines[:, kept]], axis=1)
                best[at] = -np.sort(-both, axis=1)[:, :k]
    return [found.tolist() for found in best]


def _has(row: tuple[str, str, Text], labels: dict[str, object]) -> bool:
    path, source, text = row
    own = {"type": text.type, "language": text.language, "source": source}
    return all(path.startswith(str(value)) if key == "folder" else own[key] == value for key, value in labels.items())


def finish(platform: Platform, space: UUID) -> None:
    """The index on the vectors, unless it is there, and the statistics."""
    index(platform, space)

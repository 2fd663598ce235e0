"""A real Postgres with a few spaces, filled as the pipeline would, and an embedder that needs no model."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4, uuid5

import numpy as np
import pytest

from resources.access import LOCAL_ADMIN, Caller
from resources.errors import InvalidSettings
from resources.identity import text_hash
from resources.lexical.analysis import content_stems
from resources.lexical.protocol import LexicalPassage
from resources.lexical.tantivy_index import TantivyIndex, open_lexical
from resources.postgres import spaces
from resources.postgres.database import Database, copy_rows
from resources.postgres.embedded import EmbeddedPostgres
from resources.postgres.migrate import migrate
from resources.retrieval.search import Retriever

OWNER = Caller("user:ada")
MALLORY = Caller("user:mallory")
SYNONYMS = {"automobil": "car", "vehicl": "car"}


class WordEmbedder:
    """Vectors of stems by hash, synonyms alike: near is what shares matter, not spelling."""

    model = "words"
    dimension = 256
    window = 256
    is_remote = False
    broken = False

    def encode(self, texts):
        if self.broken:
            raise RuntimeError("no model")
        rows = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for stem in content_stems(text):
                digest = hashlib.sha256(SYNONYMS.get(stem, stem).encode()).digest()
                rows[row, int.from_bytes(digest[:2]) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_queries(self, texts):
        return self.encode(texts)

    def token_spans(self, texts):
        return [[] for _ in texts]


class Library:
    """One space, written to as the pipeline does."""

    def __init__(self, database: SimpleNamespace, folder: Path, embedder: WordEmbedder, owner: Caller = OWNER) -> None:
        self.database, self.folder, self.embedder = database, folder, embedder
        self.name = f"s-{uuid4().hex[:12]}"
        with database.api.transaction(caller=LOCAL_ADMIN) as connection:
            self.id = spaces.create(
                connection, self.name, shards=1, model="words", dimension=embedder.dimension, creator=owner.principal
            )
            self.version = connection.execute(
                "SELECT live_index_version AS v FROM spaces WHERE id = %s", (self.id,)
            ).fetchone()["v"]
        self.index = open_lexical(folder / str(self.version), create=True)

    def source(self, name: str) -> UUID:
        source = uuid5(self.id, name)
        with self.database.worker.transaction(space=self.id) as connection:
            connection.execute(
                "INSERT INTO sources (id, space_id, name, kind, location) VALUES (%s, %s, %s, 'folder', '/x') "
                "ON CONFLICT DO NOTHING",
                (source, self.id, name),
            )
        return source

    def add(self, path, *blocks, title="", source="docs", language="en") -> UUID:
        """A document with one passage of all `blocks`: (type, text), or text for a paragraph."""
        source = self.source(source)
        document, version, passage = uuid5(source, path), uuid4(), uuid4()
        blocks = [("paragraph", block) if isinstance(block, str) else block for block in blocks]
        ids = [uuid5(document, str(order)) for order in range(len(blocks))]
        text = "\n\n".join(text for _, text in blocks)
        with self.database.worker.transaction(space=self.id) as connection:
            connection.execute(
                "INSERT INTO documents (id, space_id, source_id, path, shard, state, title, media_type, size, "
                "mtime_ns, sha256, version_id, parser, run_id, code_version) "
                "VALUES (%s, %s, %s, %s, 0, 'live', %s, 't/p', 1, 1, '\\x00', %s, 'p', 'r', 'c')",
                (document, self.id, source, path, title, version),
            )
            columns = ("id", "space_id", "document_id", "source_id", "version_id", "order", "type", "text", "language")
            copy_rows(
                connection,
                "blocks",
                (*columns, "page", "section", "metadata", "run_id", "code_version"),
                [
                    (id_, self.id, document, source, version, order, type_, text_, language, None, [], "{}", "r", "c")
                    for order, (id_, (type_, text_)) in enumerate(zip(ids, blocks, strict=True))
                ],
            )
            types = sorted({type_ for type_, _ in blocks})
            connection.execute(
                'INSERT INTO passages (id, space_id, index_version, document_id, source_id, version_id, "order", section, '
                "text, text_hash, block_ids, types, languages) VALUES (%s, %s, %s, %s, %s, %s, 0, '{}', %s, %s, %s, %s, %s)",
                (passage, self.id, self.version, document, source, version, text, text_hash(text), ids, types, [language]),
            )
            connection.execute(
                "INSERT INTO vectors (space_id, index_version, text_hash, vector) VALUES (%s, %s, %s, %s::halfvec) "
                "ON CONFLICT DO NOTHING",
                (self.id, self.version, text_hash(text), str(WordEmbedder().encode([text])[0].tolist())),
            )
            spaces.bump_epoch(connection, self.id)
        self.index.add([LexicalPassage(passage, document, version, title, "", text, path)])
        self.index.commit()
        return document

    def hide(self, document: UUID) -> None:
        """Marks a document for removal; the lexical index does not know yet."""
        with self.database.worker.transaction(space=self.id) as connection:
            connection.execute("UPDATE documents SET state = 'removing' WHERE id = %s", (document,))
            spaces.bump_epoch(connection, self.id)

    def remove(self, document: UUID) -> None:
        """Deletes a document from Postgres, and from nothing else."""
        with self.database.worker.transaction(space=self.id) as connection:
            connection.execute("DELETE FROM documents WHERE id = %s", (document,))
            spaces.bump_epoch(connection, self.id)

    def retriever(self) -> Retriever:
        folder = self.folder

        def lexical(space: UUID, version: UUID) -> TantivyIndex:
            return open_lexical(folder / str(version))

        return Retriever(self.enter, self._embedder_of, lexical)

    def _embedder_of(self, model: str) -> WordEmbedder:
        if model != self.embedder.model:
            raise InvalidSettings(f"There is no model {model}.")
        return self.embedder

    @contextmanager
    def enter(self, caller, space, *, timeout_s=0):
        with self.database.api.transaction(caller=caller, timeout_s=timeout_s) as connection:
            yield connection, spaces.identify(connection, space)


@pytest.fixture(scope="session")
def platform_database() -> Iterator[SimpleNamespace]:
    """The embedded Postgres, migrated, with pools for the pipeline and for the API."""
    home = Path(tempfile.mkdtemp(prefix="rage-"))  # short: its socket's path has a limit
    server = EmbeddedPostgres(home)
    migrate(server.url("rage_owner", "rage"))
    worker = Database(server.url("rage_worker", "rage"), "rage_worker", (1, 2)).open()
    api = Database(server.url("rage_api", "rage"), "rage_api", (1, 2)).open()
    yield SimpleNamespace(worker=worker, api=api)
    worker.close()
    api.close()
    server.close()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def library(platform_database, tmp_path, embedder) -> Iterator[Library]:
    """An empty space of `OWNER`."""
    made = Library(platform_database, tmp_path, embedder)
    yield made
    made.index.close()


@pytest.fixture
def stranger(platform_database, tmp_path, embedder) -> Library:
    """An empty space of somebody else."""
    return Library(platform_database, tmp_path, embedder, owner=MALLORY)

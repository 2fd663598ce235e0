"""Three thousand passages, of which filters and rights leave known parts, with an index on their vectors."""

from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4, uuid5

import numpy as np
from psycopg.types.json import Jsonb

from resources.identity import text_hash
from resources.lexical.protocol import LexicalPassage
from resources.postgres import vectors
from resources.postgres.database import copy_rows
from tests.retrieval.conftest import OWNER, Library, WordEmbedder

PASSAGES, TOGETHER, QUERIES = 3_000, 5, 8
SHARES = (0.5, 0.1, 0.01, 0.001)


@contextmanager
def stocked(platform_database, folder):
    """The passages, their vectors, and queries near some of them. Bob may read one document in fifty."""
    library = Library(platform_database, folder, WordEmbedder())
    chance = np.random.default_rng(7)
    points = unit(chance.normal(size=(60, 256)))[np.arange(PASSAGES) % 60] + chance.normal(scale=0.05, size=(PASSAGES, 256))
    points = unit(points).astype(np.float16).astype(np.float32)
    secret = uuid5(library.id, "secret")
    rows = fill(library, points, secret)
    with platform_database.api.transaction(caller=OWNER) as connection:
        connection.execute(
            "INSERT INTO entitlements (space_id, principal, role, granted_by) VALUES (%s, 'user:bob', 'reader', 'ada')",
            (library.id,),
        )
    with platform_database.worker.transaction(space=library.id) as connection:
        assert vectors.build(connection, library.version)
    queries = unit(points[chance.integers(PASSAGES, size=QUERIES)] + chance.normal(scale=0.04, size=(QUERIES, 256)))
    yield SimpleNamespace(library=library, points=points, rows=rows, queries=queries.astype(np.float32))
    library.index.close()


def unit(points):
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def fill(library, points, secret):
    """Writes the passages; gives each one's id, labels and whether it is secret."""
    sources = {name: library.source(name) for name in ("s0", "s1", "s2", "s3", "rest")}
    documents, passages, rows = [], [], []
    for number in range(len(points) // TOGETHER):
        # labels of documents lie anywhere; a language goes with the matter
        share = next((each for each in (3, 2, 1, 0) if number % round(1 / SHARES[each]) == 0), None)
        path = "".join(f"in{each}/" for each in range((share or 0) + 1) if share is not None) + f"{number}.md"
        source = "rest" if share is None else f"s{share}"
        document = uuid5(library.id, path)
        hidden = secret if number % 50 else None
        documents.append(
            (document, library.id, sources[source], path, 0, "live", "", "t/p", 1, 1, b"\0", uuid4(), "p", "r", "c", hidden)
        )
        for order in range(TOGETHER):
            at = number * TOGETHER + order
            text, kind = f"passage {at} of seven{at % 7}", "table" if share == 3 else "paragraph"
            language = "de" if at % 60 < 6 else "en"
            passage = uuid4()
            passages.append(
                (
                    passage,
                    library.id,
                    document,
                    sources[source],
                    uuid4(),
                    order,
                    [],
                    text,
                    text_hash(text),
                    library.version,
                    [],
                    [kind],
                    [language],
                    hidden,
                )
            )
            rows.append(
                {"id": passage, "path": path, "source": source, "type": kind, "language": language, "open": hidden is None}
            )
    with library.database.worker.transaction(space=library.id) as connection:
        connection.execute("SELECT rage_ensure_class(%s, %s, %s)", (secret, library.id, Jsonb([["user:carol"]])))
        columns = (
            "id",
            "space_id",
            "source_id",
            "path",
            "shard",
            "state",
            "title",
            "media_type",
            "size",
            "mtime_ns",
            "sha256",
        )
        copy_rows(
            connection, "documents", (*columns, "version_id", "parser", "run_id", "code_version", "access_id"), documents
        )
        columns = ("id", "space_id", "document_id", "source_id", "version_id", "order", "section", "text", "text_hash")
        copy_rows(
            connection, "passages", (*columns, "index_version", "block_ids", "types", "languages", "access_id"), passages
        )
        vectors.save(connection, library.id, library.version, [row[8] for row in passages], points)
    library.index.add(LexicalPassage(row[0], row[2], row[4], "", "", row[7], "") for row in passages)
    library.index.commit()
    return rows

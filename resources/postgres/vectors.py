"""Vectors in pgvector, one for each distinct text of a space and index version."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from resources.embedding.cores import cores
from resources.postgres.database import Connection
from resources.postgres.machine import memory

_LEAST_MEMORY = 64 << 20
_BYTES_OF_A_NODE = 900  # of the graph beside the vector, with pgvector's 16 links and 32 at the bottom
_MOST_WORKERS = 7
# Below this an exact scan takes a few milliseconds and finds everything; the index is built once, after the load.
INDEX_FROM = 5000
# pgvector's own limit of an index on half-precision vectors. Longer ones are stored, and a search compares all of them.
MOST_INDEXED_DIMENSIONS = 4000


def missing(connection: Connection, index_version: UUID, hashes: Sequence[bytes]) -> list[bytes]:
    """Which of these texts have no vector yet, each once."""
    rows = connection.execute(
        "SELECT DISTINCT t.hash FROM unnest(%s::bytea[]) AS t(hash) WHERE NOT EXISTS "
        "(SELECT 1 FROM vectors v WHERE v.index_version = %s AND v.text_hash = t.hash)",
        (list(hashes), index_version),
    )
    return [row["hash"] for row in rows]


def save(
    connection: Connection, space_id: UUID, index_version: UUID, hashes: Sequence[bytes], vectors: NDArray[np.float32]
) -> None:
    """Writes vectors by binary COPY; texts that got theirs meanwhile keep it."""
    from pgvector import HalfVector

    connection.execute("CREATE TEMP TABLE IF NOT EXISTS new_vectors (text_hash bytea, vector halfvec) ON COMMIT DELETE ROWS")
    with connection.cursor() as cursor, cursor.copy("COPY new_vectors FROM STDIN WITH (FORMAT BINARY)") as copy:
        copy.set_types(["bytea", "halfvec"])
        for key, vector in zip(hashes, vectors, strict=True):
            copy.write_row((key, HalfVector(vector)))
    connection.execute(
        "INSERT INTO vectors (space_id, index_version, text_hash, vector) "
        "SELECT %s, %s, text_hash, vector FROM new_vectors ON CONFLICT DO NOTHING",
        (space_id, index_version),
    )
    connection.execute("TRUNCATE new_vectors")  # another version's vectors may follow in the same transaction


def ensure_index(connection: Connection, space_id: UUID, index_version: UUID) -> bool:
    """Builds the HNSW index once there are enough vectors for it; returns whether it did.

    It is built after the load, as a whole and in one transaction: whoever is killed leaves nothing, and the next one
    begins again. Until it is there, searches compare all, and whoever writes vectors of this version waits.
    """
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM vectors WHERE space_id = %s AND index_version = %s LIMIT %s) t",
        (space_id, index_version, INDEX_FROM),
    ).fetchone()
    if row is None or row["n"] < INDEX_FROM:
        return False
    return build(connection, index_version)


def build(connection: Connection, index_version: UUID) -> bool:
    """Builds the HNSW index on a version's vectors, unless it is there or they are too long; returns whether it did."""
    row = connection.execute("SELECT dimension FROM index_versions WHERE id = %s", (index_version,)).fetchone()
    if row is not None and row["dimension"] > MOST_INDEXED_DIMENSIONS:
        return False
    means = _means(connection, index_version)
    try:
        return _built(connection, index_version, means)
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
        # several workers share their memory in a place that containers keep small
        return _built(connection, index_version, means._replace(workers=0))


class Means(NamedTuple):
    """What the database may use to build an index: bytes of memory, and workers beside its own process."""

    memory: int
    workers: int


def _built(connection: Connection, index_version: UUID, means: Means) -> bool:
    with connection.transaction():
        connection.execute(
            "SELECT set_config('maintenance_work_mem', %s, true), set_config('max_parallel_maintenance_workers', %s, true)",
            (f"{means.memory // 1024}kB", str(means.workers)),
        )
        row = connection.execute("SELECT rage_ensure_vector_index(%s) AS built", (index_version,)).fetchone()
    return bool(row and row["built"])


def _means(connection: Connection, index_version: UUID) -> Means:
    """As much memory as the index's graph takes, so that it is built there, as far as the database's machine has it.

    A database behind a socket is on this machine and may take a quarter of it. Of another one nothing is known but what
    its administrator allows.
    """
    row = connection.execute(
        "SELECT dimension, (SELECT count(*) FROM vectors WHERE index_version = %(version)s) AS vectors, "
        "pg_size_bytes(current_setting('maintenance_work_mem')) AS allowed, "
        "current_setting('max_parallel_maintenance_workers')::int AS workers FROM index_versions WHERE id = %(version)s",
        {"version": index_version},
    ).fetchone()
    if row is None:
        return Means(_LEAST_MEMORY, 0)
    graph = int(row["vectors"] * (2 * row["dimension"] + _BYTES_OF_A_NODE) * 1.1)
    if not connection.info.host.startswith("/"):
        return Means(max(row["allowed"], _LEAST_MEMORY), row["workers"])
    return Means(max(_LEAST_MEMORY, min(graph, memory() // 4)), max(0, min(cores() - 1, _MOST_WORKERS)))


def measures(connection: Connection, index_version: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """For each staged document: its passages, how many have a vector, and these vectors' dimensions and lengths."""
    return connection.execute(
        """
        SELECT p.document_id, count(*) AS passages, count(v.vector) AS embedded,
               min(vector_dims(v.vector::vector)) AS least_dimension, max(vector_dims(v.vector::vector)) AS most_dimension,
               min(l2_norm(v.vector)) AS least_length, max(l2_norm(v.vector)) AS most_length
        FROM staged_passages p LEFT JOIN vectors v ON v.index_version = p.index_version AND v.text_hash = p.text_hash
        WHERE p.index_version = %s AND p.document_id = ANY(%s) GROUP BY 1
        """,
        (index_version, list(ids)),
    ).fetchall()

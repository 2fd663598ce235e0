"""Vectors in pgvector, one for each distinct text of a space and index version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.postgres.database import Connection

# Below this an exact scan takes a few milliseconds and finds everything; the index is built once, after the load.
INDEX_FROM = 5000


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


def ensure_index(connection: Connection, space_id: UUID, index_version: UUID) -> bool:
    """Builds the HNSW index once there are enough vectors for it; returns whether it did."""
    row = connection.execute(
        "SELECT count(*) AS n FROM (SELECT 1 FROM vectors WHERE space_id = %s AND index_version = %s LIMIT %s) t",
        (space_id, index_version, INDEX_FROM),
    ).fetchone()
    if row is None or row["n"] < INDEX_FROM:
        return False
    built = connection.execute("SELECT rage_ensure_vector_index(%s) AS built", (index_version,)).fetchone()
    return bool(built and built["built"])


def measures(connection: Connection, index_version: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """For each staged document: its passages, how many have a vector, and these vectors' dimensions and lengths."""
    return connection.execute(
        """
        SELECT p.document_id, count(*) AS passages, count(v.vector) AS embedded,
               min(vector_dims(v.vector::vector)) AS least_dimension, max(vector_dims(v.vector::vector)) AS most_dimension,
               min(l2_norm(v.vector)) AS least_length, max(l2_norm(v.vector)) AS most_length
        FROM staged_passages p LEFT JOIN vectors v ON v.index_version = %s AND v.text_hash = p.text_hash
        WHERE p.document_id = ANY(%s) GROUP BY 1
        """,
        (index_version, list(ids)),
    ).fetchall()


def index_version(connection: Connection, space_id: UUID) -> dict[str, Any]:
    """The live index version of a space: `id`, `model`, `dimension`."""
    row = connection.execute(
        "SELECT i.id, i.model, i.dimension FROM index_versions i JOIN spaces s ON s.live_index_version = i.id "
        "WHERE s.id = %s",
        (space_id,),
    ).fetchone()
    assert row is not None  # created with the space, replaced only by another
    return row

"""Plain pgvector beside the product: every vector of a space compared with a query's, and nothing else."""

from pathlib import Path

from benchmarks.records import record_id
from resources.access import LOCAL_ADMIN
from resources.platform import Platform
from resources.settings import Settings


def bare_nearest(home: Path, space: str, asked: dict[str, str], depth: int) -> dict[str, dict[str, float]]:
    """For each query the documents in the order of their nearest passage, as falling scores, 1 / rank."""
    from pgvector import HalfVector

    platform = Platform(Settings(home=home), "api")
    ranked = {}
    try:
        with platform.enter(LOCAL_ADMIN, space) as (connection, row):
            vectors = platform.embedder_of(row["model"]).encode_queries(list(asked.values()))
            connection.execute("SET LOCAL enable_indexscan = off")  # not the index of vectors: all are compared
            for query, vector in zip(asked, vectors, strict=True):
                rows = connection.execute(
                    "SELECT d.path FROM vectors v JOIN passages p ON p.index_version = v.index_version "
                    "AND p.text_hash = v.text_hash JOIN documents d ON d.id = p.document_id "
                    "WHERE v.index_version = %s ORDER BY v.vector <=> %s LIMIT %s",
                    (row["index_version"], HalfVector(vector), depth),
                ).fetchall()
                order = dict.fromkeys(record_id(each["path"]) for each in rows)
                ranked[query] = {record: 1.0 / rank for rank, record in enumerate(order, start=1)}
    finally:
        platform.close()
    return ranked

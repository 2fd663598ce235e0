"""The reads of search, each under row-level security in the caller's transaction, each seeing live documents only."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.postgres.database import Connection

_LEAST_EF_SEARCH, _MOST_EF_SEARCH = 100, 1000  # the latter is pgvector's own limit
_SCAN_BATCH = 500


class Scope(NamedTuple):
    """Where a search looks: a space in one state.

    Attributes:
        epoch: Moves with every change that results could show.
        index_version: The live one, None where there is none.
        model: The embedding model of the live index version.
        dimension: The length of its vectors.
        rights: Stands for all that the caller may see: results may be shared only among equal ones.
    """

    space: UUID
    epoch: int
    index_version: UUID | None
    model: str
    dimension: int
    rights: str = ""


class Narrowing(NamedTuple):
    """The filters of a search; None and empty do not narrow."""

    types: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    path_prefix: str | None = None
    nothing: bool = False

    def given(self) -> bool:
        """Whether anything narrows."""
        return any(self)

    def condition(self) -> tuple[str, dict[str, Any]]:
        """A condition over passages `p`, documents `d` and sources `s`, and its parameters."""
        clauses = {
            "p.types && %(types)s::text[]": self.types,
            "p.languages && %(languages)s::text[]": self.languages,
            "s.name = ANY(%(sources)s::text[])": self.sources,
            "starts_with(d.path, %(path_prefix)s)": self.path_prefix,
        }
        conditions = [clause for clause, value in clauses.items() if value]
        if self.nothing:
            conditions.append("false")
        parameters = {
            "types": list(self.types or ()),
            "languages": list(self.languages or ()),
            "sources": list(self.sources or ()),
            "path_prefix": self.path_prefix,
        }
        return " AND ".join(["d.state = 'live'", *conditions]), parameters


class Candidate(NamedTuple):
    """A passage that the caller may see, its document, and its cosine to the query where asked for and known."""

    document: UUID
    cosine: float | None
    code: bool


_CANDIDATE = "p.id, p.document_id, 'code' = ANY(p.types) AS code"
_JOINED = "JOIN documents d ON d.id = p.document_id JOIN sources s ON s.id = d.source_id"


def scope(row: dict[str, Any]) -> Scope:
    """The space of a row that `spaces.identify` gave, as it was then."""
    return Scope(
        row["id"], row["epoch"], row["index_version"], row["model"] or "", row["dimension"] or 0, row["rights"] or ""
    )


def nearest(
    connection: Connection, where: Scope, vector: NDArray[np.float32], narrowing: Narrowing, limit: int
) -> dict[UUID, Candidate]:
    """The passages whose vectors are nearest to `vector` (shape (dimension,)), with their cosines.

    A vector belongs to a text; every passage with that text is a hit of its own. Vectors are looked up first, so that
    their index serves; where too few of the nearest stand within the filters, all that do are compared.
    """
    from pgvector import HalfVector

    condition, parameters = narrowing.condition()
    near = limit * (8 if narrowing.given() else 2)
    # A custom plan knows the one partition to look at; a generic one would have to consider all.
    connection.execute(
        "SELECT set_config('hnsw.ef_search', %s, true), set_config('plan_cache_mode', 'force_custom_plan', true)",
        (str(min(_MOST_EF_SEARCH, max(_LEAST_EF_SEARCH, near))),),
    )
    parameters |= {
        "vector": HalfVector(vector),
        "version": where.index_version,
        "space": where.space,
        "limit": limit,
        "near": near,
    }
    distance = _distance(where)
    nearest_first = f"""
        WITH near AS MATERIALIZED (
            SELECT v.text_hash, {distance} AS distance FROM vectors v
            WHERE v.index_version = %(version)s ORDER BY {distance} LIMIT %(near)s
        )
        SELECT {_CANDIDATE}, 1 - near.distance AS cosine
        FROM near JOIN passages p ON p.text_hash = near.text_hash {_JOINED}
        WHERE p.space_id = %(space)s AND {condition} ORDER BY near.distance LIMIT %(limit)s
        """
    rows = connection.execute(nearest_first, parameters).fetchall()
    if len(rows) < limit:
        filtered_first = f"""
            SELECT {_CANDIDATE}, 1 - ({distance}) AS cosine
            FROM passages p {_JOINED} JOIN vectors v ON v.text_hash = p.text_hash
            WHERE v.index_version = %(version)s AND p.space_id = %(space)s AND {condition}
            ORDER BY {distance} LIMIT %(limit)s
            """
        rows = connection.execute(filtered_first, parameters).fetchall()
    return {row["id"]: Candidate(row["document_id"], row["cosine"], row["code"]) for row in rows}


def _distance(where: Scope) -> str:
    """The cosine distance as the index on the vectors spells it."""
    dimension = int(where.dimension)
    return f"v.vector::halfvec({dimension}) <=> %(vector)s::halfvec({dimension})"


def check(
    connection: Connection,
    where: Scope,
    ids: Sequence[UUID],
    narrowing: Narrowing,
    vector: NDArray[np.float32] | None = None,
) -> dict[UUID, Candidate]:
    """Those of the passages `ids` that are there, live, visible to the caller and within the filters."""
    from pgvector import HalfVector

    if not ids:
        return {}
    condition, parameters = narrowing.condition()
    parameters |= {"ids": list(ids), "space": where.space, "version": where.index_version}
    cosine, vectors = "NULL::float8", ""
    if vector is not None:
        cosine = f"1 - ({_distance(where)})"
        vectors = "LEFT JOIN vectors v ON v.index_version = %(version)s AND v.text_hash = p.text_hash"
        parameters["vector"] = HalfVector(vector)
    rows = connection.execute(
        f"""
        SELECT {_CANDIDATE}, {cosine} AS cosine FROM passages p {_JOINED} {vectors}
        WHERE p.id = ANY(%(ids)s) AND p.space_id = %(space)s AND {condition}
        """,
        parameters,
    ).fetchall()
    return {row["id"]: Candidate(row["document_id"], row["cosine"], row["code"]) for row in rows}


def texts(
    connection: Connection, where: Scope, narrowing: Narrowing, ids: Sequence[UUID] | None, limit: int
) -> Iterator[tuple[UUID, str]]:
    """Yields id and text of the passages `ids`, or of at most some `limit` passages of the space, by id."""
    condition, parameters = narrowing.condition()
    parameters |= {"space": where.space, "after": UUID(int=0), "batch": _SCAN_BATCH}
    select = f"SELECT p.id, p.text FROM passages p {_JOINED} WHERE p.space_id = %(space)s AND {condition}"
    if ids is not None:
        for start in range(0, len(ids), _SCAN_BATCH):
            parameters["ids"] = list(ids[start : start + _SCAN_BATCH])
            for row in connection.execute(f"{select} AND p.id = ANY(%(ids)s)", parameters).fetchall():
                yield row["id"], row["text"]
        return
    for _ in range(0, limit, _SCAN_BATCH):
        rows = connection.execute(f"{select} AND p.id > %(after)s ORDER BY p.id LIMIT %(batch)s", parameters).fetchall()
        for row in rows:
            yield row["id"], row["text"]
        if len(rows) < _SCAN_BATCH:
            return
        parameters["after"] = rows[-1]["id"]


def load(connection: Connection, where: Scope, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The passages `ids` with document, source name and `blocks` (rows in order), as far as they are still there."""
    rows = connection.execute(
        f"""
        SELECT p.id, p.text, p.block_ids, d.id AS document_id, d.path, d.title, s.name AS source
        FROM passages p {_JOINED}
        WHERE p.id = ANY(%(ids)s) AND p.space_id = %(space)s AND d.state = 'live'
        """,
        {"ids": list(ids), "space": where.space},
    ).fetchall()
    wanted = list({block for row in rows for block in row["block_ids"]})
    blocks = connection.execute(
        'SELECT id, document_id, source_id, type, text, language, "order", page, section, metadata FROM blocks '
        "WHERE id = ANY(%s) AND space_id = %s",
        (wanted, where.space),
    ).fetchall()
    by_id = {block["id"]: block for block in blocks}
    for row in rows:
        row["blocks"] = [by_id[block] for block in row["block_ids"] if block in by_id]
    return {row["id"]: row for row in rows if row["blocks"]}

"""The reads of search, each under row-level security in the caller's transaction, each seeing live documents only."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.errors import NotFound
from resources.postgres.database import Connection
from resources.retrieval.profile import ROBUST, RankingProfile, learned


class Scope(NamedTuple):
    """Where a search looks: a space in one state.

    Attributes:
        epoch: Moves with every change that results could show.
        index_version: The live one, None where there is none.
        model: The embedding model of the live index version.
        dimension: The length of its vectors.
        rights: Stands for all that the caller may see: results may be shared only among equal ones.
        profile: How its tiers are weighed.
    """

    space: UUID
    epoch: int
    index_version: UUID | None
    model: str
    dimension: int
    rights: str = ""
    profile: RankingProfile = ROBUST


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
        """A condition over passages `p` and documents `d`, and its parameters."""
        clauses = {
            "d.source_id = ANY(ARRAY(SELECT s.id FROM sources s WHERE s.name = ANY(%(sources)s::text[])))": self.sources,
            "starts_with(d.path, %(path_prefix)s)": self.path_prefix,
        }
        asked = [clause for clause, value in clauses.items() if value]
        parameters = {
            "types": list(self.types or ()),
            "languages": list(self.languages or ()),
            "sources": list(self.sources or ()),
            "path_prefix": self.path_prefix,
        }
        return " AND ".join(["d.state = 'live'", *asked, self.condition_of_passages()]), parameters

    def condition_of_passages(self) -> str:
        """The part of the condition that is about passages alone."""
        clauses = {"p.types && %(types)s::text[]": self.types, "p.languages && %(languages)s::text[]": self.languages}
        return " AND ".join(["false" if self.nothing else "true", *(clause for clause, value in clauses.items() if value)])

    def of_documents(self) -> bool:
        """Whether something narrows to some documents."""
        return bool(self.sources or self.path_prefix)


class Candidate(NamedTuple):
    """A passage that the caller may see.

    Attributes:
        document: The document in which it stands.
        cosine: To the query, where it was found by that.
        code: Whether there is code in it.
        vector: Its own, of shape (dimension,), where asked for and known.
    """

    document: UUID
    cosine: float | None
    code: bool
    vector: NDArray[np.float32] | None = None


# What statements over passages `p` and documents `d` have in common.
CANDIDATE = "p.id, p.document_id, 'code' = ANY(p.types) AS code"
JOINED = "JOIN documents d ON d.id = p.document_id"


def scope(row: dict[str, Any]) -> Scope:
    """The space of a row that `spaces.identify` gave, as it was then."""
    return Scope(
        row["id"],
        row["epoch"],
        row["index_version"],
        row["model"] or "",
        row["dimension"] or 0,
        row["rights"] or "",
        _profile(row),
    )


def scope_of(connection: Connection, where: Scope, index_version: UUID) -> Scope:
    """The same space in another index version than the live one.

    Raises:
        NotFound: The space has no such version.
    """
    row = connection.execute(
        "SELECT v.id, v.model, v.dimension, r.profile AS ranking FROM index_versions v "
        "LEFT JOIN ranking_profiles r ON r.index_version = v.id WHERE v.id = %s AND v.space_id = %s",
        (index_version, where.space),
    ).fetchone()
    if row is None:
        raise NotFound(f"The space has no index version {index_version}.", hint="`rage index list` shows those there are.")
    return where._replace(index_version=row["id"], model=row["model"], dimension=row["dimension"], profile=_profile(row))


def _profile(row: dict[str, Any]) -> RankingProfile:
    given = row.get("ranking")
    return learned(given) if given else ROBUST


def distance_of(where: Scope) -> str:
    """The cosine distance as the index on the vectors spells it."""
    dimension = int(where.dimension)
    return f"v.vector::halfvec({dimension}) <=> %(vector)s::halfvec({dimension})"


def check(
    connection: Connection,
    where: Scope,
    ids: Sequence[UUID],
    narrowing: Narrowing,
    *,
    vectors: bool = False,
) -> dict[UUID, Candidate]:
    """Those of the passages `ids` that are there, live, visible to the caller and within the filters.

    Args:
        connection: Of the caller's transaction.
        where: The space.
        ids: Of passages that may be there.
        narrowing: The filters.
        vectors: Whether they are read with their vectors.
    """
    if not ids:
        return {}
    condition, parameters = narrowing.condition()
    parameters |= {"ids": list(ids), "version": where.index_version}
    packed, joined = "NULL::bytea", ""
    if vectors:
        packed = "halfvec_send(v.vector)"
        joined = "LEFT JOIN vectors v ON v.index_version = %(version)s AND v.text_hash = p.text_hash"
    rows = connection.execute(
        f"""
        SELECT {CANDIDATE}, NULL::float8 AS cosine, {packed} AS packed FROM passages p {JOINED} {joined}
        WHERE p.id = ANY(%(ids)s) AND p.index_version = %(version)s AND {condition}
        """,
        parameters,
        binary=True,
    ).fetchall()
    return candidates(rows)


def candidates(rows: Sequence[dict[str, Any]]) -> dict[UUID, Candidate]:
    """Candidates of rows with `CANDIDATE`, `cosine` and, as pgvector sends it, `packed`."""
    vectors = iter(_unpacked([row["packed"] for row in rows if row["packed"]]))
    return {
        row["id"]: Candidate(row["document_id"], row["cosine"], row["code"], next(vectors) if row["packed"] else None)
        for row in rows
    }


def _unpacked(packed: Sequence[bytes]) -> NDArray[np.float32]:
    """Vectors of one dimension as `halfvec_send` gives them, shape (len(packed), dimension)."""
    if not packed:
        return np.empty((0, 0), np.float32)
    # the dimension, an unused number, and big-endian half floats
    numbers = np.frombuffer(b"".join(packed), ">f2").reshape(len(packed), -1)
    return numbers[:, 2:].astype(np.float32)


def vectors_of(connection: Connection, where: Scope, ids: Sequence[UUID]) -> dict[UUID, NDArray[np.float32]]:
    """The vectors of the passages `ids`, each of shape (dimension,), as far as they have one."""
    rows = connection.execute(
        "SELECT p.id, halfvec_send(v.vector) AS packed FROM passages p JOIN vectors v ON v.text_hash = p.text_hash "
        "WHERE v.index_version = %(version)s AND p.index_version = %(version)s AND p.id = ANY(%(ids)s)",
        {"ids": list(ids), "version": where.index_version},
        binary=True,
    ).fetchall()
    return dict(zip((row["id"] for row in rows), _unpacked([row["packed"] for row in rows]), strict=True))


def passages(connection: Connection, where: Scope, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The passages `ids` with their documents and the names of their sources, as far as they are still there."""
    return connection.execute(
        f"""
        SELECT p.id, p.text, p.version_id, p.block_ids, d.id AS document_id, d.path, d.title, s.name AS source
        FROM passages p {JOINED} JOIN sources s ON s.id = d.source_id
        WHERE p.id = ANY(%(ids)s) AND p.index_version = %(version)s AND d.state = 'live'
        """,
        {"ids": list(ids), "version": where.index_version},
    ).fetchall()


def blocks(connection: Connection, where: Scope, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The blocks `ids` of the space."""
    return connection.execute(
        'SELECT id, document_id, source_id, type, text, language, "order", page, section, metadata FROM blocks '
        "WHERE id = ANY(%s) AND space_id = %s",
        (list(ids), where.space),
    ).fetchall()

"""The passages nearest to a vector, under row-level security in the caller's transaction, live ones only."""

from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.postgres.search import CANDIDATE, JOINED, Candidate, candidates, distance_of
from resources.postgres.within import FEW, Within

# Candidates that the index keeps in view, by how many vectors there are. Measured at 100,000, recall@10 was .96 with 80, .98
# with 120, .99 with 160; at a million .91 with 200, .93 with 400, .95 with 800, .96 with 1000, pgvector's own limit.
_LEAST_EF_SEARCH, _MOST_EF_SEARCH = 160, 1000
_EF_SEARCH = "(SELECT power(greatest(reltuples, 0), 0.9) / 250 FROM pg_class WHERE oid = to_regclass(%s))"
# Texts that are looked at within filters, for each candidate in view and for each hit that is wanted: first so many, then,
# where the filters leave few of them, more. Measured at a million with filters that keep a tenth, recall@10 was .91 where
# this ended with the first hundred hits, and is .95 to .96; with filters that keep half it was .94, and is .96 to .97.
_FIRST, _MORE, _FEW_LEFT = 1.5, 5, 0.3
_EACH = 4
_FAR = {"hnsw.max_scan_tuples": 200_000, "hnsw.scan_mem_multiplier": 8}
_ENOUGH = 30  # of the hits within filters; fusion wants many, but the best come first


def nearest(within: Within, vector: NDArray[np.float32], limit: int) -> dict[UUID, Candidate]:
    """The passages whose vectors are nearest to `vector` (shape (dimension,)), with vectors and cosines.

    A vector belongs to a text; every passage with that text is a hit of its own. Where few passages are within the filters
    and the caller's rights, they are compared one by one. Otherwise the index on the vectors gives the nearest, and those
    within are kept; more of them, the fewer are within. Where none are near, all are compared.
    """
    from pgvector import HalfVector

    look = _Look(within, within.parameters | {"vector": HalfVector(vector), "limit": limit})
    if not within.narrowing.given():
        found = _among_nearest(look, limit)
        if len(found.rows) >= min(limit, _ENOUGH) or found.every:
            return candidates(found.rows)
    return candidates(_within(look))


def _within(look: "_Look") -> list[dict[str, Any]]:
    """The nearest within filters and rights that leave out much."""
    few = _among_few(look)
    if few is not None:
        return few
    limit = look.parameters["limit"]
    enough = min(limit, _ENOUGH)
    texts = max(look.in_view(), _EACH * limit)
    found = _among_nearest(look, int(_FIRST * texts), _FAR)
    if found.share < _FEW_LEFT and not found.every:
        found = _among_nearest(look, _MORE * texts, _FAR)
    if len(found.rows) >= enough or found.every:
        return found.rows
    rows = _by_index(look)
    return rows if len(rows) >= enough else _among_all(look)


class _Look(NamedTuple):
    """One look for the nearest: what its statements have in common."""

    within: Within
    parameters: dict[str, Any]

    def rows(self, statement: str, settings: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a statement, in one round trip.

        Args:
            statement: What to read.
            settings: Those that are for this statement only.
        """
        with self.within.connection.pipeline():
            if settings:
                # going back to before the settings takes them back, and nothing else: nothing is written
                self.within.connection.execute("SAVEPOINT look")
            self._set(settings or {})
            found = self.within.connection.execute(statement, self.parameters, binary=True)
            if settings:
                self.within.connection.execute("ROLLBACK TO SAVEPOINT look")
        return found.fetchall()

    def in_view(self) -> int:
        """How many candidates the index on the vectors keeps in view."""
        self._set({})
        row = self.within.connection.execute("SELECT current_setting('hnsw.ef_search')::int AS n").fetchone()
        assert row is not None
        return int(row["n"])

    def _set(self, settings: dict[str, Any]) -> None:
        # A custom plan knows the one partition to look at; a generic one would have to consider all.
        values = [part for name, value in settings.items() for part in (name, str(value))]
        more = ", set_config(%s, %s, true)" * len(settings)
        self.within.connection.execute(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), "
            f"set_config('hnsw.ef_search', least(%s, greatest(%s, {_EF_SEARCH}))::int::text, true){more}",
            [
                _MOST_EF_SEARCH,
                max(_LEAST_EF_SEARCH, 8 * self.parameters["limit"] // 5),
                f"vectors_{self.parameters['version'].hex}",
                *values,
            ],
        )


class _Nearest(NamedTuple):
    """What stands with the nearest texts.

    Attributes:
        rows: Their passages within filters and rights, the nearest first.
        share: How many of the texts have such passages, 0–1.
        every: Whether there are no other texts.
    """

    rows: list[dict[str, Any]]
    share: float
    every: bool


def _among_nearest(look: _Look, texts: int, settings: dict[str, Any] | None = None) -> _Nearest:
    """The passages within filters and rights that stand with the nearest `texts` texts."""
    distance = distance_of(look.within.where)
    rows = look.rows(
        f"""
        WITH near AS MATERIALIZED (
            SELECT v.text_hash, v.vector, {distance} AS distance FROM vectors v
            WHERE v.index_version = %(version)s ORDER BY {distance} LIMIT {int(texts)}
        ), met AS MATERIALIZED (
            SELECT {CANDIDATE}, near.distance, near.vector
            FROM near JOIN passages p ON p.index_version = %(version)s AND p.text_hash = near.text_hash {JOINED}
            WHERE {look.within.condition}
        ), found AS (
            SELECT id, document_id, code, 1 - distance AS cosine, halfvec_send(vector) AS packed
            FROM met ORDER BY distance LIMIT %(limit)s
        )
        SELECT seen.texts < {int(texts)} AS every, seen.met / greatest(seen.texts, 1)::float8 AS share, found.*
        FROM (SELECT (SELECT count(*) FROM near) AS texts, (SELECT count(*) FROM met) AS met) seen
        LEFT JOIN found ON true
        """,
        settings,
    )
    return _Nearest([row for row in rows if row["id"] is not None], rows[0]["share"], rows[0]["every"])


def _by_index(look: _Look) -> list[dict[str, Any]]:
    """The nearest in the order of the index, until enough are met."""
    # Whatever is not a look-up for each vector, as it comes, would read everything before the first row.
    settings = _FAR | {
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_sort": "off",
        "join_collapse_limit": 1,
    }
    distance = distance_of(look.within.where)
    return look.rows(
        f"""
        SELECT {CANDIDATE}, 1 - ({distance}) AS cosine, halfvec_send(v.vector) AS packed
        FROM vectors v JOIN passages p ON p.index_version = %(version)s AND p.text_hash = v.text_hash {JOINED}
        WHERE v.index_version = %(version)s AND {look.within.condition} ORDER BY {distance} LIMIT %(limit)s
        """,
        settings,
    )


def _among_few(look: _Look) -> list[dict[str, Any]] | None:
    """The nearest of the passages within filters and rights, each of them compared; None where these are many."""
    rows = look.rows(
        f"""
        WITH few AS MATERIALIZED (
            {FEW}
        ), near AS MATERIALIZED (
            SELECT v.text_hash, v.vector, {distance_of(look.within.where)} AS distance FROM vectors v
            WHERE v.index_version = %(version)s AND v.text_hash = ANY((SELECT hashes FROM few)::bytea[])
            ORDER BY distance LIMIT 4 * %(limit)s
        ), found AS (
            SELECT {CANDIDATE}, 1 - near.distance AS cosine, halfvec_send(near.vector) AS packed
            FROM near JOIN passages p ON p.index_version = %(version)s AND p.text_hash = near.text_hash {JOINED}
            WHERE {look.within.condition} ORDER BY near.distance LIMIT %(limit)s
        )
        SELECT few.hashes IS NULL AS many, (SELECT count(*) FROM near) = 4 * %(limit)s AS more, found.*
        FROM few LEFT JOIN found ON true
        """
    )
    found = [row for row in rows if row["id"] is not None]
    # where many of the nearest are not live any more, those behind them count
    return None if rows[0]["many"] or (rows[0]["more"] and len(found) < look.parameters["limit"]) else found


def _among_all(look: _Look) -> list[dict[str, Any]]:
    """The nearest of all passages, each of them compared."""
    distance = distance_of(look.within.where)
    return look.rows(
        f"""
        SELECT {CANDIDATE}, 1 - ({distance}) AS cosine, halfvec_send(v.vector) AS packed
        FROM passages p JOIN vectors v ON v.index_version = %(version)s AND v.text_hash = p.text_hash {JOINED}
        WHERE p.index_version = %(version)s AND {look.within.condition} ORDER BY {distance} LIMIT %(limit)s
        """
    )

"""The passages nearest to a vector, under row-level security in the caller's transaction, live ones only."""

from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.postgres.database import Connection
from resources.postgres.search import CANDIDATE, FEW, JOINED, Candidate, Narrowing, Scope, candidates, distance_of

# Candidates that the index keeps in view: the root of how many vectors there are. Measured at a million, recall@10 was .91
# with 200, .93 with 400, .95 with 800, .96 with 1000. The latter is pgvector's own limit.
_LEAST_EF_SEARCH, _MOST_EF_SEARCH = 200, 1000
# How many steps the index on the vectors is followed for: ten of them give a candidate.
_NEAR_STEPS, _FAR_STEPS = 20_000, 200_000
_ENOUGH = 30  # of the hits within filters; fusion wants many, but the best come first


def nearest(
    connection: Connection, where: Scope, vector: NDArray[np.float32], narrowing: Narrowing, limit: int
) -> dict[UUID, Candidate]:
    """The passages whose vectors are nearest to `vector` (shape (dimension,)), with vectors and cosines.

    A vector belongs to a text; every passage with that text is a hit of its own. Where few passages are within the filters
    and the caller's rights, they are compared one by one. Otherwise the index on the vectors gives the nearest, one after
    the other, until enough of them are within; where none are near, all are compared.
    """
    from pgvector import HalfVector

    condition, parameters = narrowing.condition()
    parameters |= {"vector": HalfVector(vector), "version": where.index_version, "limit": limit}
    look = _Look(connection, where, condition, parameters)
    enough = min(limit, _ENOUGH)
    rows, every = ([], False) if narrowing.given() else _among_nearest(look)
    if len(rows) < enough and not every:
        few = _among_few(look)
        if few is not None:
            rows = few
        else:
            rows = _by_index(look, _NEAR_STEPS)
            if len(rows) < enough:
                rows = _by_index(look, _FAR_STEPS)
            if len(rows) < enough:
                rows = _among_all(look)
    return candidates(rows)


class _Look(NamedTuple):
    """One look for the nearest: what its statements have in common."""

    connection: Connection
    where: Scope
    condition: str
    parameters: dict[str, Any]

    def rows(self, statement: str, settings: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a statement, in one round trip.

        Args:
            statement: What to read.
            settings: Those that are for this statement only.
        """
        with self.connection.pipeline():
            if settings:
                # going back to before the settings takes them back, and nothing else: nothing is written
                self.connection.execute("SAVEPOINT look")
            self._set(settings or {})
            found = self.connection.execute(statement, self.parameters, binary=True)
            if settings:
                self.connection.execute("ROLLBACK TO SAVEPOINT look")
        return found.fetchall()

    def _set(self, settings: dict[str, Any]) -> None:
        # A custom plan knows the one partition to look at; a generic one would have to consider all.
        values = [part for name, value in settings.items() for part in (name, str(value))]
        more = ", set_config(%s, %s, true)" * len(settings)
        size = "(SELECT sqrt(greatest(reltuples, 0)) FROM pg_class WHERE oid = to_regclass(%s))"
        self.connection.execute(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), "
            f"set_config('hnsw.ef_search', least(%s, greatest(%s, {size}))::int::text, true){more}",
            [
                _MOST_EF_SEARCH,
                max(_LEAST_EF_SEARCH, 2 * self.parameters["limit"]),
                f"vectors_{self.parameters['version'].hex}",
                *values,
            ],
        )


def _among_nearest(look: _Look) -> tuple[list[dict[str, Any]], bool]:
    """The nearest texts' passages that the caller may see, nearly all as a rule, and whether there are no other texts."""
    distance = distance_of(look.where)
    rows = look.rows(
        f"""
        WITH near AS MATERIALIZED (
            SELECT v.text_hash, v.vector, {distance} AS distance FROM vectors v
            WHERE v.index_version = %(version)s ORDER BY {distance} LIMIT 2 * %(limit)s
        ), found AS (
            SELECT {CANDIDATE}, 1 - near.distance AS cosine, halfvec_send(near.vector) AS packed
            FROM near JOIN passages p ON p.index_version = %(version)s AND p.text_hash = near.text_hash {JOINED}
            WHERE {look.condition} ORDER BY near.distance LIMIT %(limit)s
        )
        SELECT seen.texts < 2 * %(limit)s AS every, found.* FROM (SELECT count(*) AS texts FROM near) seen
        LEFT JOIN found ON true
        """
    )
    return [row for row in rows if row["id"] is not None], rows[0]["every"]


def _by_index(look: _Look, steps: int) -> list[dict[str, Any]]:
    """The nearest in the order of the index, as far as so many steps in it lead."""
    # Whatever is not a look-up for each vector, as it comes, would read everything before the first row.
    settings = {
        "hnsw.max_scan_tuples": steps,
        "hnsw.scan_mem_multiplier": 8,
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_sort": "off",
        "join_collapse_limit": 1,
    }
    distance = distance_of(look.where)
    return look.rows(
        f"""
        SELECT {CANDIDATE}, 1 - ({distance}) AS cosine, halfvec_send(v.vector) AS packed
        FROM vectors v JOIN passages p ON p.index_version = %(version)s AND p.text_hash = v.text_hash {JOINED}
        WHERE v.index_version = %(version)s AND {look.condition} ORDER BY {distance} LIMIT %(limit)s
        """,
        settings,
    )


def _among_few(look: _Look) -> list[dict[str, Any]] | None:
    """The nearest of the passages within filters and rights, each of them compared; None where these are many.

    The database's owner looks up their texts: under row-level security no index serves the filters. Nothing but hashes
    comes from there, and what is nearest is looked up again as the caller.
    """
    rows = look.rows(
        f"""
        WITH few AS MATERIALIZED (
            {FEW}
        ), near AS MATERIALIZED (
            SELECT v.text_hash, v.vector, {distance_of(look.where)} AS distance FROM vectors v
            WHERE v.index_version = %(version)s AND v.text_hash = ANY((SELECT hashes FROM few)::bytea[])
            ORDER BY distance LIMIT 4 * %(limit)s
        ), found AS (
            SELECT {CANDIDATE}, 1 - near.distance AS cosine, halfvec_send(near.vector) AS packed
            FROM near JOIN passages p ON p.index_version = %(version)s AND p.text_hash = near.text_hash {JOINED}
            WHERE {look.condition} ORDER BY near.distance LIMIT %(limit)s
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
    distance = distance_of(look.where)
    return look.rows(
        f"""
        SELECT {CANDIDATE}, 1 - ({distance}) AS cosine, halfvec_send(v.vector) AS packed
        FROM passages p JOIN vectors v ON v.index_version = %(version)s AND v.text_hash = p.text_hash {JOINED}
        WHERE p.index_version = %(version)s AND {look.condition} ORDER BY {distance} LIMIT %(limit)s
        """
    )

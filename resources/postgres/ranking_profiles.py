"""Ranking profiles in the database: one for each index version that has learned."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.postgres import spaces
from resources.postgres.database import Connection
from resources.retrieval.profile import LEARNED, RankingProfile, learned


class Ground(NamedTuple):
    """What a profile would rest on now.

    Attributes:
        index_version: The live one.
        documents: How many documents are live.
        changed: How many of them came or changed since the profile was learned; all where there is none.
        fingerprint: The judged sets there are.
        learned_from: The fingerprint of the stored profile, None where there is none.
        had: How many documents there were then.
    """

    index_version: UUID
    documents: int
    changed: int
    fingerprint: str
    learned_from: str | None
    had: int


def ground(connection: Connection, space_id: UUID) -> Ground | None:
    """What the live version's profile rests on and would rest on now; None for a space without a live version."""
    row = connection.execute(
        "SELECT s.live_index_version AS index_version, r.fingerprint AS learned_from, coalesce(r.documents, 0) AS had, "
        "(SELECT count(*) FROM documents d WHERE d.space_id = s.id AND d.state = 'live') AS documents, "
        "(SELECT count(*) FROM documents d WHERE d.space_id = s.id AND d.state = 'live' "
        " AND (r.learned_at IS NULL OR d.updated_at > r.learned_at)) AS changed, "
        "(SELECT coalesce(string_agg(e.id::text, ',' ORDER BY e.id), '') FROM evaluation_sets e "
        " WHERE e.space_id = s.id) AS fingerprint "
        "FROM spaces s LEFT JOIN ranking_profiles r ON r.index_version = s.live_index_version "
        "WHERE s.id = %s AND s.live_index_version IS NOT NULL",
        (space_id,),
    ).fetchone()
    return Ground(**row) if row else None


def get(connection: Connection, index_version: UUID) -> tuple[RankingProfile, dict[str, Any]] | None:
    """The profile of an index version with its evidence, None where it has learned nothing."""
    row = connection.execute(
        "SELECT profile, evidence FROM ranking_profiles WHERE index_version = %s", (index_version,)
    ).fetchone()
    return (learned(row["profile"]), row["evidence"]) if row else None


def paths(connection: Connection, documents: Iterable[UUID]) -> dict[UUID, str]:
    """The paths of documents."""
    rows = connection.execute("SELECT id, path FROM documents WHERE id = ANY(%s)", (list(documents),)).fetchall()
    return {row["id"]: row["path"] for row in rows}


def sample(connection: Connection, space_id: UUID, index_version: UUID, limit: int) -> list[dict[str, Any]]:
    """Some `limit` passages of whole documents: the same ones as long as the documents are there."""
    return connection.execute(
        "SELECT p.id, p.document_id, p.version_id, p.section, p.text, p.types, p.languages, d.title, d.language, d.path "
        "FROM (SELECT id FROM documents WHERE space_id = %(space)s AND state = 'live' "
        " ORDER BY sha256 LIMIT %(limit)s) chosen JOIN documents d ON d.id = chosen.id "
        "JOIN passages p ON p.document_id = d.id AND p.index_version = %(version)s "
        'ORDER BY d.sha256, d.id, p."order" LIMIT %(limit)s',
        {"space": space_id, "version": index_version, "limit": limit},
    ).fetchall()


def save(
    connection: Connection,
    space_id: UUID,
    profile: RankingProfile,
    evidence: dict[str, Any],
    rests_on: Ground,
    *,
    run_id: str,
) -> bool:
    """Writes a profile; where it differs from the one before, no remembered result of the space counts any more.

    Returns:
        Whether it differs.
    """
    before = get(connection, rests_on.index_version)
    connection.execute(
        "INSERT INTO ranking_profiles (index_version, space_id, profile, evidence, fingerprint, documents, run_id) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (index_version) DO UPDATE SET profile = EXCLUDED.profile, "
        "evidence = EXCLUDED.evidence, fingerprint = EXCLUDED.fingerprint, documents = EXCLUDED.documents, "
        "run_id = EXCLUDED.run_id, learned_at = now()",
        (
            rests_on.index_version,
            space_id,
            Jsonb(profile.model_dump(include=set(LEARNED))),
            Jsonb(evidence),
            rests_on.fingerprint,
            rests_on.documents,
            run_id,
        ),
    )
    differs = profile != (before[0] if before else RankingProfile())
    if differs:
        spaces.bump_epoch(connection, space_id)
    return differs

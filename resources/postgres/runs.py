"""Ingestion runs: the platform's own record of each, beside Dagster's. A run's row is the job that the API shows."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.postgres.database import Connection

MOST_ERRORS = 1000


def queue(
    connection: Connection, run_id: UUID, space_id: UUID, *, job: str, code_version: str, requested_by: str = ""
) -> None:
    """Notes that a run was asked for, and by whom in which request."""
    connection.execute(
        "INSERT INTO runs (id, space_id, job, state, code_version, requested_by, request_id) "
        "VALUES (%s, %s, %s, 'queued', %s, %s, NULLIF(current_setting('rage.request_id', true), ''))",
        (run_id, space_id, job, code_version, requested_by),
    )


def start(connection: Connection, run_id: UUID, space_id: UUID, dagster_run_id: str, *, job: str, code_version: str) -> None:
    """Notes that a run began, whether or not somebody queued it; a retry of the same run begins anew."""
    connection.execute(
        "INSERT INTO runs (id, space_id, job, state, code_version, dagster_run_id, started_at) "
        "VALUES (%s, %s, %s, 'running', %s, %s, now()) ON CONFLICT (id) DO UPDATE SET state = 'running', "
        "dagster_run_id = EXCLUDED.dagster_run_id, started_at = now(), finished_at = NULL, counts = '{}', totals = '{}', "
        "errors = '[]', code_version = EXCLUDED.code_version",
        (run_id, space_id, job, code_version, dagster_run_id),
    )


def count(connection: Connection, dagster_run_id: str, counts: dict[str, int], totals: dict[str, float]) -> None:
    """Adds to a run's numbers of documents (`counts`) and of everything else (`totals`)."""
    row = connection.execute(
        "SELECT counts, totals FROM runs WHERE dagster_run_id = %s FOR UPDATE", (dagster_run_id,)
    ).fetchone()
    if row is None:
        return
    for name, more in counts.items():
        row["counts"][name] = row["counts"].get(name, 0) + more
    for name, amount in totals.items():
        row["totals"][name] = row["totals"].get(name, 0) + amount
    connection.execute(
        "UPDATE runs SET counts = %s, totals = %s WHERE dagster_run_id = %s",
        (Jsonb(row["counts"]), Jsonb(row["totals"]), dagster_run_id),
    )


def add_errors(connection: Connection, dagster_run_id: str, errors: list[dict[str, str]]) -> None:
    """Adds `{path, reason}` rows, up to a thousand; more are counted in quarantine anyway."""
    connection.execute(
        "UPDATE runs SET errors = CASE WHEN jsonb_array_length(errors) < %s THEN errors || %s ELSE errors END "
        "WHERE dagster_run_id = %s",
        (MOST_ERRORS, Jsonb(errors[:MOST_ERRORS]), dagster_run_id),
    )


def finish(connection: Connection, run_id: UUID, *, failed: str | None = None) -> bool:
    """Ends a run: failed with a reason, partly where it has errors, succeeded otherwise. An ended one stays as it is.

    Returns:
        Whether it ended now.
    """
    errors = Jsonb([{"path": "", "reason": failed}] if failed else [])
    ended = connection.execute(
        "UPDATE runs SET finished_at = now(), errors = errors || %s, state = CASE WHEN %s THEN 'failed' "
        "WHEN jsonb_array_length(errors) > 0 THEN 'partly' ELSE 'succeeded' END "
        "WHERE id = %s AND state IN ('queued', 'running')",
        (errors, failed is not None, run_id),
    )
    return ended.rowcount > 0


def get(connection: Connection, run_id: UUID) -> dict[str, Any] | None:
    """The row of a run that this transaction may see."""
    return connection.execute("SELECT * FROM runs WHERE id = %s", (run_id,)).fetchone()


def by_dagster_id(connection: Connection, dagster_run_id: str) -> dict[str, Any] | None:
    """The row of the run that Dagster knows by that id."""
    return connection.execute("SELECT * FROM runs WHERE dagster_run_id = %s", (dagster_run_id,)).fetchone()


def unfinished(connection: Connection, space_id: UUID) -> list[dict[str, Any]]:
    """Runs of a space that began and did not end."""
    return connection.execute("SELECT * FROM runs WHERE space_id = %s AND state = 'running'", (space_id,)).fetchall()

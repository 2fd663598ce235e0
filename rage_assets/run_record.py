"""The end of a run, in the platform's own record and in the audit."""

from typing import Any
from uuid import UUID

from resources.audit.acts import record_run
from resources.platform import Platform
from resources.postgres import runs


def end_run(platform: Platform, space: dict[str, Any], run_id: UUID, *, failed: str | None = None) -> dict[str, Any] | None:
    """Ends a run unless it has ended, and returns its record; None where there is none.

    Args:
        platform: In the role `worker`.
        space: The space's `id`, `name` and `database`.
        run_id: The run's id in the platform's own record.
        failed: Why it failed, if it did.
    """
    with platform.content(space["database"]).transaction(space=space["id"]) as connection:
        ended = runs.finish(connection, run_id, failed=failed)
        row = runs.get(connection, run_id)
    if row is not None and ended:
        with platform.database.transaction() as connection:
            record_run(
                connection,
                platform,
                run_id=row["dagster_run_id"] or str(run_id),
                job=row["job"],
                space_id=space["id"],
                space=space["name"],
                state=row["state"],
                counts=row["counts"],
                request_id=row["request_id"] or "",
                requested_by=row["requested_by"] or "",
            )
    return row

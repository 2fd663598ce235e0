"""Starting ingestion runs on behalf of a caller, and noticing those that nobody carries out."""

from uuid import UUID, uuid4

from api.dependencies import TIMEOUT_S
from resources.access import Caller, Role
from resources.dagster_client import RunLauncher
from resources.platform import Platform
from resources.postgres import runs
from resources.version import code_version


def start_ingest(platform: Platform, launcher: RunLauncher, caller: Caller, space: str) -> UUID:
    """Queues and launches an ingestion of a space; returns the job's id.

    Raises:
        NotFound: There is no such space, or the caller does not see it.
        Forbidden: The caller may not bring documents into it.
        ServiceUnavailable: The database does not answer.
    """
    job_id = uuid4()
    with platform.enter(caller, space, Role.INGESTOR, timeout_s=TIMEOUT_S) as (connection, row):
        runs.queue(connection, job_id, row["id"], job="ingest", code_version=code_version(), requested_by=caller.principal)

    def note_death(reason: str) -> None:
        with platform.enter(caller, space, Role.INGESTOR, timeout_s=TIMEOUT_S) as (connection, _):
            runs.finish(connection, job_id, failed=reason)

    launcher.launch_ingest(space, row["shards"], job_id, note_death)
    return job_id

"""How the query layer asks for runs: of a webserver where one answers, by a child process where none does."""

from collections.abc import Callable
from uuid import UUID

import pybreaker
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.dagster_client.child import ChildRunner
from resources.dagster_client.graphql import DagsterGraphQL, DagsterRefused
from resources.errors import ServiceUnavailable
from resources.logs import get_logger
from resources.settings import Settings

JOB_TAG = "rage/job_id"
SPACE_TAG = "rage/space"
_log = get_logger(__name__)


class RunLauncher:
    """Launches ingestion runs.

    Args:
        settings: Where Dagster's webserver is, if there is one.
        children: What runs them without a webserver.
    """

    def __init__(self, settings: Settings, children: ChildRunner | None = None) -> None:
        self._children = children or ChildRunner(settings.home)
        self._webserver = DagsterGraphQL(settings.dagster_url) if settings.dagster_url else None
        self._breaker = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=30, exclude=[DagsterRefused])

    def launch_ingest(self, space: str, shards: int, job_id: UUID, on_death: Callable[[str], None]) -> None:
        """Asks for an ingestion of a whole space; returns as soon as somebody took it on.

        Args:
            space: The space's name.
            shards: How many shards it has.
            job_id: The id of the run's row, which the caller has queued and committed.
            on_death: Called with a reason, from another thread, if a child process ends badly; Dagster watches its own.
        """
        if self._webserver is not None:
            try:
                self._breaker.call(self._by_webserver, self._webserver, space, shards, job_id)
                return
            except (ServiceUnavailable, pybreaker.CircuitBreakerError) as error:
                _log.warning("dagster_unreachable_child_runs", reason=str(error), job_id=str(job_id))
        self._children.run(space, job_id, on_death)

    def close(self) -> None:
        """Ends what was started here and lets nothing behind; runs of a webserver are its own."""
        self._children.close()

    def _by_webserver(self, webserver: DagsterGraphQL, space: str, shards: int, job_id: UUID) -> None:
        tags = run_tags(space, shards, job_id)
        retrying = Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, ServiceUnavailable) and not isinstance(e, DagsterRefused)),
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                # An attempt whose answer was lost may have launched it.
                if attempt.retry_state.attempt_number > 1 and webserver.find_run({JOB_TAG: str(job_id)}):
                    return
                webserver.add_partition(space)
                run = webserver.launch(tags)
                _log.info("run_launched", job_id=str(job_id), run_id=run)


def run_tags(space: str, shards: int, job_id: UUID) -> dict[str, str]:
    """The tags by which a run of the ingest job covers all shards of a space, and by which its row is found."""
    first, last = f"00|{space}", f"{shards - 1:02d}|{space}"
    if shards == 1:
        partition = {"dagster/partition": first, "dagster/partition/shard": "00", "dagster/partition/space": space}
    else:
        partition = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return {**partition, SPACE_TAG: space, JOB_TAG: str(job_id)}

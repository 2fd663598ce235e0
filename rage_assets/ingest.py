"""One ingestion, here and now: a Dagster run in this process, in the same instance that the UI shows."""

import signal
import sys
import time
import warnings
from typing import Any, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel

from rage_assets.run_failures import cause_of
from rage_assets.run_record import end_run
from rage_assets.work import Progress, no_progress
from resources.domain import IngestCounts
from resources.errors import RageError, ServiceUnavailable
from resources.platform import Platform
from resources.postgres import runs, spaces
from resources.settings import Settings, settings

# The report says what a person at the terminal needs; the rest is in the event log.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class IngestReport(BaseModel):
    """What an ingestion did.

    Attributes:
        run_id: Dagster's id of the run.
        state: `succeeded`, `partly` (some documents or sources failed; the rest is live) or `failed`.
        documents: How many were found in each state.
        blocks: Blocks that were parsed.
        passages: Passages that were made.
        embedded: Texts that got a new vector.
        seconds: From start to end.
        errors: Each failed document or source with its reason.
    """

    run_id: str
    state: Literal["succeeded", "partly", "failed"]
    documents: IngestCounts
    blocks: int = 0
    passages: int = 0
    embedded: int = 0
    seconds: float
    errors: list[dict[str, Any]] = []


def run_ingest(
    given: Settings, space: str, *, job_id: UUID | None = None, on_progress: Progress = no_progress
) -> IngestReport:
    """Takes a space through every stage in one run of this process; works with no server up.

    Raises:
        NotFound: There is no such space.
        SourceUnreadable: None of its sources can be read.
        RageError: Any other expected failure.
    """
    warnings.filterwarnings("ignore", module="dagster")
    started = time.monotonic()
    platform = Platform(given, "worker")
    try:
        with platform.database.transaction() as connection:
            row = spaces.identify(connection, space)
        return _run(given, platform, row, job_id or uuid4(), on_progress, started)
    finally:
        platform.close()


def _run(
    given: Settings, platform: Platform, space: dict[str, Any], job_id: UUID, progress: Progress, started: float
) -> IngestReport:
    from rage_assets.build import build_defs
    from rage_assets.instance import open_instance
    from rage_assets.partitions import SPACES, run_tags
    from rage_assets.platform_resource import platform_resource

    failure: RageError | None = None
    content = platform.content(space["database"])
    with open_instance(platform) as instance:
        if not instance.has_dynamic_partition(str(SPACES.name), space["name"]):
            instance.add_dynamic_partitions(str(SPACES.name), [space["name"]])
        job = build_defs({"platform": platform_resource(given, progress)}).resolve_job_def("ingest")
        tags = run_tags(space["name"], space["shards"], str(job_id))
        result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config=_QUIET)
        if not result.success:
            failure = _cause(result)
            end_run(platform, space, job_id, failed=str(failure))
    with content.transaction(space=space["id"]) as connection:
        row = runs.get(connection, job_id)
    if row is None:
        raise failure or ServiceUnavailable("The run left no record.", hint="Look at it in the Dagster UI.")
    if failure is not None and not any(row["counts"].values()):
        raise failure
    totals = row["totals"]
    return IngestReport(
        run_id=row["dagster_run_id"],
        state=row["state"],
        documents=IngestCounts(**{k: v for k, v in row["counts"].items() if k in IngestCounts.model_fields}),
        blocks=int(totals.get("blocks", 0)),
        passages=int(totals.get("passages", 0)),
        embedded=int(totals.get("embedded", 0)),
        seconds=round(time.monotonic() - started, 3),
        errors=row["errors"],
    )


def _cause(result: Any) -> RageError:
    """The expected error in which a run ended, or a word on the unexpected one."""
    held_back = [e for e in result.get_asset_check_evaluations() if not e.passed]
    if held_back:
        check = held_back[0]
        return RageError(
            f"The gate {check.check_name} held the batch back: {check.description}",
            hint="`rage quarantine list` and the check's metadata in the Dagster UI name the documents.",
        )
    return cause_of(result)


if __name__ == "__main__":
    # the way in for the API where no Dagster webserver is up
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        report = run_ingest(settings(), sys.argv[1], job_id=UUID(sys.argv[2]))
    except RageError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
    sys.exit(0 if report.state == "succeeded" else 1)

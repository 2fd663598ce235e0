"""The Dagster resource: thin configuration around the platform, which knows no Dagster."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import dagster as dg
import structlog

from rage_assets.partitions import DUE_TAG, JOB_TAG, REQUEST_TAG, covered
from rage_assets.work import Progress, Work, no_progress
from resources.platform import Platform
from resources.postgres import runs, spaces
from resources.settings import Settings, settings


def platform_resource(given: Settings | None = None, progress: Progress = no_progress) -> dg.ResourceDefinition:
    """The resource that opens the platform for a run and closes it behind it.

    Args:
        given: Settings; the environment's where there are none.
        progress: Told how far each stage is.
    """

    @dg.resource(description="The platform's stores, index and models, opened on first use.")
    def open_platform(_: dg.InitResourceContext) -> Iterator[PlatformResource]:
        platform = Platform(given or settings(), "worker")
        try:
            yield PlatformResource(platform, progress)
        finally:
            structlog.contextvars.unbind_contextvars("request_id", "run_id")
            platform.close()

    return open_platform


class PlatformResource:
    """What the assets of one run get."""

    def __init__(self, platform: Platform, progress: Progress = no_progress) -> None:
        self._platform = platform
        self._progress = progress

    @property
    def platform(self) -> Platform:
        """The platform in the role `worker`, for work that needs no shards to itself."""
        return self._platform

    @property
    def progress(self) -> Progress:
        """Told how far each stage is."""
        return self._progress

    def work(self, context: Any) -> Work:
        """What this run works on. The run holds its shards until it ends, so that no other works on them."""
        platform = self._platform
        space, shards = covered(list(context.partition_keys))
        with platform.database.transaction() as connection:
            row = spaces.identify(connection, space)
        for shard in shards:
            if shard < row["shards"] and not platform.locks.take(row["id"], f"shard-{shard}", wait=False):
                context.log.info(f"Another run works on shard {shard} of {space}; waiting for it.")
                platform.locks.take(row["id"], f"shard-{shard}")
        with platform.database.transaction() as connection:  # whoever held the locks may have moved the space
            row = spaces.identify(connection, space)
        return Work(
            platform,
            row["id"],
            space,
            [shard for shard in shards if shard < row["shards"]],
            row["shards"],
            context.run.run_id,
            self._progress,
            row["database"],
            due_only=context.run.tags.items() >= DUE_TAG.items(),
        )

    def begin(self, context: Any, work: Work) -> None:
        """Notes that the run began. Earlier runs that still count as running hold no lock any more: they died."""
        job_id = UUID(context.run.tags.get(JOB_TAG) or context.run.run_id)
        with work.transaction() as connection:
            for dead in runs.unfinished(connection, work.space_id):
                if dead["dagster_run_id"] != work.run_id and work.shard_count == len(work.shards):
                    runs.finish(connection, dead["id"], failed="The process died; this was continued by a later run.")
                    _report_dead(context.instance, dead["dagster_run_id"])
            runs.start(
                connection,
                job_id,
                work.space_id,
                work.run_id,
                job=context.run.job_name,
                code_version=work.code_version,
            )
            row = runs.get(connection, job_id)
        if row is not None and row["request_id"]:  # who follows a request finds its run, and the run's statements
            context.instance.add_run_tags(work.run_id, {REQUEST_TAG: row["request_id"]})
            structlog.contextvars.bind_contextvars(request_id=row["request_id"], run_id=work.run_id)


def _report_dead(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_failed(run, "The process of this run died; a later run continued its work.")

"""What one run works on: a space, some of its shards, and the platform to do it with."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from resources.platform import Platform
from resources.postgres import quarantine, runs, staging
from resources.postgres.database import Connection
from resources.postgres.quarantine import Failure
from resources.version import code_version

Progress = Callable[[str, int, int | None], None]


def no_progress(stage: str, done: int, total: int | None) -> None:
    """Tells nobody."""


@dataclass
class Work:
    """One run over some shards of one space.

    Attributes:
        platform: The parts, in the role `worker`.
        space_id: The space.
        space: Its name.
        shards: The shards of it that this run covers.
        shard_count: How many shards the space has.
        run_id: Dagster's id of the run, which everything written carries.
        database: The database of a dedicated space; None for the shared one.
        due_only: Whether sources with an interval rest until that is over.
        progress: Told `(stage, documents done, documents in all if known)`.
    """

    platform: Platform
    space_id: UUID
    space: str
    shards: list[int]
    shard_count: int
    run_id: str
    progress: Progress = no_progress
    database: str | None = None
    due_only: bool = False
    code_version: str = field(default_factory=code_version)

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction of the pipeline that sees this space and no other."""
        return self.platform.content(self.database).transaction(space=self.space_id)

    def batches(self, *stages: str, unmade: bool = False) -> Iterator[list[dict[str, Any]]]:
        """The staged documents at `stages`, in batches of bounded size; `unmade` are those without any passage yet."""
        settings = self.platform.settings
        return staging.batches(
            self.transaction,
            self.space_id,
            self.shards,
            stages,
            settings.batch_documents,
            settings.batch_bytes,
            unmade=unmade,
        )

    def quarantine(self, connection: Connection, failures: list[Failure]) -> None:
        """Moves documents to quarantine, in this transaction, and names in the run's record those that failed."""
        if not failures:
            return
        quarantine.put(connection, self.space_id, self.run_id, failures)
        failed = [failure for failure in failures if failure.reason not in quarantine.SKIPPED]
        runs.add_errors(
            connection,
            self.run_id,
            [
                {
                    "document_id": str(f.document["id"]),
                    "path": f.document["path"],
                    "reason": f.reason,
                    "detail": f.detail[:300],
                }
                for f in failed
            ],
        )

    def count(self, connection: Connection, counts: dict[str, int] | None = None, **totals: float) -> None:
        """Adds to the run's numbers, in this transaction."""
        runs.count(connection, self.run_id, counts or {}, totals)

"""Measures a space on all its evaluation sets, and looks for what dropped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from resources.access import Caller, Role
from resources.audit.acts import PIPELINE, record_run
from resources.evaluation.measurement import Progress, evaluate, no_progress
from resources.evaluation.models import MODES, EvaluatedMode, Result, named
from resources.evaluation.trend import Drop, dropped
from resources.platform import Platform
from resources.postgres import evaluation as store
from resources.postgres import spaces

# The pipeline searches as the query layer does, with the rights of an administrator of every space.
EVALUATOR = Caller(
    PIPELINE, "pipeline", platform_role=Role.ADMIN, issued_at=datetime.max.replace(tzinfo=UTC)
)  # no sign-in that could be revoked


@dataclass(frozen=True)
class Evaluation:
    """One space, to be measured.

    Attributes:
        worker: The platform in the role `worker`.
        reader: The platform in the role `api`, which searches.
        space: The space's row.
    """

    worker: Platform
    reader: Platform
    space: dict[str, Any]

    @property
    def space_id(self) -> UUID:
        """The space's id."""
        found: UUID = self.space["id"]
        return found

    def sets(self) -> list[str]:
        """The names of the space's sets."""
        with self.worker.content(self.space["database"]).transaction(space=self.space_id) as connection:
            return [each.name for each in store.listing(connection, self.space_id)]

    def measure(self, run_id: str, progress: Progress = no_progress) -> dict[str, list[Result]]:
        """Measures every set in every mode on what is live, and writes the end of it down; gives the results by set."""
        found = {
            name: evaluate(
                self.reader,
                EVALUATOR,
                self.space["name"],
                name,
                MODES,
                occasion="pipeline",
                run_id=run_id,
                progress=progress,
            )
            for name in self.sets()
        }
        counts = {"sets": len(found), "results": sum(len(results) for results in found.values())}
        with self.worker.database.transaction() as connection:
            record_run(
                connection,
                self.worker,
                run_id=run_id,
                job="evaluate",
                space_id=self.space_id,
                space=self.space["name"],
                state="succeeded",
                counts=counts,
            )
        return found

    def histories(self) -> dict[str, dict[EvaluatedMode, list[Result]]]:
        """By set and mode the results on what was live then, the newest first; sets without any are left out.

        The queries' own results are not among them: of weeks they would be a lot.
        """
        with self.worker.content(self.space["database"]).transaction(space=self.space_id) as connection:
            found = {
                each.name: {
                    mode: store.history(
                        connection, self.space_id, each.name, mode=mode, live=True, limit=store.KEPT_RESULTS, by_query=False
                    )
                    for mode in MODES
                }
                for each in store.listing(connection, self.space_id)
            }
        return {name: modes for name, modes in found.items() if any(modes.values())}

    def drops(self) -> list[tuple[str, EvaluatedMode, Drop]]:
        """Each set and mode whose newest result dropped too far, with the texts of the queries that got worse."""
        found = []
        for name, modes in self.histories().items():
            for mode, history in modes.items():
                if results := dropped(history, self.worker.settings.evaluation_drop):
                    found.append((name, mode, self._by_query(name, *results)))
        return found

    def _by_query(self, name: str, baseline: Result, latest: Result) -> Drop:
        with self.worker.content(self.space["database"]).transaction(space=self.space_id) as connection:
            scores = store.by_query(connection, [baseline.id, latest.id])
        found = Drop.between(*(each.model_copy(update={"per_query": scores[each.id]}) for each in (baseline, latest)))
        worse = found.comparison.worse
        with self.reader.enter(EVALUATOR, self.space["name"], Role.ADMIN) as (connection, row):
            set_id, _ = store.get(connection, row["id"], name)
            texts = store.texts_of(connection, set_id, [loss.id for loss in worse])
        return found._replace(comparison=found.comparison.model_copy(update={"worse": named(worse, texts)}))


@contextmanager
def open_evaluation(worker: Platform, space: str) -> Iterator[Evaluation]:
    """A space to be measured, with a platform of its own to search it.

    No lock is taken: an ingestion goes on meanwhile.
    """
    reader = Platform(worker.settings, "api")
    try:
        with worker.database.transaction() as connection:
            row = spaces.identify(connection, space)
        yield Evaluation(worker, reader, row)
    finally:
        reader.close()

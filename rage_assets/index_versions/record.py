"""What runs on index versions leave in the audit and in Dagster's instance, and what they do for good."""

from uuid import UUID

import dagster as dg

from rage_assets.work import Work
from resources import index_versions
from resources.audit.acts import PIPELINE, record, record_run
from resources.audit.entry import Entry, Outcome
from resources.errors import Conflict, RageError
from resources.evaluation.models import Verdict
from resources.index_versions import Gate
from resources.logs import get_logger
from resources.platform import Platform

_log = get_logger(__name__)


def end_build(work: Work, counts: dict[str, int], version: UUID | None, *, failed: str = "") -> None:
    """Writes down the end of a build."""
    with work.platform.database.transaction() as connection:
        record_run(
            connection,
            work.platform,
            run_id=work.run_id,
            job="build_index",
            space_id=work.space_id,
            space=work.space,
            state="failed" if failed else "succeeded",
            counts=counts,
        )
    _log.info("index_version_built", space=work.space, version=str(version or ""), failed=failed, **counts)


def promote_built(work: Work, version: UUID, gate: Gate) -> None:
    """Makes a version live that the gate has just let pass, and writes it down.

    Raises:
        Conflict: Another version became live meanwhile.
    """

    def judged(live: UUID, _: UUID) -> Verdict:
        if live != gate.live:
            raise Conflict(
                "Another index version became live while this one was judged.",
                hint=f"`rage index promote` judges {version} against that one.",
            )
        return gate.verdict  # a document that came since does not ask for another look within this run

    done = index_versions.promote(work.platform, work.space, str(version), judged)
    facts = {"space": work.space, "forced": False, "figures": gate.figures, "instead_of": str(done.instead_of)}
    _write_down(work.platform, "index.promote", work.space_id, version, work.run_id, facts)


def drop_retired(platform: Platform, run_id: str) -> list[tuple[str, UUID]]:
    """Drops every version whose grace is over, and writes it down; gives the spaces' names and the versions."""
    dropped = []
    for space, version in index_versions.due_for_drop(platform):
        try:
            space_id, _ = index_versions.drop(platform, space, str(version))
        except RageError as error:  # another hour does
            _log.warning("index_version_not_dropped", space=space, version=str(version), reason=str(error))
            continue
        _write_down(platform, "index.drop", space_id, version, run_id, {"space": space, "reason": "its grace is over"})
        dropped.append((space, version))
    return dropped


def report_dead(instance: dg.DagsterInstance, run: dg.DagsterRun, tag: str) -> None:
    """Ends earlier runs that Dagster takes for running: who holds the lock knows that they died."""
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], job_name=run.job_name, tags={tag: run.tags.get(tag, "")})
    for other in instance.get_runs(started):
        if other.run_id != run.run_id:
            instance.report_run_failed(other, "The process of this run died; a later run continued its work.")


def _write_down(
    platform: Platform, action: str, space_id: UUID, version: UUID, run_id: str, facts: dict[str, object]
) -> None:
    entry = Entry(
        action=action,
        outcome=Outcome.ALLOWED,
        actor=PIPELINE,
        actor_name="pipeline",
        space_id=space_id,
        target=f"version={version}",
        details=facts | {"run_id": run_id},
    )
    with platform.database.transaction() as connection:
        record(connection, platform, entry)

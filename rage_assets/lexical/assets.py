"""The asset that compares the lexical indexes with Postgres, and the job that runs it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from rage_assets.lexical.reconcile import reconcile, whole_space
from rage_assets.metadata import numbers, stopwatch, table
from rage_assets.platform_resource import PlatformResource
from rage_assets.work import Work
from resources.errors import RageError
from resources.lexical.opening import engine_of
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import spaces

_MOST_NAMED = 100

RECONCILE = dg.define_asset_job(
    "reconcile_lexical",
    selection=dg.AssetSelection.assets("lexical_reconciliation"),
    description="Compares every lexical index with Postgres, and repairs what differs. Ingestions go on meanwhile.",
    executor_def=dg.in_process_executor,
)


class Reconciliation(dg.Config):
    """Which spaces are looked at.

    Attributes:
        spaces: Their names; none for all.
    """

    spaces: list[str] = Field(default_factory=list)


@dg.asset(group_name="lexical", kinds={"python"})
def lexical_reconciliation(
    context: dg.AssetExecutionContext, config: Reconciliation, platform: dg.ResourceParam[PlatformResource]
) -> dg.MaterializeResult[Any]:
    """What is missing in the lexical indexes or superfluous there, by document and version, and its repair."""
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    with stopwatch() as metadata:
        for work in _works(platform, context.run.run_id, config.spaces):
            try:
                rows.append({"space": work.space, **reconcile(work)})
            except LexicalUnavailable as error:
                failed.append({"space": work.space, "why": error.message})
        for name in ("missing", "superfluous", "repaired"):
            metadata |= numbers({name: sum(row[name] for row in rows)})
        metadata |= numbers({"spaces": len(rows), "failed": len(failed)})
        metadata["engine"] = engine_of(platform.platform.settings)
        metadata["differing"] = table([row for row in rows if any(row[n] for n in row if n != "space")][:_MOST_NAMED])
        metadata["failed_spaces"] = table(failed[:_MOST_NAMED])
    if failed:
        raise dg.Failure(
            f"The lexical indexes of {len(failed)} space(s) do not answer: {failed[0]['why']}",
            metadata=metadata,
            allow_retries=False,  # the sensor asks again when the engine answers
        )
    return dg.MaterializeResult(metadata=metadata)


def _works(platform: PlatformResource, run_id: str, names: list[str]) -> Iterator[Work]:
    """The work on each space; one that cannot be reached now is left to the next run."""
    with platform.platform.database.transaction() as connection:
        names = names or spaces.names(connection)
    for name in names:
        try:
            yield whole_space(platform.platform, name, run_id, platform.progress)
        except RageError:
            continue


ASSETS = [lexical_reconciliation]

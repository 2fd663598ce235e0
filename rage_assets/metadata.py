"""Metadata of materialisations: what a person wants to see of a stage in the Dagster UI."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from rage_assets.quality.gate import Verdict

_MOST_NAMED = 20


@contextmanager
def stopwatch() -> Iterator[dict[str, Any]]:
    """Measures the seconds of a block into the metadata that it yields."""
    started = time.perf_counter()
    metadata: dict[str, Any] = {}
    yield metadata
    metadata["seconds"] = dg.MetadataValue.float(round(time.perf_counter() - started, 3))


def numbers(counts: Mapping[str, int]) -> dict[str, Any]:
    """Each count as a number, so that the UI plots it over time."""
    return {name: dg.MetadataValue.int(value) for name, value in counts.items()}


def table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A preview table, as Markdown; empty where there are no rows."""
    if not rows:
        return dg.MetadataValue.md("_nothing_")
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")[:120]


def check_result(verdict: Verdict) -> dg.AssetCheckResult:
    """A gate's verdict as Dagster shows it. It fails, and blocks, only where the whole batch is held back."""
    named = [
        {"path": f.document["path"], "expectation": f.reason, "detail": f.detail} for f in verdict.failures[:_MOST_NAMED]
    ]
    return dg.AssetCheckResult(
        passed=not verdict.held_back,
        severity=dg.AssetCheckSeverity.ERROR if verdict.held_back else dg.AssetCheckSeverity.WARN,
        description=(
            f"{len(verdict.failures)} of {verdict.documents} documents fail: the batch is held back, what is live stays."
            if verdict.held_back
            else f"{len(verdict.failures)} of {verdict.documents} documents fail and are in quarantine."
        ),
        metadata=numbers({"documents": verdict.documents, "failing": len(verdict.failures)} | verdict.expectations)
        | {"failing_documents": table(named)},
    )

"""Runs a Great Expectations suite over a table of measures, one row a document, and names the rows that fail."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rage_assets.work import Work
from resources.postgres import staging
from resources.postgres.quarantine import Failure


@dataclass
class Verdict:
    """What a gate said of a run.

    Attributes:
        documents: How many it looked at.
        failures: Those that failed, each with the first expectation that it broke.
        held_back: Whether so many failed that the whole batch stays out.
        expectations: How many documents broke each expectation.
    """

    documents: int = 0
    failures: list[Failure] = field(default_factory=list)
    held_back: bool = False
    expectations: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """One sentence about a column of measures.

    Attributes:
        name: The reason under which a document that breaks it is quarantined.
        kind: The class of `great_expectations.expectations`.
        arguments: Its arguments, `column` among them.
        says: What it means, for a person.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    says: str

    def plainly_met(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether all rows meet it beyond doubt. What a glance cannot tell is for the library to judge."""
        bounds = {name: value for name, value in self.arguments.items() if name != "column"}
        values = [row[self.arguments["column"]] for row in rows]
        if not all(isinstance(value, int | float) and not math.isnan(value) for value in values):
            return False
        if self.kind == "ExpectColumnValuesToBeInSet" and set(bounds) == {"value_set"}:
            return all(value in bounds["value_set"] for value in values)
        if self.kind == "ExpectColumnValuesToBeBetween" and set(bounds) <= {"min_value", "max_value"}:
            least, most = bounds.get("min_value", -math.inf), bounds.get("max_value", math.inf)
            return all(least <= value <= most for value in values)
        return False


@cache
def _context() -> Any:
    import logging
    import os

    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("measures").add_dataframe_asset("documents")
    return context, asset.add_batch_definition_whole_dataframe("batch")


def broken(suite_name: str, suite: Sequence[Expectation], rows: list[dict[str, Any]]) -> dict[int, Expectation]:
    """Which rows break which expectation: index of the row → the first of `suite` that it breaks.

    The library, which takes ten seconds to load, is asked only where a row may break one.
    """
    return {} if all(each.plainly_met(rows) for each in suite) else judged(suite_name, suite, rows)


def judged(suite_name: str, suite: Sequence[Expectation], rows: list[dict[str, Any]]) -> dict[int, Expectation]:
    """The same, by the library."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas

    _, batch_definition = _context()
    batch = batch_definition.get_batch(batch_parameters={"dataframe": pandas.DataFrame(rows)})
    expectations = [
        getattr(gxe, expectation.kind)(**expectation.arguments, meta={"index": index})
        for index, expectation in enumerate(suite)
    ]
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite_name, expectations=expectations), result_format={"result_format": "COMPLETE"}
    )
    found: dict[int, Expectation] = {}
    for result in outcome.results:
        expectation = suite[result.expectation_config.meta["index"]]
        if result.exception_info and result.exception_info.get("raised_exception"):
            raise RuntimeError(f"expectation {expectation.name} could not be evaluated: {result.exception_info}")
        for row in result.result.get("unexpected_index_list") or []:
            earlier = found.get(int(row))
            if earlier is None or suite.index(expectation) < suite.index(earlier):
                found[int(row)] = expectation
    return found


def judge(work: Work, verdict: Verdict, suite_name: str, suite: Sequence[Expectation], rows: list[dict[str, Any]]) -> None:
    """Adds to `verdict` what the suite says of `rows`, each with `document` (its staged row) beside its measures."""
    if not rows:
        return
    measures = [{name: value for name, value in row.items() if name != "document"} for row in rows]
    for index, expectation in sorted(broken(suite_name, suite, measures).items()):
        column = expectation.arguments.get("column", "")
        detail = f"{expectation.says} Measured: {column} = {measures[index].get(column)}."
        verdict.failures.append(Failure(rows[index]["document"], expectation.name, detail))
        verdict.expectations[expectation.name] = verdict.expectations.get(expectation.name, 0) + 1
    verdict.documents += len(rows)


def settle(work: Work, verdict: Verdict) -> None:
    """Acts on a verdict: quarantines the documents that failed, or holds the whole batch back if too many did."""
    settings = work.platform.settings
    failing = len(verdict.failures)
    verdict.held_back = (
        failing >= settings.min_failing_documents and failing > settings.max_failing_share * verdict.documents
    )
    with work.transaction() as connection:
        if verdict.held_back:
            connection.execute(
                "DELETE FROM staged_documents WHERE space_id = %s AND run_id = %s", (work.space_id, work.run_id)
            )
            return
        work.quarantine(connection, verdict.failures)
        work.count(connection, {"quarantined": failing})


def pass_on(work: Work, ids: list[Any], stage: str) -> None:
    """Moves documents that passed to the next stage."""
    with work.transaction() as connection:
        staging.set_stage(connection, ids, stage)

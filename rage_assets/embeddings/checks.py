"""The gate before publication: has every passage a sound vector?"""

from typing import Any

from rage_assets.quality.gate import Expectation, Verdict, judge, settle
from rage_assets.work import Work
from resources.postgres import index_versions, vectors
from resources.postgres.index_versions import IndexVersion

# halfvec keeps eleven bits of each number; the length of a unit vector of 384 numbers stays well within this.
LENGTH_TOLERANCE = 0.01
_JUDGED_TOGETHER = 5000


def suite(dimension: int) -> list[Expectation]:
    """The expectations, the gravest first."""
    between = "ExpectColumnValuesToBeBetween"
    unit = {"min_value": 1 - LENGTH_TOLERANCE, "max_value": 1 + LENGTH_TOLERANCE}
    exactly = {"min_value": dimension, "max_value": dimension}
    return [
        Expectation("has_passages", between, {"column": "passages", "min_value": 1}, "A document must have a passage."),
        Expectation("every_passage_embedded", "ExpectColumnValuesToBeInSet", {"column": "unembedded", "value_set": [0]},
                    "Every passage must have a vector."),
        Expectation("right_dimension", between, {"column": "least_dimension"} | exactly,
                    "Every vector must have the model's dimension."),
        Expectation("right_dimension", between, {"column": "most_dimension"} | exactly,
                    "Every vector must have the model's dimension."),
        Expectation("finite_unit_length", between, {"column": "least_length"} | unit,
                    "Every vector must be finite and of unit length."),
        Expectation("finite_unit_length", between, {"column": "most_length"} | unit,
                    "Every vector must be finite and of unit length."),
    ]  # fmt: skip


def check_vectors(work: Work) -> Verdict:
    """Judges every embedded document of the run; those that fail go to quarantine.

    An index version that does not answer is given up where its model fails: that is no fault of the documents.
    """
    verdict = Verdict()
    with work.transaction() as connection:
        versions = index_versions.kept(connection, work.space_id)
    for version in versions:
        if version.live:
            _judge(work, verdict, version)
            continue
        aside = Verdict()
        _judge(work, aside, version)
        if aside.failures:
            reason = f"{len(aside.failures)} of {aside.documents} documents: {aside.failures[0].detail}"
            with work.transaction() as connection:
                index_versions.give_up(connection, version.id, reason)
    settle(work, verdict)
    return verdict


def _judge(work: Work, verdict: Verdict, version: IndexVersion) -> None:
    expectations = suite(version.dimension)
    rows: list[dict[str, Any]] = []
    for batch in work.batches("embedded"):
        with work.transaction() as connection:
            found = {m["document_id"]: m for m in vectors.measures(connection, version.id, [r["id"] for r in batch])}
        rows += [_measures(row, found.get(row["id"])) for row in batch]
        if len(rows) >= _JUDGED_TOGETHER:
            judge(work, verdict, "vectors", expectations, rows)
            rows = []
    judge(work, verdict, "vectors", expectations, rows)


def _measures(document: dict[str, Any], found: dict[str, Any] | None) -> dict[str, Any]:
    values = found or {"passages": 0, "embedded": 0}
    return {
        "document": document,
        "passages": values["passages"],
        "unembedded": values["passages"] - values["embedded"],
        # a document without vectors breaks the expectation about embedding, not those about vectors it has not
        "least_dimension": values.get("least_dimension"),
        "most_dimension": values.get("most_dimension"),
        "least_length": values.get("least_length"),
        "most_length": values.get("most_length"),
    }

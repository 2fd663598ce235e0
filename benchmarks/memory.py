"""The memory of an ingestion, and whether it grows with the collection."""

from benchmarks.bench import Bench
from benchmarks.figures import Figure, at_most

_GB = 1.5
_GROWTH = 1.25


def run(bench: Bench) -> list[Figure]:
    """The peak resident memory of the ingesting processes, without PostgreSQL's."""
    few, many = bench.collection(1_000), bench.collection(10_000)
    return [
        *(
            at_most(f"first run over {each.documents:,} documents, peak", each.first.peak_bytes / 1e9, "GB", _GB)
            for each in (few, many)
        ),
        at_most("ten times as many documents", many.first.peak_bytes / few.first.peak_bytes, "×", _GROWTH, "flat = 1"),
    ]

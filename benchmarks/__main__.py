"""`python -m benchmarks [--only NAME …] [--small] [--out FILE]`: writes JSON, and the tables of docs/benchmarks.md."""

import argparse
import os
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.bench import Bench, opened
from benchmarks.figures import Figure, Skipped

# name: (module, function, what it measures)
BENCHMARKS = {
    "ingest": ("ingest", "run", "Ingestion against the embedding model alone"),
    "embedding": ("embedding", "run", "The embedder against the model alone"),
    "unchanged": ("incremental", "unchanged", "Reading unchanged documents again"),
    "one_changed": ("incremental", "one_changed", "One changed document"),
    "parsing": ("parsing", "run", "What is read of documents"),
    "recognition": ("recognition", "run", "Recognising characters"),
    "hostile": ("hostile", "run", "Files that mean harm"),
    "large_files": ("large_files", "run", "Very large files"),
    "memory": ("memory", "run", "Memory of an ingestion"),
    "search": ("search", "run", "Time of a search"),
    "security": ("security", "run", "What security costs a search"),
    "retrieval": ("retrieval", "run", "Quality of retrieval"),
    "million": ("million", "run", "Search in a million passages"),
    "freshness": ("freshness", "run", "From a dropped file to its first hit"),
}
_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def main() -> int:
    """Runs benchmarks; returns 1 if one of them failed."""
    given = _arguments()
    for name in [name for name in os.environ if name.startswith("RAGE_") and not name.startswith("RAGE_TEST_")]:
        if not name.startswith("RAGE_BENCH_"):
            del os.environ[name]  # nobody's own settings come into the figures
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    sections: dict[str, report.Section] = {}
    failed = False
    with opened(given.data, given.small, given.keep, given.passages) as bench:
        for name in given.only or BENCHMARKS:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                sections[name] = _measure(bench, name)
            except Exception:  # the others are still worth having
                traceback.print_exc()
                failed = True
                continue
            report.write_json(_out(given), sections, small=given.small)
    print(report.tables(sections))
    if given.small:
        print("This was a quick look: the aims are for the full sizes.")
    if sections and not given.small:
        report.publish(sections, list(BENCHMARKS))
    return int(failed)


def _measure(bench: Bench, name: str) -> report.Section:
    from resources.version import code_version

    module, function, title = BENCHMARKS[name]
    machine, date, began = report.machine(), report.now(), time.monotonic()
    figures: list[Figure] = []
    skipped = ""
    try:
        figures = getattr(import_module(f"benchmarks.{module}"), function)(bench)
    except Skipped as reason:
        skipped = str(reason)
    return report.Section(title, figures, skipped, round(time.monotonic() - began, 1), machine, date, code_version())


def _out(given: argparse.Namespace) -> Path:
    out: Path = given.out or report.RESULTS / f"{report.now()[:10]}{'-small' if given.small else ''}.json"
    return out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures, and says what was aimed at.")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--small", action="store_true", help="A quick look: sizes ÷ 20, neither latest.json nor the page is written."
    )
    parser.add_argument("--data", type=Path, default=_DATA, help="The evaluation data (default: ../shared/data).")
    parser.add_argument(
        "--out",
        type=Path,
        default=os.environ.get("RAGE_BENCH_OUT"),
        help="Where the JSON goes (default: $RAGE_BENCH_OUT, or benchmarks/results/<date>.json).",
    )
    parser.add_argument("--keep", type=Path, help="`million` goes on with the home in this folder, and leaves it there.")
    parser.add_argument("--passages", type=int, help="How many passages `million` loads (default: a million).")
    given = parser.parse_args()
    given.data = given.data.absolute()
    given.keep = given.keep and given.keep.absolute()
    return given


if __name__ == "__main__":
    sys.exit(main())

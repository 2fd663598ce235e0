"""What it costs to read a folder again in which nothing, or one document, has changed."""

import time
from collections.abc import Callable
from statistics import median

from benchmarks.bench import Bench, Collection, expect, note
from benchmarks.figures import Figure, at_most
from benchmarks.homes import SPACE

_SHARE = 2.0
_ONE_CHANGED_S = 5.0
_TRIES = 3


def unchanged(bench: Bench) -> list[Figure]:
    """The second run over unchanged documents as a share of the first."""
    bench.warm_up()
    collection = bench.collection(10_000)
    note("again, by a command")
    cold = collection.home.rage("ingest", SPACE)
    expect(cold.report, unchanged=collection.documents)
    note("again, in this process")
    warm = _median_of(lambda: _ingest_here(collection, unchanged=collection.documents), collection)
    first = collection.first
    documents = f"{collection.documents:,} documents"
    share = 100 * warm / first.report["seconds"]
    return [
        Figure(f"{documents}, first run", first.seconds, "s", note="whole command"),
        at_most(f"{documents}, unchanged ÷ first run", share, "%", _SHARE, f"{warm:.2f} s in a warm process"),
        at_most("… whole command ÷ whole command", 100 * cold.seconds / first.seconds, "%", _SHARE),
    ]


def one_changed(bench: Bench) -> list[Figure]:
    """One changed document among many, and among few."""
    bench.warm_up()
    figures = []
    warm_seconds = {}
    for full in (1_000, 10_000):
        collection = bench.collection(full)
        note(f"one of {collection.documents} changed, in this process")
        warm_seconds[full] = warm = _median_of(lambda c=collection: _change_here(c), collection)  # type: ignore[misc]
        note(f"one of {collection.documents} changed, by a command")
        cold = median(_change_by_command(collection) for _ in range(_TRIES))
        documents = f"one of {collection.documents:,} documents changed"
        figures += [
            at_most(f"{documents}, warm process", warm, "s", _ONE_CHANGED_S),
            at_most(f"{documents}, whole command", cold, "s", _ONE_CHANGED_S, "interpreter and database start included"),
        ]
    ratio = warm_seconds[10_000] / warm_seconds[1_000]
    return [*figures, Figure("ten times as many documents, warm process", ratio, "×", note="1 = size does not matter")]


def _median_of(action: Callable[[], float], collection: Collection) -> float:
    with collection.home.running():
        return median(action() for _ in range(_TRIES))


def _ingest_here(collection: Collection, **expected: int) -> float:
    from rage_assets.ingest import run_ingest

    started = time.perf_counter()
    report = run_ingest(collection.home.settings, SPACE)
    seconds = time.perf_counter() - started
    expect(report.model_dump(), **expected)
    return seconds


def _change_here(collection: Collection) -> float:
    _change(collection)
    return _ingest_here(collection, changed=1, unchanged=collection.documents - 1)


def _change_by_command(collection: Collection) -> float:
    _change(collection)
    done = collection.home.rage("ingest", SPACE)
    expect(done.report, changed=1, unchanged=collection.documents - 1)
    return done.seconds


def _change(collection: Collection) -> None:
    file = min(collection.folder.rglob("*.md"))
    file.write_text(file.read_text("utf-8") + f"\nA sentence was added at {time.time_ns()}.\n", "utf-8")

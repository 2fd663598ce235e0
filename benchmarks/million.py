"""Search in a million passages: time over HTTP, what filters cost and find, memory, and what loading takes."""

import os
import time
from itertools import islice
from typing import Any

import numpy as np

from benchmarks import million_library as library
from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.homes import SPACE, Home
from benchmarks.processes import peak_of
from benchmarks.records import mixed_queries, mixed_records
from benchmarks.search import patterns
from benchmarks.serving import Client, connected, timed
from resources.access import LOCAL_ADMIN

PASSAGES = 1_000_000
_QUERIES = 400
_JUDGED = 60  # of the queries are also answered by looking at everything
_FILTERED = 60
_CLIENTS = 8
_K = 10
_DEPTH = 100  # candidates of a tier, as a search asks for
_MODES = ("hybrid", "vector", "lexical")
_MODE_MS = {1_000_000: 100.0, 100_000: 50.0}
_PATTERN_MS = 300.0
_RECALL = 0.95
_SERVER_GB = 3.0
_ROUNDED = 3e-4  # halves are rounded


def run(bench: Bench) -> list[Figure]:
    """Loads what is not there yet, then measures; `--keep` and `--passages` say where and how many."""
    count = bench.passages or bench.size(PASSAGES, least=2 * library.IN_A_BATCH)
    count -= count % library.IN_A_BATCH
    home = bench.kept_home()
    found = mixed_records(bench.data, 0)
    with home.running() as platform:
        space = library.space_of(home, platform)
    with home.running("worker") as platform:
        made_of = library.bases(home, found, platform)
        began = time.perf_counter()
        library.load(home, made_of, platform, space, count)
        loaded = time.perf_counter()
        note("building the index on the vectors")
        library.finish(platform, space)
        built = time.perf_counter()
    figures = [
        Figure("in the space", count, "passages", note=f"load average {os.getloadavg()[0]:.1f} now"),
        Figure("loading what was not there", (loaded - began) / 60, "min"),
        Figure("building the index on the vectors, unless it was there, and statistics", (built - loaded) / 60, "min"),
    ]
    asked = bench.size(_QUERIES, least=40)
    figures += _recalls(home, made_of, count, list(islice(mixed_queries(bench.data), bench.size(_JUDGED, least=10))))
    figures += _served(home, count, made_of, mixed_queries(bench.data), asked)
    return figures


def _recalls(home: Home, made_of: library.Bases, count: int, queries: list[str]) -> list[Figure]:
    """How much of the nearest that looking at everything finds is found, without filters and with each."""
    from resources.postgres import neighbours
    from resources.postgres import search as reads
    from resources.postgres.within import Within

    everything = [(1.0, "", {}, {}), *library.filters()]
    figures = []
    with home.running() as platform:
        vectors = platform.embedder.encode_queries(queries)
        note("looking at everything, for comparison")
        truth = library.truth(made_of, count, vectors, [labels for *_, labels in everything], _K)
        with platform.enter(LOCAL_ADMIN, SPACE, timeout_s=60) as (connection, row):
            where = reads.scope(row)
            for (share, name, given, _), best in zip(everything, truth, strict=True):
                narrowing = reads.Narrowing(**given)  # type: ignore[arg-type]
                taken: list[float] = []
                hits = wanted = 0
                for vector, cosines in zip(vectors, best, strict=True):
                    started = time.perf_counter()
                    got = neighbours.nearest(Within(connection, where, narrowing), vector, _DEPTH)
                    taken.append((time.perf_counter() - started) * 1000)
                    hits += _found([each.cosine or 0.0 for each in got.values()], [each for each in cosines if each > -1])
                    wanted += sum(each > -1 for each in cosines)
                label = f"recall@{_K}, {name} that keeps {share:.1%}" if name else f"recall@{_K}, no filter"
                took = f"one after the other p50 {np.percentile(taken, 50):.0f} ms, p95 {np.percentile(taken, 95):.0f} ms"
                figures.append(at_least(label, hits / max(1, wanted), "", _RECALL, took))
    return figures


def _found(cosines: list[float], best: list[float]) -> int:
    """How many of the first that were found are as near as the best."""
    first = sorted(cosines, reverse=True)[: len(best)]
    return sum(each >= best[-1] - _ROUNDED for each in first) if best else 0


def _served(home: Home, count: int, made_of: library.Bases, questions: list[str], asked: int) -> list[Figure]:
    from benchmarks.serving import launched

    queries = iter(questions)
    figures: list[Figure] = []
    with launched(home) as (process, url), peak_of(process.pid) as peak, connected(home, url) as client:
        note("the first searches after a start")
        figures += _measured(client, "hybrid", list(islice(queries, asked)), None, name="hybrid, the first after a start")
        for mode in _MODES:
            note(f"{mode} over HTTP")
            figures += _measured(client, mode, list(islice(queries, asked // 4)), None, clients=1)
            figures += _measured(client, mode, list(islice(queries, asked)), _MODE_MS.get(count))
        note("patterns over HTTP")
        texts = [text.text.replace("\n", " ") for _, _, text in library.batch(made_of, 0).passages()]
        wanted = patterns(texts, asked + asked // 4)
        for some, clients in ((wanted[asked:], 1), (wanted[:asked], _CLIENTS)):
            figures += _measured(client, "pattern", some, _PATTERN_MS, said="pattern_scan_bounded", clients=clients)
        frequent = [
            "/[0-9]{4}/",
            '"the results"',
            "/(increase|decrease)d?/",
            "in*tion",
            "/[a-z]+ology/",
            "/\\w+ \\w+/",
            '"of"',
        ]
        figures += _measured(client, "pattern", frequent * 4, None, said="pattern_scan_bounded", name="frequent patterns")
        for share, name, given, _ in library.filters():
            figures += _measured(
                client, "hybrid", list(islice(queries, _FILTERED)), None, filters=given, name=f"hybrid, {name} {share:.1%}"
            )
    figures.append(at_most("the server's memory beside PostgreSQL, peak", peak.bytes / 1e9, "GB", _SERVER_GB))
    return figures


def _measured(
    client: Client,
    mode: str,
    queries: list[str],
    aim: float | None,
    *,
    filters: dict[str, Any] | None = None,
    name: str = "",
    said: str = "",
    clients: int = _CLIENTS,
) -> list[Figure]:
    bounded: list[int] = []

    def search(query: str) -> None:
        bounded.append(said in client.search(SPACE, query, mode, filters=filters)["degraded"])

    for warm in ("what is warm", "how does it begin"):
        client.search(SPACE, f"{mode} {warm} {name}", mode, filters=filters)
    taken, rate = timed(search, queries, clients)
    label = f"{name or mode}, {clients} HTTP {'clients' if clients > 1 else 'client'}, uncached"
    note_ = f"{rate:.0f} searches/s" + (f"; {sum(bounded)} of {len(bounded)} bounded" if said else "")
    p50, p95 = (float(each) for each in np.percentile(taken, [50, 95]))
    last = at_most(f"{label}, p95", p95, "ms", aim) if aim else Figure(f"{label}, p95", p95, "ms")
    return [Figure(f"{label}, p50", p50, "ms", note=note_), last]

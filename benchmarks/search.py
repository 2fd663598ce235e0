"""The time that searches take in a large space, in this process and over HTTP."""

import random
import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from benchmarks import library
from benchmarks.bench import Bench, note
from benchmarks.figures import Figure
from benchmarks.homes import SPACE, Home
from benchmarks.records import SEED, mixed_queries, mixed_records
from benchmarks.serving import api, timed
from resources.access import LOCAL_ADMIN

_PASSAGES = 100_000
_QUERIES = 400
_CLIENTS = 8
_MODES = ("hybrid", "vector", "lexical", "pattern")
_WARM_UP = ("what is warm", "how does it begin", "which words come first")


def run(bench: Bench) -> list[Figure]:
    """Each mode in process, by one HTTP client and by eight at once; every query is new, then the same again."""
    count = bench.size(_PASSAGES)
    home = bench.home()
    texts = library.build(home, mixed_records(bench.data, 0), count)
    asked = bench.size(_QUERIES, least=40)
    questions = iter(mixed_queries(bench.data))
    # other queries for each mode: the server remembers their vectors, whatever the mode
    queries = {mode: list(islice(questions, asked)) for mode in _MODES} | {"pattern": patterns(texts, asked)}
    figures = _in_process(home, queries) + _over_http(home, queries)
    home.remove()
    return [Figure("in the space", count, "passages", note=f"{asked} distinct queries of each mode"), *figures]


def _in_process(home: Home, queries: dict[str, list[str]]) -> list[Figure]:
    from resources.retrieval.models import SearchRequest
    from resources.retrieval.search import Retriever

    figures = []
    with home.running("api") as platform:
        for mode in _MODES:
            note(f"{mode} in process")
            # one of its own for each mode: nothing is remembered from the mode before
            retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)

            def search(query: str, mode: str = mode, retriever: Retriever = retriever) -> None:
                retriever.search(LOCAL_ADMIN, SearchRequest.model_validate({"space": SPACE, "query": query, "mode": mode}))

            timed(search, _WARM_UP)
            taken, _ = timed(search, queries[mode])
            figures += _percentiles(f"{mode}, in process", taken)
    return figures


def _over_http(home: Home, queries: dict[str, list[str]]) -> list[Figure]:
    figures = []
    with api(home) as client:
        for mode in _MODES:
            note(f"{mode} over HTTP")

            def search(query: str, mode: str = mode) -> None:
                client.search(SPACE, query, mode)

            timed(search, [f"{mode} {query}" for query in _WARM_UP])
            alone = len(queries[mode]) // 4
            for clients, asked in ((1, queries[mode][:alone]), (_CLIENTS, queries[mode][alone:])):
                name = f"{mode}, {clients} HTTP client{'s' * (clients > 1)}"
                for how in ("uncached", "cached"):
                    # the server remembers 512 results: those of one mode fit, and come again at once
                    taken, rate = timed(search, asked, clients)
                    figures += _percentiles(f"{name}, {how}", taken, f"{rate:.0f} searches/s")
    return figures


def _percentiles(name: str, taken: list[float], note: str = "") -> list[Figure]:
    p50, p95 = np.percentile(taken, [50, 95])
    return [Figure(f"{name}, p50", float(p50), "ms", note=note), Figure(f"{name}, p95", float(p95), "ms")]


def patterns(texts: Sequence[str], count: int) -> list[str]:
    """Phrases, wildcards and regular expressions that stand in the texts, each kind as often."""
    chance = random.Random(SEED)
    found: dict[str, None] = {}
    while len(found) < count:
        words = re.findall(r"[A-Za-z]{4,}(?: [a-z]{4,}){2}", chance.choice(texts))
        if words:
            first, second, third = chance.choice(words).split(" ")
            kinds = (f'"{first} {second} {third}"', f"{first} {second[:4]}*", rf"/{first}\s+{second}\b/")
            found[kinds[len(found) % len(kinds)]] = None
    return list(found)

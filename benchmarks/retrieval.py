"""How well searches find, on judged queries, over HTTP after a real ingestion of one file for each record.

Beside the product's modes stand plain rankings of the same passages and vectors in the same run: all of a space's vectors
compared, BM25 alone, and reciprocal rank fusion of the two (k = 60).
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure
from benchmarks.nearest import bare_nearest
from benchmarks.records import judgements, queries, record_id, records, write_files
from benchmarks.serving import Client, api

_MODES = ("hybrid", "vector", "lexical")
_DEPTH = 100
_CLIENTS = 4
# nDCG@10 and recall@100 of plain rankings of `title + ' ' + text`, cut at 256 tokens, with the same model: the best of
# three convex combinations and of reciprocal ranks beside hybrid, the exact nearest beside vector, BM25 beside lexical.
_REFERENCE: dict[str, dict[str, tuple[float, float]]] = {
    "scifact": {"hybrid": (0.7341, 0.968), "vector": (0.6451, 0.925), "lexical": (0.6868, 0.925)},
    "medline": {"hybrid": (0.8047, 0.957), "vector": (0.7875, 0.958), "lexical": (0.7038, 0.789)},
    "cosqa_code": {"hybrid": (0.5705, 0.970), "vector": (0.5979, 0.985), "lexical": (0.3850, 0.816)},
    "lisa": {},
}
_RANK_CONSTANT = 60


def run(bench: Bench) -> list[Figure]:
    """nDCG@10 and recall@100 of each set and mode."""
    home = bench.home()
    figures = []
    for name in _REFERENCE:
        folder, judged = _files(bench, name)
        note(f"reading {name}")
        home.space(folder, name)
        home.rage("ingest", name)
        asked = {id_: text for id_, text in queries(bench.data, name).items() if id_ in judged}
        with api(home) as client:
            ranked = {}
            for mode in _MODES:
                note(f"{len(asked)} queries of {name}, {mode}")
                ranked[mode] = _ranked(client, name, mode, asked)
                figures += _score(name, mode, ranked[mode], judged, bench.small)
        note(f"bare pgvector of {name}")
        bare = {"bare pgvector, all compared": bare_nearest(home.path, name, asked, _DEPTH)}
        bare["bare BM25"] = ranked["lexical"]
        bare["bare RRF"] = _reciprocal(bare["bare pgvector, all compared"], ranked["lexical"])
        for what, given in bare.items():
            figures += _score(name, what, given, judged, bench.small)
    home.remove()
    return figures


def _files(bench: Bench, name: str) -> tuple[Path, dict[str, dict[str, int]]]:
    """The set's records as files, and what is relevant; a quick look takes few queries and what belongs to them."""
    every, judged = records(bench.data, name), judgements(bench.data, name)
    if bench.small:
        judged = dict(list(judged.items())[: bench.size(len(judged))])
        wanted = {record for grades in judged.values() for record in grades}
        every.sort(key=lambda record: record.id not in wanted)
        every = every[: max(len(wanted), bench.size(len(every)))]
    return write_files(bench.root / f"set-{name}", every), judged


def _ranked(client: Client, space: str, mode: str, asked: dict[str, str]) -> dict[str, dict[str, float]]:
    """For each query the documents in the order of their first hit, as falling scores."""

    def one(text: str) -> dict[str, float]:
        found = client.search(space, text, mode, _DEPTH)["results"]
        order = dict.fromkeys(record_id(result["document"]["path"]) for result in found)
        return {record: 1.0 / rank for rank, record in enumerate(order, start=1)}

    with ThreadPoolExecutor(_CLIENTS) as pool:
        return dict(zip(asked, pool.map(one, asked.values()), strict=True))


def _score(
    name: str, mode: str, ranked: dict[str, dict[str, float]], judged: dict[str, dict[str, int]], small: bool
) -> list[Figure]:
    import ir_measures
    from ir_measures import R, nDCG

    measures = (nDCG @ 10, R @ 100)
    scores = ir_measures.calc_aggregate(measures, judged, ranked)
    figures = []
    references = _REFERENCE[name].get(mode)
    for place, measure in enumerate(measures):
        said = "" if small or references is None else f"reference {references[place]:.3f}"
        figures.append(Figure(f"{name}, {mode}, {measure}", scores[measure], "", said))
    return figures


def _reciprocal(*ranked: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Reciprocal rank fusion; see Cormack et al., 2009. Scores are 1 / rank."""
    fused: dict[str, dict[str, float]] = {}
    for given in ranked:
        for query, scores in given.items():
            into = fused.setdefault(query, {})
            for record, score in scores.items():
                into[record] = into.get(record, 0.0) + 1 / (_RANK_CONSTANT + 1 / score)
    return fused

"""The embedder against the bare model, in one process and in turns, so that whatever else goes on hits both."""

import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, at_least
from benchmarks.homes import MODEL
from benchmarks.records import SEED, folder_of

_AIM, _LEAST_COSINE, _MOST_LOSS = 1.3, 0.99, 0.003
_TEXTS, _TURNS, _EACH = 240, 4, 60
_SETS = ("scifact", "medline", "cosqa_code")
_QUERIES, _DOCUMENTS = 400, 1_600  # a single query that changes places moves a mean of 100 by more than what may be lost
_Vectors = NDArray[np.float32]
_Encode = Callable[[Sequence[str]], _Vectors]


def run(bench: Bench) -> list[Figure]:
    """Speed, likeness, and what retrieval loses by it."""
    from resources.embedding import kind_of, open_embedder
    from resources.embedding.sentence_transformer import load_model

    embedder = open_embedder(MODEL, bench.home().settings)
    bare_model = load_model(MODEL, "cpu")

    def bare(texts: Sequence[str]) -> _Vectors:
        found: _Vectors = bare_model.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
        return found

    figures = _speed(bench, bare, embedder.encode, kind_of(embedder))
    for name in _SETS:
        note(name)
        figures.append(_retrieval(bench, name, bare, embedder.encode))
    return figures


def _speed(bench: Bench, bare: _Encode, ours: _Encode, kind: str) -> list[Figure]:
    texts = _mixed(bench, bench.size(_TEXTS, 60))
    turns = [texts[start : start + _EACH] for start in range(0, len(texts), _EACH)]
    for encode in (bare, ours):
        encode(texts[:32])
    seconds = {"bare": 0.0, "ours": 0.0}
    cosines = []
    for turn in turns:
        vectors = {}
        for name, encode in (("bare", bare), ("ours", ours)):
            started = time.perf_counter()
            vectors[name] = encode(turn)
            seconds[name] += time.perf_counter() - started
        cosines.append(np.sum(vectors["bare"] * vectors["ours"], axis=1))
    least = float(np.concatenate(cosines).min())
    said = f"{len(texts):,} texts in {len(turns)} turns: abstracts, code and German"
    return [
        Figure("SentenceTransformer.encode", len(texts) / seconds["bare"], "texts/s", note=said),
        Figure("the embedder", len(texts) / seconds["ours"], "texts/s", note=kind),
        at_least("the embedder ÷ SentenceTransformer.encode", seconds["bare"] / seconds["ours"], "×", _AIM),
        at_least("least cosine between their vectors", least, "", _LEAST_COSINE),
    ]


def _mixed(bench: Bench, count: int) -> list[str]:
    chosen = random.Random(SEED)
    texts = []
    for name in ("scifact", "cosqa_code", "xquad_de"):
        rows = _rows(folder_of(bench.data, "ir", name) / "corpus.jsonl")
        texts += [_text(row) for row in chosen.sample(rows, min(len(rows), count // 3))]
    chosen.shuffle(texts)
    return texts


def _retrieval(bench: Bench, name: str, bare: _Encode, ours: _Encode) -> Figure:
    """nDCG@10 of the exact nearest of a part of a set, by both; the bare model's is what it must not fall below."""
    folder = folder_of(bench.data, "ir", name)
    judged: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        parts = line.split("\t")
        if parts[-1].replace(".", "", 1).isdigit() and float(parts[-1]) > 0:
            judged.setdefault(parts[0], {})[parts[-2]] = float(parts[-1])
    chosen = random.Random(SEED)
    queries = [row for row in _rows(folder / "queries.jsonl") if row["_id"] in judged]
    queries = chosen.sample(queries, min(len(queries), bench.size(_QUERIES, 8)))
    wanted = {document for row in queries for document in judged[row["_id"]]}
    documents = _rows(folder / "corpus.jsonl")
    chosen.shuffle(documents)
    documents.sort(key=lambda row: row["_id"] not in wanted)
    documents = documents[: max(len(wanted), bench.size(_DOCUMENTS, 60))]
    scores = []
    for encode in (bare, ours):
        near = encode([row["text"] for row in queries]) @ encode([_text(row) for row in documents]).T
        gained = [_ndcg(judged[query["_id"]], documents, row) for query, row in zip(queries, near, strict=True)]
        scores.append(np.mean(gained))
    said = f"{len(queries)} queries, {len(documents):,} documents; the bare model's is {scores[0]:.4f}"
    return at_least(f"{name}: nDCG@10", float(scores[1]), "", round(float(scores[0]) - _MOST_LOSS, 4), note=said)


def _ndcg(judged: dict[str, float], documents: list[dict[str, Any]], near: _Vectors) -> float:
    discounts = 1 / np.log2(np.arange(2, 12))
    gains = [judged.get(documents[place]["_id"], 0.0) for place in np.argsort(-near, kind="stable")[:10]]
    ideal = sorted(judged.values(), reverse=True)[:10]
    return float(np.dot(gains, discounts[: len(gains)]) / np.dot(ideal, discounts[: len(ideal)]))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _text(row: dict[str, Any]) -> str:
    return f"{row.get('title') or ''} {row['text']}".strip()

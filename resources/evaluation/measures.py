"""Measures of a ranking, by `ir-measures`, as the literature and every leaderboard compute them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from resources.evaluation.models import Metrics

Grades = Mapping[str, Mapping[str, int]]


class Scored(NamedTuple):
    """The means over all queries, and nDCG@10 of each."""

    metrics: Metrics
    per_query: dict[str, float]


def score(judged: Grades, ranked: Mapping[str, Sequence[str]], took_ms: Sequence[float]) -> Scored:
    """How good rankings are.

    Args:
        judged: For each query, by id, the grades of documents.
        ranked: For each query the documents found, best first, each once.
        took_ms: How long each search took.
    """
    import ir_measures
    import numpy as np
    from ir_measures import RR, R, nDCG

    # the measures know scores, not ranks; equal ones would be sorted by name
    scores = {query: {path: 1.0 / rank for rank, path in enumerate(paths, 1)} for query, paths in ranked.items()}
    ndcg, recall, mrr = nDCG @ 10, R @ 100, RR @ 10
    by_measure: dict[str, dict[str, float]] = {str(measure): dict.fromkeys(judged, 0.0) for measure in (ndcg, recall, mrr)}
    for metric in ir_measures.iter_calc([ndcg, recall, mrr], judged, scores):
        by_measure[str(metric.measure)][metric.query_id] = metric.value
    means = {name: round(float(np.mean(list(values.values()))), 4) for name, values in by_measure.items()}
    p50, p95 = (round(float(value), 2) for value in np.percentile(list(took_ms) or [0.0], (50, 95)))
    metrics = Metrics(
        ndcg_10=means[str(ndcg)], recall_100=means[str(recall)], mrr_10=means[str(mrr)], p50_ms=p50, p95_ms=p95
    )
    return Scored(metrics, {query: round(value, 6) for query, value in by_measure[str(ndcg)].items()})

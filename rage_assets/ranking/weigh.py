"""Decides from scored queries whether a space's tiers should be weighed otherwise than everywhere else.

The default weights follow each query already, and on nine collections no other lean was better by more than a hair's
breadth. Taking the best of eight leans on 10 to 60 queries cost .002 to .015 of nDCG@10 on the queries left out, for it
fits chance. So the lean moves only where a paired test leaves little doubt: then it never did harm on those collections,
and gave .11 on one in a script that the model does not know.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEANS = (-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
LEAST_QUERIES = 20
_NONE = LEANS.index(0.0)
_LEAST_DIFFERENT = 8
_LEAST_T = 2.5
_DEPTH = 10


class Weighed(NamedTuple):
    """What scored queries say.

    Attributes:
        queries: How many there are.
        scores: Their mean nDCG@10 at each of `LEANS`.
        t: The paired t of each against no lean.
        lean: The one to use.
        decisive: Whether it differs from none beyond doubt.
    """

    queries: int
    scores: list[float]
    t: list[float]
    lean: float
    decisive: bool


def weigh(scores: NDArray[np.float64]) -> Weighed:
    """What to make of nDCG@10 of every query (rows) at each of `LEANS` (columns)."""
    count = len(scores)
    if not count:
        return Weighed(0, [], [], 0.0, False)
    gains = scores - scores[:, [_NONE]]
    mean = gains.mean(axis=0)
    error = gains.std(axis=0, ddof=1) / math.sqrt(count) if count > 1 else np.zeros(len(LEANS))
    t = np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)
    sure = (mean > 0) & (t >= _LEAST_T) & ((gains != 0).sum(axis=0) >= _LEAST_DIFFERENT) & (count >= LEAST_QUERIES)
    chosen = int(np.argmax(np.where(sure, mean - error, -np.inf))) if sure.any() else _NONE
    rounded = [round(float(each), 4) for each in scores.mean(axis=0)]
    return Weighed(count, rounded, [round(float(each), 2) for each in t], LEANS[chosen], chosen != _NONE)


def ndcg(ranked: Sequence[Hashable], grades: Mapping[Any, int]) -> float:
    """nDCG@10 of documents, best first (Järvelin and Kekäläinen, 2002, with grades as gains)."""

    def gained(gains: Sequence[int]) -> float:
        return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:_DEPTH]))

    ideal = gained(sorted((grade for grade in grades.values() if grade > 0), reverse=True))
    return gained([max(0, grades.get(each, 0)) for each in ranked]) / ideal if ideal else 0.0

"""Has retrieval dropped? The newest result of a set against the best of the last two weeks.

Not against the one before: a slow decline in small steps would never be seen. Not against a median: retrieval gives the
same on the same documents, so that what was reached once was no luck, and a few publications in a row would make the drop
the rule before anybody has seen it. Not against the best of all times: documents go for good reasons, and after two weeks
what is there is what there is to be found. Not against what was measured without a part that helps now: without words, for
instance, vectors answer what was asked for by words, and may do so better. Who knows sooner that a drop is right deletes
the set and gives it anew.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from resources.evaluation.models import Comparison, Result
from resources.evaluation.significance import paired_test

WINDOW = timedelta(days=14)


class Drop(NamedTuple):
    """A result that is much lower than its baseline, and the queries that got worse."""

    baseline: Result
    latest: Result
    comparison: Comparison

    @classmethod
    def between(cls, baseline: Result, latest: Result) -> "Drop":
        """The two results, compared query by query."""
        return cls(baseline, latest, paired_test(baseline.per_query, latest.per_query))


def dropped(history: Sequence[Result], most: float) -> tuple[Result, Result] | None:
    """The baseline and the newest result, if more than `most` nDCG@10 was lost; their means tell.

    Args:
        history: Results of one set in one mode on what was live, the newest first, of two weeks or more.
        most: What may be lost.
    """
    if not history:
        return None
    latest = history[0]
    earlier = [each for each in history[1:] if set(each.degraded) <= set(latest.degraded)]
    if not earlier:
        return None
    recent = [each for each in earlier if latest.measured_at - each.measured_at <= WINDOW] or earlier[:1]
    baseline = max(recent, key=lambda each: each.metrics.ndcg_10)
    if baseline.metrics.ndcg_10 - latest.metrics.ndcg_10 <= most:
        return None
    return baseline, latest

"""Has retrieval dropped? The newest result of a set against the best of the last two weeks.

Not against the one before: a slow decline in small steps would never be seen. Not against a median: retrieval gives the
same on the same documents, so that what was reached once was no luck, and a few publications in a row would make the drop
the rule before anybody has seen it. Not against the best of all times: documents go for good reasons, and after two weeks
what is there is what there is to be found. Who knows sooner that a drop is right deletes the set and gives it anew.
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


def drop(history: Sequence[Result], most: float) -> Drop | None:
    """What was lost, if it is more than `most` nDCG@10.

    Args:
        history: Results of one set in one mode on what was live, the newest first.
        most: What may be lost.
    """
    if len(history) < 2:
        return None
    latest, earlier = history[0], history[1:]
    recent = [each for each in earlier if latest.measured_at - each.measured_at <= WINDOW] or earlier[:1]
    baseline = max(recent, key=lambda each: each.metrics.ndcg_10)
    if baseline.metrics.ndcg_10 - latest.metrics.ndcg_10 <= most:
        return None
    return Drop(baseline, latest, paired_test(baseline.per_query, latest.per_query))

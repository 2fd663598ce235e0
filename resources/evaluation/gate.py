"""The gate before a promotion: an index version that finds less than the live one does not become live."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from resources.access import Caller, Role
from resources.evaluation.measurement import Ground, Measured, Progress, evaluate, ground, measure, no_progress
from resources.evaluation.models import Comparison, EvaluatedMode, JudgedQuery, Verdict, named
from resources.evaluation.significance import paired_test
from resources.evaluation.titles import title_queries
from resources.platform import Platform
from resources.postgres import evaluation as store
from resources.retrieval.models import (
    EMBEDDER_UNAVAILABLE,
    LEXICAL_UNAVAILABLE,
    RERANKER_SKIPPED,
    RERANKER_UNAVAILABLE,
)
from resources.settings import Settings

# What a version changes: its vectors, and what becomes of them in the mode that everybody gets who asks for none.
JUDGED_MODES: tuple[EvaluatedMode, ...] = ("hybrid", "vector")
# So great a loss is not let through, be the queries too few for a test: who knows better can still force it.
_GREAT_LOSS = 0.1
_MISSING_PARTS = frozenset({EMBEDDER_UNAVAILABLE, LEXICAL_UNAVAILABLE, RERANKER_UNAVAILABLE})
# A reranker that has no time for some queries is how this machine searches. Of so many more in one version than in the
# other, the two are not searched alike.
_UNEVEN = 0.1
ALL_SETS = "all sets together"
TITLES = "titles of the space's documents"


def judge(
    platform: Platform,
    caller: Caller,
    space: str,
    old_version: UUID,
    new_version: UUID,
    *,
    run_id: str | None = None,
    progress: Progress = no_progress,
) -> Verdict:
    """Measures both versions on every evaluation set of the space, now, and says whether the new one may become live.

    Where the space has no set, titles of its own documents are asked for, which tells of what is broken and of little else.
    The results on sets are kept in their history.

    Args:
        platform: In the role `api`.
        caller: An administrator of the space.
        space: Its name.
        old_version: What is live.
        new_version: What may become live.
        run_id: The run that measures.
        progress: Told `(set and mode, queries done, queries in all)`.

    Raises:
        NotFound: There is no such space or version, or the caller does not see it.
        Forbidden: The caller does not administer the space.
        ServiceUnavailable: The database does not answer.
    """
    with platform.enter(caller, space, Role.ADMIN) as (connection, row):
        sets = [each.name for each in store.listing(connection, row["id"])]
        versions = [ground(connection, row, each) for each in (old_version, new_version)]
        asked = [] if sets else title_queries(connection, row["id"])
    run_id = run_id or str(uuid4())
    if sets:
        return _judge_sets(platform, caller, space, sets, versions, run_id, progress)
    return _judge_titles(platform, caller, space, asked, versions, progress)


def _judge_sets(
    platform: Platform,
    caller: Caller,
    space: str,
    sets: Sequence[str],
    versions: Sequence[Ground],
    run_id: str,
    progress: Progress,
) -> Verdict:
    comparisons: list[Comparison] = []
    degraded: set[str] = set()
    scores: dict[EvaluatedMode, tuple[dict[str, float], dict[str, float]]] = {mode: ({}, {}) for mode in JUDGED_MODES}
    for name in sets:

        def told(mode: str, done: int, total: int | None, name: str = name) -> None:
            progress(f"{name}, {mode}", done, total)

        old, new = (
            evaluate(
                platform,
                caller,
                space,
                name,
                JUDGED_MODES,
                index_version=each.index_version,
                occasion="promotion",
                run_id=run_id,
                progress=told,
            )
            for each in versions
        )
        for before, after in zip(old, new, strict=True):
            compared = _compared(name, before.mode, before.per_query, after.per_query)
            with platform.enter(caller, space, Role.ADMIN) as (connection, row):
                set_id, _ = store.get(connection, row["id"], name)
                texts = store.texts_of(connection, set_id, [loss.id for loss in compared.worse])
            comparisons.append(compared.model_copy(update={"worse": named(compared.worse, texts)}))
            degraded |= _missing(before.degraded_queries, after.degraded_queries, compared.queries)
            for together, result in zip(scores[before.mode], (before, after), strict=True):
                together.update({f"{name}/{query}": value for query, value in result.per_query.items()})
    if len(sets) > 1:  # a small loss everywhere shows in all of them, and in none alone
        comparisons += [_compared(ALL_SETS, mode, before, after) for mode, (before, after) in scores.items()]
    return decide(comparisons, platform.settings, degraded=sorted(degraded))


def _judge_titles(
    platform: Platform,
    caller: Caller,
    space: str,
    queries: Sequence[JudgedQuery],
    versions: Sequence[Ground],
    progress: Progress,
) -> Verdict:
    if not queries:
        said = "The space has no evaluation set, and too few titles to ask for: nothing was measured."
        return Verdict(passed=True, measured=False, reasons=[said])
    comparisons: list[Comparison] = []
    degraded: set[str] = set()
    texts = {query.id: query.text for query in queries}
    for mode in JUDGED_MODES:

        def told(mode: str, done: int, total: int | None) -> None:
            progress(f"{TITLES}, {mode}", done, total)

        def measured(version: Ground, mode: EvaluatedMode = mode) -> Measured:
            return measure(platform, caller, space, queries, mode, index_version=version.index_version, progress=told)

        old, new = (measured(version) for version in versions)
        compared = _compared(TITLES, mode, old.scored.per_query, new.scored.per_query)
        degraded |= _missing(old.degraded, new.degraded, compared.queries)
        comparisons.append(compared.model_copy(update={"worse": named(compared.worse, texts)}))
    verdict = decide(comparisons, platform.settings, degraded=sorted(degraded), weak=True)
    said = f"The space has no evaluation set. {len(queries)} {TITLES} were asked for instead, which is weak evidence."
    return verdict.model_copy(update={"reasons": [said, *verdict.reasons]})


def _compared(name: str, mode: str, old: Mapping[str, float], new: Mapping[str, float]) -> Comparison:
    return paired_test(old, new).model_copy(update={"evaluation_set": name, "mode": mode})


def _missing(old: Mapping[str, int], new: Mapping[str, int], queries: int) -> set[str]:
    """What keeps two measurements from being compared, by the number of queries with which each part could not help."""
    missing = _MISSING_PARTS & {*old, *new}
    uneven = abs(old.get(RERANKER_SKIPPED, 0) - new.get(RERANKER_SKIPPED, 0)) > _UNEVEN * queries
    return {*missing, RERANKER_SKIPPED} if uneven else {*missing}


def decide(
    comparisons: Sequence[Comparison], given: Settings, *, degraded: Sequence[str] = (), weak: bool = False
) -> Verdict:
    """What follows from the comparisons of a new version with the live one.

    It is refused where it loses more than `promotion_loss` on a set in a mode, and chance alone would do so with a
    probability below `promotion_significance`. The more comparisons there are, the surer each must be (Holm's method), or
    twenty sets would refuse an equal version on most days. It is refused, too, where it loses very much, whatever a test
    says: few queries cannot prove a loss, and a version must not come in because nobody asked enough of it.

    Args:
        comparisons: For each set and mode.
        given: The thresholds.
        degraded: What could not help while it was measured.
        weak: Whether the evidence tells only of what is broken; then only a loss that would be a drop counts.
    """
    allowed = max(given.promotion_loss, given.evaluation_drop) if weak else given.promotion_loss
    great = max(_GREAT_LOSS, given.evaluation_drop, given.promotion_loss)
    telling = [each for each in comparisons if each.mean_old or each.mean_new]
    refused, said = [], []
    for each, p_value in zip(telling, _holm([each.p_value for each in telling]), strict=True):
        line = (
            f"{each.evaluation_set}, {each.mode}: nDCG@10 {each.mean_old:.4f} → {each.mean_new:.4f} "
            f"({each.difference:+.4f}, {each.queries} queries, p = {p_value:.4f})"
        )
        if -each.difference > allowed and p_value < given.promotion_significance:
            refused.append(f"{line}: worse, and not by chance.")
        elif -each.difference > great:
            refused.append(f"{line}: far worse, though the queries are too few to rule out chance.")
        else:
            said.append(f"{line}.")
    silent = [f"{each.evaluation_set}, {each.mode}" for each in comparisons if each not in telling]
    if silent:
        said.append(f"Neither version finds anything, which tells nothing: {'; '.join(silent)}.")
    if degraded:
        refused.insert(0, f"It cannot be judged, since a part did not answer, or not in time: {', '.join(degraded)}.")
    return Verdict(
        passed=not refused, measured=bool(telling) and not degraded, reasons=refused + said, comparisons=list(comparisons)
    )


def _holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests taken together (S. Holm, 1979), in their order."""
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = round(highest, 4)
    return adjusted

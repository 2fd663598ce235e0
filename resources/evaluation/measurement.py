"""Measuring a space: every query of a set is searched as people search, and the ranking is scored."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from resources.access import Caller, Role
from resources.cache import Layers
from resources.errors import NotFound
from resources.evaluation.measures import Scored, score
from resources.evaluation.models import EvaluatedMode, JudgedQuery, Occasion, Result
from resources.platform import Platform
from resources.postgres import evaluation as store
from resources.postgres.database import Connection
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from resources.version import code_version

Progress = Callable[[str, int, int | None], None]
_DEPTH = 100
_WARM_UP = "which part of this is ready"


class Ground(NamedTuple):
    """On what is measured.

    Attributes:
        epoch: The space's when the measurement begins.
        was_live: Whether the index version answers searches then.
    """

    space_id: UUID
    epoch: int
    index_version: UUID
    model: str
    was_live: bool


class Measured(NamedTuple):
    """What a measurement of one mode found, and with how many queries each part could not help that failed with any."""

    scored: Scored
    degraded: dict[str, int]


def no_progress(stage: str, done: int, total: int | None) -> None:
    """Tells nobody."""


def ground(connection: Connection, row: dict[str, object], index_version: UUID | None = None) -> Ground:
    """On what a space is measured: an index version, by default the live one.

    Args:
        connection: A transaction of the caller.
        row: The space's row, as `Platform.enter` gives it.
        index_version: The version.

    Raises:
        NotFound: The space has no such version.
    """
    found = connection.execute(
        "SELECT s.id AS space_id, s.epoch, v.id AS index_version, v.model, v.id = s.live_index_version AS was_live "
        "FROM spaces s JOIN index_versions v ON v.space_id = s.id WHERE s.id = %s "
        "AND v.id = COALESCE(%s::uuid, s.live_index_version)",
        (row["id"], index_version),
    ).fetchone()
    if found is None:
        raise NotFound("The space has no such index version.")
    return Ground(**found)


def measure(
    platform: Platform,
    caller: Caller,
    space: str,
    queries: Sequence[JudgedQuery],
    mode: EvaluatedMode,
    *,
    index_version: UUID,
    progress: Progress = no_progress,
) -> Measured:
    """Searches for every query, one after the other, and scores what comes.

    Documents stand in the order of their first hit. Nothing is remembered from earlier searches, so that the times are
    those of a question that nobody asked before; what is opened only once is opened before the first of them, however
    long that takes.
    """
    retriever = Retriever(
        platform.enter,
        platform.embedder_of,
        platform.lexical,
        reranking=platform.reranker,
        glance=platform.glance,
        layers=Layers(0),
    )
    ranked: dict[str, list[str]] = {}
    degraded: Counter[str] = Counter()
    took_ms = []

    def search(text: str) -> list[str]:
        request = SearchRequest(space=space, query=text, mode=mode, k=_DEPTH)
        response = retriever.search(caller, request, index_version=index_version)
        degraded.update(response.degraded)
        return list(dict.fromkeys(result.document.path for result in response.results))

    if platform.reranker is not None:
        with suppress(Exception):  # the results say that it could not help
            platform.reranker.warm()
    search(_WARM_UP)
    degraded.clear()
    for done, query in enumerate(queries, 1):
        started = time.perf_counter()
        ranked[query.id] = search(query.text)
        took_ms.append((time.perf_counter() - started) * 1000)
        progress(mode, done, len(queries))
    return Measured(score({query.id: query.grades for query in queries}, ranked, took_ms), dict(degraded))


def examine(
    platform: Platform,
    caller: Caller,
    space: str,
    queries: Sequence[JudgedQuery],
    modes: Sequence[EvaluatedMode],
    *,
    index_version: UUID | None = None,
    occasion: Occasion = "command",
    run_id: str | None = None,
    progress: Progress = no_progress,
) -> tuple[Ground, list[Result]]:
    """Measures a space on judged queries and keeps nothing; the arguments are those of `evaluate`.

    Returns:
        On what it was measured, and a result for each mode, in their order. Raises as `evaluate` does.
    """
    with platform.enter(caller, space, Role.ADMIN) as (connection, row):
        on = ground(connection, row, index_version)
        wanted = {path for query in queries for path, grade in query.grades.items() if grade}
        missing = len(store.absent(connection, on.space_id, wanted))
    run_id, results = run_id or str(uuid4()), []
    for mode in modes:
        found = measure(platform, caller, space, queries, mode, index_version=on.index_version, progress=progress)
        results.append(
            Result(
                id=uuid4(),
                mode=mode,
                index_version=on.index_version,
                model=on.model,
                was_live=on.was_live,
                occasion=occasion,
                run_id=run_id,
                code_version=code_version(),
                measured_at=datetime.now(UTC),
                metrics=found.scored.metrics,
                missing=missing,
                degraded=list(found.degraded),
                degraded_queries=found.degraded,
                per_query=found.scored.per_query,
            )
        )
    return on, results


def evaluate(
    platform: Platform,
    caller: Caller,
    space: str,
    set_name: str,
    modes: Sequence[EvaluatedMode],
    *,
    index_version: UUID | None = None,
    occasion: Occasion = "command",
    run_id: str | None = None,
    progress: Progress = no_progress,
) -> list[Result]:
    """Measures a space on one of its evaluation sets, and keeps the results in the set's history.

    Args:
        platform: In the role `api`.
        caller: An administrator of the space.
        space: Its name.
        set_name: The set's.
        modes: In which each query is searched.
        index_version: On which version, by default the live one.
        occasion: Why it is measured.
        run_id: The run that measures; by default the measurement gets an id of its own.
        progress: Told `(mode, queries done, queries in all)`.

    Returns:
        A result for each mode, in their order.

    Raises:
        NotFound: There is no such space, set or version, or the caller does not see it.
        Forbidden: The caller does not administer the space.
        ServiceUnavailable: The database does not answer.
    """
    with platform.enter(caller, space, Role.ADMIN) as (connection, row):
        set_id, _ = store.get(connection, row["id"], set_name)
        queries = store.queries_of(connection, set_id)
    on, results = examine(
        platform,
        caller,
        space,
        queries,
        modes,
        index_version=index_version,
        occasion=occasion,
        run_id=run_id,
        progress=progress,
    )
    with platform.enter(caller, space, Role.ADMIN) as (connection, row):
        store.save(connection, on.space_id, set_id, on.epoch, results)
    return results

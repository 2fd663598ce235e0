"""Judged queries of a space, searched once and fused at every lean."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.evaluation.measure import EVALUATOR
from rage_assets.ranking.weigh import LEANS, ndcg
from resources.access import Role
from resources.evaluation.models import JudgedQuery
from resources.platform import Platform
from resources.postgres import evaluation as store
from resources.postgres import search as reads
from resources.postgres.ranking_profiles import paths
from resources.retrieval import tiers
from resources.retrieval.profile import ROBUST

_MOST_QUERIES = 300
_K = 50  # as many hits as ten documents may need


def judged_scores(reader: Platform, space: str) -> tuple[NDArray[np.float64], list[str]]:
    """nDCG@10 of each judged query at each of `LEANS`, and the names of the sets.

    Args:
        reader: The platform in the role `api`.
        space: The space's name.
    """
    names, queries = _queries(reader, space)
    scores = [_score(reader, space, query) for query in queries]
    return np.array([each for each in scores if each is not None]).reshape(-1, len(LEANS)), names


def _queries(reader: Platform, space: str) -> tuple[list[str], list[JudgedQuery]]:
    with reader.enter(EVALUATOR, space, Role.ADMIN) as (connection, row):
        sets = store.listing(connection, row["id"])
        found = [
            query for each in sets for query in store.queries_of(connection, store.get(connection, row["id"], each.name)[0])
        ]
    if len(found) > _MOST_QUERIES:
        found = random.Random(0).sample(found, _MOST_QUERIES)  # noqa: S311 -- the same ones each time
    return [each.name for each in sets], found


def _score(reader: Platform, space: str, query: JudgedQuery) -> list[float] | None:
    with reader.enter(EVALUATOR, space, Role.ADMIN) as (connection, row):
        where = reads.scope(row)

        def vector() -> NDArray[np.float32]:
            found: NDArray[np.float32] = reader.embedder_of(where.model).encode_queries([query.text])[0]
            return found

        look = tiers.Look(connection, where, reads.Narrowing(), reader.lexical, vector, _K)
        gathered = tiers.gather(look, query.text)
        path_of = paths(connection, {found.document for found in gathered.candidates.values()})
    if gathered.degraded:
        return None
    return [_at(lean, gathered, path_of, query) for lean in LEANS]


def _at(lean: float, gathered: tiers.Gathered, path_of: Mapping[UUID, str], query: JudgedQuery) -> float:
    ranked = gathered.ranked(ROBUST.model_copy(update={"lean": lean}))
    best = sorted(ranked, key=lambda each: (-ranked[each], each.bytes))
    order: dict[Any, None] = dict.fromkeys(path_of.get(gathered.candidates[each].document, "") for each in best)
    return ndcg(list(order), dict(query.grades))

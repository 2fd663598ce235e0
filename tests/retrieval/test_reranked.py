"""The reranker in a search: it decides the order, or the fused one stands and the response says so."""

from collections.abc import Iterator

import numpy as np
import pytest

from resources.errors import ServiceUnavailable
from resources.lexical.tantivy_index import open_lexical
from resources.reranking.stage import Reranking
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from tests.retrieval.conftest import OWNER

pytestmark = pytest.mark.real
LIKED = "liked"


class Opinion:
    """Likes texts that hold a certain word."""

    name = "opinion"
    parallel = 1

    def __init__(self):
        self.fails = False
        self.asked = 0

    def score(self, query, texts, deadline):
        self.asked += 1
        if self.fails:
            raise ServiceUnavailable("It is gone.")
        return np.array([0.9 if LIKED in text else 0.1 for text in texts])

    def close(self):
        pass


@pytest.fixture
def opinion() -> Opinion:
    return Opinion()


@pytest.fixture
def retriever(library, opinion) -> Iterator[Retriever]:
    """Over a space in which what the reranker likes is not what the tiers like."""
    library.add("best.md", "zanzibar contract zanzibar contract")
    library.add("good.md", "The zanzibar contract of last year.")
    library.add("liked.md", f"Somebody mentions the zanzibar contract among many other things, {LIKED} by some.")
    stage = Reranking(lambda: opinion, 5.0, 10)
    stage.warm()
    yield Retriever(
        library.enter, library._embedder_of, lambda _, version: open_lexical(library.folder / str(version)), reranking=stage
    )
    stage.close()


def search(retriever, library, **more):
    query = '"zanzibar"' if more.get("mode") == "pattern" else "zanzibar contract"
    return retriever.search(OWNER, SearchRequest(space=library.name, query=query, **more))


def paths(response):
    return [result.document.path for result in response.results]


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
def test_the_reranker_decides_the_order(retriever, library, mode):
    response = search(retriever, library, mode=mode)
    assert paths(response)[0] == "liked.md"
    assert [result.scores.rerank for result in response.results] == [0.9, 0.1, 0.1]
    assert [result.score for result in response.results] == [0.9, 0.1, 0.1]
    assert response.degraded == []


def test_a_hit_that_would_not_be_shown_can_become_the_first(retriever, library):
    assert paths(search(retriever, library, k=1)) == ["liked.md"]


def test_what_the_reranker_did_not_read_stands_behind(retriever, library):
    retriever._finder._reranking.depth = 2
    response = search(retriever, library)
    assert paths(response)[2:] == ["liked.md"]
    assert response.results[2].scores.rerank is None
    scores = [result.score for result in response.results]
    assert scores == sorted(scores, reverse=True)


def test_a_pattern_is_not_reranked(retriever, library, opinion):
    asked = opinion.asked
    response = search(retriever, library, mode="pattern")
    assert all(result.scores.rerank is None for result in response.results)
    assert opinion.asked == asked


def test_without_the_reranker_the_fused_order_stands_and_is_not_remembered(retriever, library, opinion):
    opinion.fails = True
    response = search(retriever, library)
    assert (paths(response)[0], response.degraded) == ("best.md", ["reranker_unavailable"])
    assert all(result.scores.rerank is None for result in response.results)
    opinion.fails = False
    assert paths(search(retriever, library))[0] == "liked.md"


def test_a_reranked_response_is_remembered(retriever, library, opinion):
    first, asked = search(retriever, library), opinion.asked
    assert search(retriever, library).results == first.results
    assert opinion.asked == asked


def test_evidence_is_reranked_too(retriever, library):
    found = retriever.hits(OWNER, library.name, "zanzibar contract", 2)
    assert found.hits[0].row["path"] == "liked.md"
    assert found.degraded == []


def test_no_connection_waits_for_the_reranker(retriever, library, opinion, platform_database):
    seen = []

    def score(query, texts, deadline):
        with platform_database.worker.transaction() as connection:
            row = connection.execute(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE usename = 'rage_api' AND state = 'idle in transaction'"
            ).fetchone()
        seen.append(row["n"])
        return np.zeros(len(texts))

    opinion.score = score
    search(retriever, library)
    assert seen == [0]

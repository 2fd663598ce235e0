"""A server that misbehaves costs a bounded time, and says what is wrong."""

import time

import pytest

from resources.errors import ServiceUnavailable
from resources.reranking import OutOfTime, open_reranker

TEXTS = ["one text", "another text"]


def score(reranker, seconds=2.0, texts=TEXTS):
    return reranker.score("one", texts, time.monotonic() + seconds)


@pytest.mark.parametrize("dialect", ["tei", "cohere"])
@pytest.mark.parametrize("fault", ["500", "503", "429", "no json", "shape", "missing", "nan", "text", "cut", "hung up"])
def test_a_fault_is_a_reranker_that_is_not_there(server, dialect, fault):
    server.dialect, server.fault = dialect, fault
    with pytest.raises(ServiceUnavailable) as failure:
        score(open_reranker(server.settings()))
    assert not isinstance(failure.value, OutOfTime)


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_key_that_is_refused_is_named_and_not_tried_again(server, status):
    server.fault = status
    with pytest.raises(ServiceUnavailable, match="RAGE_RERANKER_API_KEY"):
        score(open_reranker(server.settings()))
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["", "drip"])
def test_a_slow_server_is_out_of_time(server, fault):
    server.fault, server.delay_s = fault, 0.0 if fault else 1.0
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        score(open_reranker(server.settings()), seconds=0.3)
    assert time.monotonic() - began < 0.9


def test_a_fault_that_passes_is_tried_again(server):
    reranker = open_reranker(server.settings())
    score(reranker)
    server.faults_left, server.fault = 1, "503"
    assert score(reranker).shape == (2,)


def test_a_server_that_keeps_failing_is_left_alone_for_a_while(server):
    server.fault = "500"
    reranker = open_reranker(server.settings())
    for _ in range(6):
        with pytest.raises(ServiceUnavailable):
            score(reranker)
    asked = len(server.asked)
    with pytest.raises(ServiceUnavailable):
        score(reranker)
    assert len(server.asked) == asked


def test_a_dialect_once_known_is_asked_first(server):
    server.dialect = "vllm"
    reranker = open_reranker(server.settings())
    score(reranker)
    asked = len(server.asked)
    score(reranker)
    assert [path for path, _ in server.asked[asked:]] == ["/v1/rerank"]


def test_another_server_at_the_same_address_is_found_out_again(server):
    reranker = open_reranker(server.settings())
    score(reranker)
    server.dialect = "cohere"
    with pytest.raises(ServiceUnavailable):
        score(reranker)
    assert score(reranker).shape == (2,)


@pytest.mark.parametrize(
    ("dialect", "path"), [("tei", "/rerank"), ("cohere", "/rerank/"), ("vllm", "/v1/rerank"), ("vllm", "/v1")]
)
def test_an_address_with_a_path_is_taken_as_it_is(server, dialect, path):
    server.dialect = dialect
    assert score(open_reranker(server.settings(path))).shape == (2,)
    assert {asked for asked, _ in server.asked} <= {"/rerank", "/v1/rerank"}


def test_many_texts_are_asked_in_pieces_that_a_server_takes(server):
    assert score(open_reranker(server.settings()), texts=["one text"] * 70).shape == (70,)
    assert [len(body["texts"]) for _, body in server.asked] == [32, 32, 6]


def test_logits_are_told_from_probabilities_once_and_for_all(server):
    server.dialect = "logits"
    reranker = open_reranker(server.settings())
    first = score(reranker)
    assert ((first > 0) & (first < 1)).all()
    assert score(reranker, texts=["one text"])[0] == pytest.approx(first[0])


def test_a_metadata_service_is_never_asked():
    from resources.settings import Settings

    with pytest.raises(ServiceUnavailable):
        score(open_reranker(Settings(reranker_url="http://169.254.169.254/rerank")))

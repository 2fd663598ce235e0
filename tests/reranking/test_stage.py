"""The stage keeps its budget, whatever the reranker does."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from resources.errors import ServiceUnavailable
from resources.reranking import OutOfTime
from resources.reranking.pace import Pace
from resources.reranking.stage import Reranking, configured_reranking
from resources.settings import Settings
from tests.reranking.test_rerankers import QUERY, TEXTS

TEN = [f"text {number}" for number in range(10)]


class Sleeper:
    """Takes so long for each text, looks at the clock between them, and likes the last one best."""

    name = "sleeper"
    parallel = 1

    def __init__(self, seconds=0.0, stubborn=False):
        self.seconds, self.stubborn = seconds, stubborn
        self.failure: Exception | None = None
        self.read: list[int] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closed = False

    def score(self, query, texts, deadline):
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.failure:
                raise self.failure
            for done in range(len(texts)):
                if not self.stubborn and time.monotonic() >= deadline:
                    raise OutOfTime(done)
                time.sleep(self.seconds)
            self.read.append(len(texts))
            return np.arange(1, len(texts) + 1) / (len(texts) + 1)
        finally:
            with self.lock:
                self.at_once -= 1

    def close(self):
        self.closed = True


@pytest.fixture
def stages():
    made = []

    def make(reranker, budget_s=0.4, depth=10):
        stage = Reranking(lambda: reranker, budget_s, depth)
        made.append(stage)
        stage.warm()
        return stage

    yield make
    for stage in made:
        stage.close()


def test_what_fits_is_read(stages):
    found = stages(Sleeper()).rank("query", TEN)
    assert (len(found.scores), found.degraded) == (10, None)


def test_no_more_than_the_depth_is_read(stages):
    assert len(stages(Sleeper(), depth=4).rank("query", TEN).scores) == 4


@pytest.mark.parametrize("texts", [[], ["one"]])
def test_fewer_than_two_hits_have_no_order(stages, texts):
    found = stages(Sleeper()).rank("query", texts)
    assert (len(found.scores), found.degraded) == (0, None)


def test_only_as_many_of_the_best_as_fit_are_read(stages):
    stage = stages(Sleeper())
    stage._pace.learn("query", ["text 0"], 100 * 0.1)
    found = stage.rank("query", TEN)
    assert (len(found.scores), found.degraded) == (0, "reranker_skipped")
    pace = Pace()
    pace.learn("q", ["x" * 98], 0.1)  # a millisecond for each character
    assert pace.fitting("q", ["y" * 98] * 9, 0.4) == 3


def test_a_slow_reranker_is_skipped_within_the_budget(stages):
    sleeper = Sleeper()
    stage = stages(sleeper)
    sleeper.seconds = 0.3
    began = time.monotonic()
    found = stage.rank("query", TEN)
    assert (len(found.scores), found.degraded) == (0, "reranker_skipped")
    assert time.monotonic() - began < 0.8


def test_a_reranker_that_hangs_costs_no_more_than_the_budget(stages):
    sleeper = Sleeper()
    stage = stages(sleeper)
    sleeper.seconds, sleeper.stubborn = 0.3, True
    for _ in range(3):
        began = time.monotonic()
        assert stage.rank("query", TEN).degraded == "reranker_skipped"
        assert time.monotonic() - began < 0.8
    assert sleeper.most_at_once == 1


def test_once_it_is_known_to_be_too_slow_nobody_waits(stages):
    sleeper = Sleeper()
    stage = stages(sleeper)
    sleeper.seconds = 0.3
    stage.rank("query", TEN)
    while sleeper.at_once:
        time.sleep(0.01)
    began = time.monotonic()
    assert stage.rank("query", TEN).degraded == "reranker_skipped"
    assert time.monotonic() - began < 0.2


def test_a_reranker_that_recovers_is_used_again(stages, monkeypatch):
    monkeypatch.setattr("resources.reranking.stage._REST_S", 0.0)
    sleeper = Sleeper()
    stage = stages(sleeper)
    stage._pace.learn_at_least("query", TEN, 60.0)
    deadline = time.monotonic() + 20
    while stage.rank("query", TEN).degraded and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stage.rank("query", TEN).degraded is None


def test_under_load_one_reads_and_the_others_go_on(stages):
    sleeper = Sleeper()
    stage = stages(sleeper)
    sleeper.seconds = 0.02
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: stage.rank("query", TEN), range(64)))
    assert time.monotonic() - began < 64 / 16 * 0.4 + 1.5
    assert sleeper.most_at_once == 1
    assert {each.degraded for each in found} <= {None, "reranker_skipped"}
    assert any(len(each.scores) for each in found)


@pytest.mark.parametrize("failure", [ServiceUnavailable("It is gone."), RuntimeError("out of memory")])
def test_a_reranker_that_fails_is_unavailable_until_it_works(stages, failure):
    sleeper = Sleeper()
    stage = stages(sleeper)
    sleeper.failure = failure
    assert stage.rank("query", TEN).degraded == "reranker_unavailable"
    assert stage.state() == (False, str(failure))
    sleeper.failure = None
    assert stage.rank("query", TEN).degraded is None
    assert stage.state()[0]


def test_a_reranker_that_is_loading_is_unavailable_and_loads_once():
    loads = []

    def load():
        loads.append(1)
        time.sleep(0.5)
        return Sleeper()

    stage = Reranking(load, 0.1, 10)
    assert [stage.rank("query", TEN).degraded for _ in range(3)] == ["reranker_unavailable"] * 3
    assert stage.state() == (False, "not loaded yet")
    stage.warm()
    assert stage.rank("query", TEN).degraded is None
    assert loads == [1]
    stage.close()


def test_a_reranker_that_cannot_be_opened_is_tried_again_after_a_while(monkeypatch):
    tries = []

    def load():
        tries.append(1)
        raise ServiceUnavailable("There is none.")

    stage = Reranking(load, 5, 10)
    assert [stage.rank("query", TEN).degraded for _ in range(3)] == ["reranker_unavailable"] * 3
    assert (stage.state(), tries) == ((False, "There is none."), [1])
    stage._not_before = 0.0
    stage.rank("query", TEN)
    assert tries == [1, 1]
    stage.close()


def test_closing_closes_the_reranker_and_ends_no_search(stages):
    sleeper = Sleeper()
    stage = stages(sleeper)
    stage.close()
    assert sleeper.closed
    assert stage.rank("query", TEN).degraded == "reranker_unavailable"


def test_without_configuration_there_is_no_stage():
    assert configured_reranking(Settings()) is None


def test_a_stage_over_a_real_server_keeps_its_budget(server):
    stage = configured_reranking(server.settings(rerank_budget_ms=2000))
    assert stage.warm().name == server.url
    assert stage.rank(QUERY, TEXTS).scores.argsort().tolist() == [0, 2, 1]
    server.delay_s = 5.0
    began = time.monotonic()
    assert stage.rank(QUERY, TEXTS).degraded == "reranker_skipped"
    assert time.monotonic() - began < 2.8
    stage.close()

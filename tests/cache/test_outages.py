"""Redis killed, paused and started again while searches come: the same answers, in time."""

import threading
import time

from resources.cache.breaker import Breaker
from resources.retrieval.models import SearchRequest
from tests.retrieval.conftest import OWNER

CLIENTS = 3


class Load:
    """Searches without a pause, each of a few queries by turns; every second epoch is new, so that Redis is asked."""

    def __init__(self, shelf, layers_of, url) -> None:
        self.retriever = shelf.retriever(layers_of(url, most_bytes=0))  # all that is remembered is in Redis
        self.shelf, self.over = shelf, threading.Event()
        self.expected = {query: self.ask(query) for query in ("warranty", "every car", "economy flight")}
        self.failures: list[object] = []
        self.taken: list[float] = []
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]

    def ask(self, query):
        found = self.retriever.search(OWNER, SearchRequest(space=self.shelf.name, query=query))
        return found.model_dump(exclude={"took_ms"})

    def run(self) -> None:
        while not self.over.is_set():
            for query, expected in self.expected.items():
                began = time.monotonic()
                try:
                    if self.ask(query) != expected:
                        self.failures.append(query)
                except Exception as error:
                    self.failures.append(error)
                self.taken.append(time.monotonic() - began)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.some()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def some(self) -> None:
        """Waits until so many searches more were answered."""
        wanted, deadline = len(self.taken) + 12, time.monotonic() + 30
        while len(self.taken) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)


def test_killed_paused_and_started_again(shelf, layers_of, own_redis, monkeypatch):
    monkeypatch.setattr(Breaker.__init__, "__defaults__", (0.5, time.monotonic))
    with Load(shelf, layers_of, own_redis.url) as load:
        remote = load.retriever.layers.remote
        assert not remote.is_away
        own_redis.pause()
        load.some()
        assert remote.is_away
        own_redis.go_on()
        until(lambda: not remote.is_away)
        own_redis.kill()
        load.some()
        until(lambda: remote.is_away)
        own_redis.start()
        until(lambda: not remote.is_away)
        load.some()
    assert load.failures == []
    assert max(load.taken) < 5


def until(said) -> None:
    deadline = time.monotonic() + 20
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""Elasticsearch and Redis paused, killed and started again while people search over HTTP, and the index heals."""

import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import dagster as dg
import pytest

from rage_assets.build import build_defs
from rage_assets.platform_resource import platform_resource
from sensors.lexical import evaluate
from tests.cache.conftest import OwnRedis
from tests.end_to_end.conftest import served
from tests.lexical.conftest import ELASTICSEARCH
from tests.lexical.proxy import Proxy

pytestmark = pytest.mark.real
SPACE, CLIENTS = "outages", 3
LIMIT_S = 15.0  # a search's own time limit is ten seconds; the rest is this machine's
WORDS = ("warranty", "invoice", "harbour", "engine", "saddle", "violin")


class Load:
    """Clients that search without a pause, each with a query of its own and with one that all ask."""

    def __init__(self, client):
        self.client, self.over, self.lock = client, threading.Event(), threading.Lock()
        self.seen, self.statuses, self.taken, self.turn = Counter(), Counter(), [], 0
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]

    def run(self):
        while not self.over.is_set():
            with self.lock:
                self.turn += 1
                turn = self.turn
            query = f"{WORDS[turn % len(WORDS)]} {turn if turn % 2 else ''}"
            began = time.monotonic()
            answer = self.client.post("/api/v1/memory/search", json={"space": SPACE, "query": query})
            with self.lock:
                self.taken.append(time.monotonic() - began)
                self.statuses[answer.status_code] += 1
                found = answer.json()
                self.seen[tuple(found.get("degraded", ())), bool(found.get("results"))] += 1

    def some(self, degraded, timeout_s=60):
        """Waits until searches were answered with that said, several times from now on."""
        with self.lock:
            self.seen.clear()
        deadline = time.monotonic() + timeout_s
        while self.seen[degraded, True] < 6:
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def redis(tmp_path):
    server = OwnRedis(tmp_path)
    yield server
    server.go_on()
    server.kill()


@pytest.fixture
def proxy():
    if not ELASTICSEARCH:
        pytest.skip("there is no Elasticsearch: RAGE_TEST_ELASTICSEARCH_URL is not set")
    target = urlsplit(ELASTICSEARCH)
    made = Proxy((target.hostname, target.port))
    yield made
    made.close()


def test_searches_go_on_while_elasticsearch_and_redis_go_and_come(shared_home, tmp_path, proxy, redis):
    folder = tmp_path / "files"
    folder.mkdir()
    for word in WORDS:
        (folder / f"{word}.md").write_text(f"# {word}\n\nThe {word} of the company is looked after in March.\n")
    space = shared_home.space(SPACE, folder)
    given = {"elasticsearch_url": proxy.url}
    assert shared_home.ingest(SPACE, **given).state == "succeeded"
    with (
        served(shared_home, RAGE_ELASTICSEARCH_URL=proxy.url, RAGE_REDIS_URL=redis.url) as client,
        Load(client) as load,
    ):
        load.some(())
        redis.pause()
        load.some(())
        redis.go_on()
        redis.kill()
        load.some(())
        proxy.pause()
        load.some(("lexical_unavailable",))
        proxy.resume()
        load.some(())
        redis.start()
        proxy.cut()
        load.some(("lexical_unavailable",))
        (folder / "saddle.md").write_text("# Zanzibar\n\nNothing of that is left.\n")
        assert shared_home.ingest(SPACE, **given).state == "succeeded"
        proxy.resume()
        load.some(("lexical_behind",))
        heal(shared_home, given)
        load.some(())
        found = client.post("/api/v1/memory/search", json={"space": SPACE, "query": "zanzibar", "mode": "lexical"}).json()
        assert [each["document"]["path"] for each in found["results"]] == ["saddle.md"]
        assert found["degraded"] == []
    assert set(load.statuses) == {200}
    assert max(load.taken) < LIMIT_S
    worker = shared_home.platform("worker", **given)
    worker.destroy_lexical(space)
    worker.close()


def heal(home, given):
    """What the daemon does once the sensor asks for a run."""
    worker = home.platform("worker", **given)
    deadline = time.monotonic() + 30
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            asked = evaluate(dg.build_sensor_context(instance=instance), worker)
            while isinstance(asked, dg.SkipReason) and time.monotonic() < deadline:
                time.sleep(0.2)
                asked = evaluate(dg.build_sensor_context(instance=instance), worker)
            job = build_defs({"platform": platform_resource(home.settings(**given))}).resolve_job_def("reconcile_lexical")
            assert job.execute_in_process(instance=instance, run_config=asked.run_config).success
    finally:
        worker.close()

"""A space over a real Postgres, searched by retrievers whose work is counted, with Redis where there is one."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.ports import free_port
from resources.cache import Layers
from resources.cache.remote import Remote
from resources.lexical.tantivy_index import open_lexical
from resources.platform import Platform
from resources.postgres import neighbours
from resources.postgres import search as reads
from resources.retrieval.search import Retriever
from resources.settings import Settings
from tests.retrieval.conftest import Library, WordEmbedder


class CountedEmbedder(WordEmbedder):
    """Counts the queries that it embeds; each takes a while, so that others come meanwhile."""

    def __init__(self, work: Counter) -> None:
        self.work = work

    def encode_queries(self, texts):
        self.work["embedded"] += len(texts)
        time.sleep(0.05)
        return self.encode(texts)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """The platform of an API whose pool is smaller than the crowds that come."""
    folder = Path(tempfile.mkdtemp(prefix="rage-", dir="/tmp"))
    opened = Platform(Settings(home=folder / "h"), "api", pool_size=(2, 6))
    worker = Platform(Settings(home=folder / "h"), "worker")
    opened.worker = worker.database
    _ = opened.database
    yield opened
    worker.close()
    opened.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def work(monkeypatch) -> Counter:
    """How often the stores were asked, counted where they are; what they answer is theirs."""
    counted: Counter = Counter()

    def count(module, name):
        really = getattr(module, name)

        def asked(*given, **more):
            counted[name] += 1
            return really(*given, **more)

        monkeypatch.setattr(module, name, asked)

    for module, name in ((neighbours, "nearest"), (reads, "passages"), (reads, "blocks")):
        count(module, name)
    return counted


class Shelf(Library):
    """A library whose retrievers count their work."""

    def __init__(self, platform: Platform, folder: Path, work: Counter) -> None:
        super().__init__(SimpleNamespace(api=platform.database, worker=platform.worker), folder, CountedEmbedder(work))
        self.platform, self.work = platform, work

    def retriever(self, layers: Layers | None = None) -> Retriever:
        def lexical(space, version):
            self.work["lexical"] += 1
            return open_lexical(self.folder / str(version))

        platform = self.platform
        return Retriever(platform.enter, self._embedder_of, lexical, glance=platform.glance, layers=layers)


@pytest.fixture
def shelf(platform, tmp_path, work) -> Iterator[Shelf]:
    """A space with three documents."""
    made = Shelf(platform, tmp_path, work)
    made.add("warranty.md", ("heading", "Warranty"), "The warranty covers manufacturing defects.", title="Warranty")
    made.add("travel.md", "Employees travel economy class on every flight.", title="Travel")
    made.add("cars.md", "Every car is serviced once a year.", title="Fleet")
    yield made
    made.index.close()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis for tests."""
    url = os.environ.get("RAGE_TEST_REDIS_URL")
    if not url:
        pytest.skip("RAGE_TEST_REDIS_URL names no Redis")
    return url


@pytest.fixture
def remote_key() -> bytes:
    """The key of a platform of its own: nobody else's values are found under it."""
    return secrets.token_bytes(32)


@pytest.fixture
def layers_of(redis_url, remote_key) -> Iterator[type]:
    """Makes the layers of a further process over the same Redis."""
    opened: list[Layers] = []

    def make(url: str = redis_url, **given) -> Layers:
        opened.append(Layers(remote=Remote(url, remote_key), **given))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


class OwnRedis:
    """A Redis to be killed, paused and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port("127.0.0.1")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("Redis does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def own_redis(tmp_path) -> Iterator[OwnRedis]:
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server to start")
    server = OwnRedis(tmp_path)
    yield server
    server.go_on()
    server.kill()


def together(count: int, act) -> list:
    """What `act` gives or raises in so many threads that start at once."""
    outcomes: list = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes[number] = act(number)
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes

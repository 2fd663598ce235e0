"""The lexical engines that must keep the contract."""

import os
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from resources import space_administration
from resources.lexical import elasticsearch_server
from resources.lexical.elasticsearch_server import server_of
from resources.lexical.opening import destroy_lexical, open_beside, open_lexical
from resources.lexical.protocol import LexicalPassage
from resources.settings import Settings
from tests.lexical.place import Place
from tests.lexical.proxy import Proxy

ELASTICSEARCH = os.environ.get("RAGE_TEST_ELASTICSEARCH_URL")


@pytest.fixture(scope="package", autouse=True)
def _forgotten_servers():
    """Nobody looks any more for servers that were there for these tests only."""
    yield
    elasticsearch_server._servers.clear()


def an_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def passage(name, text, *, document="d", version="v", title="", section="", languages=(), code=False):
    ids = an_id(name), an_id(document), an_id(version)
    return LexicalPassage(*ids, title, section, text, f"{document}.md", languages, code)


def found(index, query, k=10, **given):
    return [each for each, _ in index.search(query, k, **given)]


class Opener:
    """Opens the same index again and again, as other processes would."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.space, self.version = settings, uuid4(), uuid4()
        self._opened = []

    def __call__(self, create=False):
        index = open_lexical(self.settings, self.space, self.version, create=create)
        self._opened.append(index)
        return index

    def beside(self):
        return open_beside(self.settings, self.space, self.version)

    def end(self):
        for index in self._opened:
            index.close()
        destroy_lexical(self.settings, self.space)


@pytest.fixture(params=["tantivy", "elasticsearch"])
def opener(request, tmp_path):
    given = {}
    if request.param == "elasticsearch":
        if not ELASTICSEARCH:
            pytest.skip("there is no Elasticsearch: RAGE_TEST_ELASTICSEARCH_URL is not set")
        given = {"elasticsearch_url": ELASTICSEARCH}
    opener = Opener(Settings(home=tmp_path, **given))
    if given:
        server_of(opener.settings).search_s = 20  # these tests are of what is found, not of how soon
    yield opener
    opener.end()


@pytest.fixture
def index(opener):
    return opener(create=True)


@pytest.fixture
def proxy(monkeypatch):
    if not ELASTICSEARCH:
        pytest.skip("there is no Elasticsearch: RAGE_TEST_ELASTICSEARCH_URL is not set")
    target = urlsplit(ELASTICSEARCH)
    proxy = Proxy((target.hostname, target.port))
    monkeypatch.setattr(elasticsearch_server, "_PROBE_EVERY_S", 0.1)
    monkeypatch.setattr(elasticsearch_server, "_CHANGE_S", 60)
    monkeypatch.setattr(elasticsearch_server, "_SEARCH_S", 20)
    yield proxy
    proxy.close()


@pytest.fixture
def away(shared_home, tmp_path, proxy):
    """A space in Elasticsearch, behind a proxy."""
    place = Place(shared_home, tmp_path / "files", elasticsearch_url=proxy.url)
    yield place
    proxy.resume()
    with place.work(elasticsearch_url=ELASTICSEARCH) as work:  # so that no space of another test is behind
        space_administration.delete(work.platform, place.name)


@pytest.fixture(params=["tantivy", "elasticsearch"])
def place(request, shared_home, tmp_path):
    """A space in either engine."""
    if request.param == "tantivy":
        yield Place(shared_home, tmp_path / "files")
        return
    away = request.getfixturevalue("away")
    yield away

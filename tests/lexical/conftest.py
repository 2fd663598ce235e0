"""The lexical engines that must keep the contract."""

import os
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from resources.lexical import elasticsearch_server
from resources.lexical.elasticsearch_server import server_of
from resources.lexical.opening import destroy_lexical, open_beside, open_lexical
from resources.lexical.protocol import LexicalPassage
from resources.settings import Settings

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

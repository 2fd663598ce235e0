"""How the server is spoken to: keys and certificates, versions, time limits, and a server that has no time."""

import gc
import json
import logging
import subprocess
import threading
import time
from uuid import uuid4

import pytest

from resources.errors import InvalidSettings
from resources.lexical import elasticsearch_index, elasticsearch_server
from resources.lexical.elasticsearch_index import ElasticsearchIndex
from resources.lexical.elasticsearch_mapping import FORMAT
from resources.lexical.elasticsearch_server import ElasticsearchServer, server_of
from resources.lexical.protocol import LexicalUnavailable
from resources.settings import Settings
from tests.lexical.conftest import passage
from tests.lexical.stand_in import StandIn

MAPPING = {"x": {"mappings": {"_meta": {"rage_format": FORMAT}}}}


class Elasticsearch:
    """Enough of one to open an index; `bulk` decides over the items of each bulk request."""

    version = "9.1.0"
    refuses = False

    def __init__(self, certificate=None):
        self.bulk = lambda ids: [201] * len(ids)
        self.server = StandIn(self.answer, certificate)

    def answer(self, method, path, lines):
        if self.refuses:
            return 401, {"error": {"type": "security_exception"}, "status": 401}
        if path == "/":
            return 200, {"version": {"number": self.version}}
        if path.endswith("/_mapping"):
            return 200, MAPPING
        if path.endswith("/_bulk"):
            ids = [line["index"]["_id"] for line in lines if "index" in line]
            statuses = self.bulk(ids)
            if isinstance(statuses, int):
                return statuses, {"error": {"type": "es_rejected_execution_exception"}, "status": statuses}
            items = [{"index": {"_id": id_, "status": status}} for id_, status in zip(ids, statuses, strict=True)]
            return 200, {"errors": any(status > 299 for status in statuses), "items": items}
        return 200, {}

    def bulks(self):
        """The ids that each bulk request had."""
        found = [map(json.loads, body.splitlines()) for *_, body in self.server.of("/_bulk")]
        return [[line["index"]["_id"] for line in lines if "index" in line] for lines in found]


@pytest.fixture
def elasticsearch():
    standing = Elasticsearch()
    yield standing
    standing.server.close()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that leads to itself, and its key."""
    paths = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-out", paths[0], "-keyout", paths[1]),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def opened(elasticsearch, **given):
    return ElasticsearchIndex(ElasticsearchServer(elasticsearch.server.url, **given), uuid4(), uuid4())


def test_only_the_items_that_failed_are_sent_again(elasticsearch, monkeypatch):
    monkeypatch.setattr(elasticsearch_index, "_FIRST_PAUSE_S", 0.01)
    turns = iter([[201, 429, 201, 429], [429, 201], [201]])
    elasticsearch.bulk = lambda ids: next(turns)
    added = [passage(name, "word") for name in "abcd"]
    assert opened(elasticsearch).add(added) == 4
    ids = [each.id.hex for each in added]
    assert elasticsearch.bulks() == [ids, [ids[1], ids[3]], [ids[1]]]


def test_a_server_without_time_is_asked_again_with_pauses_that_grow(elasticsearch, monkeypatch):
    monkeypatch.setattr(elasticsearch_index, "_FIRST_PAUSE_S", 0.05)
    turns = iter([429, 429, [201]])
    elasticsearch.bulk = lambda ids: next(turns)
    started = time.monotonic()
    assert opened(elasticsearch).add([passage("a", "word")]) == 1
    assert len(elasticsearch.bulks()) == 3
    assert time.monotonic() - started > 0.05 * 0.5 * 3


def test_a_server_that_never_has_time_is_given_up(elasticsearch, monkeypatch):
    monkeypatch.setattr(elasticsearch_index, "_FIRST_PAUSE_S", 0.001)
    elasticsearch.bulk = lambda ids: [429] * len(ids)
    with pytest.raises(LexicalUnavailable) as error:
        opened(elasticsearch).add([passage("a", "word")])
    assert error.value.reason == "busy"


def test_bulk_requests_are_bounded(elasticsearch, monkeypatch):
    monkeypatch.setattr(elasticsearch_index, "_CHUNK", 3)
    opened(elasticsearch).add([passage(str(n), "word") for n in range(8)])
    assert [len(ids) for ids in elasticsearch.bulks()] == [3, 3, 2]


def test_the_key_is_sent_and_goes_before_a_password(elasticsearch):
    url = elasticsearch.server.url.replace("://", "://elastic:wrong@")
    ElasticsearchIndex(ElasticsearchServer(url, api_key="a2V5"), uuid4(), uuid4())
    assert {headers["authorization"] for _, _, headers, _ in elasticsearch.server.asked} == {"ApiKey a2V5"}


def test_user_and_password_may_stand_in_the_url(elasticsearch):
    url = elasticsearch.server.url.replace("://", "://elastic:p%40ss@")
    ElasticsearchIndex(ElasticsearchServer(url), uuid4(), uuid4())
    assert {headers["authorization"] for _, _, headers, _ in elasticsearch.server.asked} == {"Basic ZWxhc3RpYzpwQHNz"}


def test_a_refused_key_is_said_and_not_repeated(elasticsearch):
    elasticsearch.refuses = True
    with pytest.raises(LexicalUnavailable) as error:
        opened(elasticsearch, api_key="c2VjcmV0")
    assert (error.value.reason, "c2VjcmV0" in str(error.value)) == ("refused", False)


def test_the_certificate_leads_to_the_configured_one(certificate):
    elasticsearch = Elasticsearch(certificate)
    opened(elasticsearch, ca=certificate[0])
    assert elasticsearch.server.asked
    elasticsearch.server.close()


def test_a_certificate_that_leads_nowhere_is_refused(certificate):
    elasticsearch = Elasticsearch(certificate)
    with pytest.raises(LexicalUnavailable):
        opened(elasticsearch)
    assert not elasticsearch.server.asked
    elasticsearch.server.close()


@pytest.mark.parametrize("version", ["8.0.0", "8.19.3", "9.5.3"])
def test_versions_8_and_9_are_spoken_to(elasticsearch, version):
    elasticsearch.version = version
    opened(elasticsearch)
    assert "compatible-with=8" in elasticsearch.server.asked[0][2]["accept"]


@pytest.mark.parametrize("version", ["7.17.1", "10.0.0", "x"])
def test_another_version_is_refused_and_named(elasticsearch, version):
    elasticsearch.version = version
    with pytest.raises(LexicalUnavailable) as error:
        opened(elasticsearch)
    assert error.value.reason == "unsupported" and version in error.value.message


def test_what_is_not_elasticsearch_is_refused():
    other = StandIn(lambda *_: (200, {"version": {"number": "x"}}))
    with pytest.raises(LexicalUnavailable):
        ElasticsearchIndex(ElasticsearchServer(other.url), uuid4(), uuid4())
    other.close()


def test_a_server_that_does_not_answer_costs_its_time_limit_once(elasticsearch):
    server = ElasticsearchServer(elasticsearch.server.url)
    index = ElasticsearchIndex(server, uuid4(), uuid4())
    server.search_s = 0.2
    elasticsearch.server.delay_s = 5
    for most in (1.5, 0.1, 0.1):
        started = time.monotonic()
        with pytest.raises(LexicalUnavailable) as error:
            index.search("word", 5)
        assert (error.value.reason, time.monotonic() - started < most) == ("unreachable", True)


def test_a_server_that_is_back_is_found_without_a_search_that_tries(elasticsearch):
    server = ElasticsearchServer(elasticsearch.server.url)
    index = ElasticsearchIndex(server, uuid4(), uuid4())
    server.search_s, elasticsearch.server.delay_s = 0.1, 0.5
    with pytest.raises(LexicalUnavailable):
        index.search("word", 5)
    elasticsearch.server.delay_s = 0
    deadline = time.monotonic() + 15
    while server.resting and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.resting


def test_a_server_that_nobody_holds_is_not_looked_for_any_more(monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL, "elastic_transport")  # records that are kept hold the server by their tracebacks
    monkeypatch.setattr(elasticsearch_server, "_PROBE_EVERY_S", 0.05)
    server = ElasticsearchServer("http://127.0.0.1:9")
    before = set(threading.enumerate())
    with pytest.raises(LexicalUnavailable):
        server.version()
    (looking,) = set(threading.enumerate()) - before
    looking.join(1)
    assert looking.is_alive()
    del server
    gc.collect()
    looking.join(30)
    assert not looking.is_alive()


def test_a_dead_server_is_said_at_once():
    server = StandIn(lambda *_: (200, {}))
    server.close()
    started = time.monotonic()
    with pytest.raises(LexicalUnavailable) as error:
        ElasticsearchIndex(ElasticsearchServer(server.url), uuid4(), uuid4())
    assert (error.value.reason, time.monotonic() - started < 2) == ("unreachable", True)


@pytest.mark.parametrize("url", ["", "ftp://u:s3cret@x:1", "http://u:s3cret@", "http://x:s3cret", "http://x/?s3cret"])
def test_a_url_of_no_use_is_a_wrong_setting_and_not_repeated(url):
    with pytest.raises(InvalidSettings) as error:
        ElasticsearchServer(url)
    assert "s3cret" not in str(error.value)


def test_one_process_speaks_to_a_server_through_one_client(elasticsearch, tmp_path):
    given = Settings(home=tmp_path, elasticsearch_url=elasticsearch.server.url)
    assert server_of(given) is server_of(given)

"""Ingestions and searches while Elasticsearch is away, and how its index heals; a stale index shows nothing stale."""

import shutil
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from rage_assets.lexical.rebuild import rebuild
from rage_assets.lexical.reconcile import reconcile, whole_space
from resources import space_administration
from resources.access import LOCAL_ADMIN
from resources.lexical import elasticsearch_server
from resources.lexical.opening import folder_of
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import index_versions, outbox
from resources.retrieval.models import SearchRequest
from tests.lexical.conftest import ELASTICSEARCH
from tests.lexical.proxy import Proxy

NEW, CHANGED = "# New\n\nZanzibar stands here alone.\n", "# Old\n\nNothing of that is left.\n"


class Place:
    """A space in a home, with an engine: its files, its ingestions, its searches."""

    def __init__(self, home, folder, **given):
        self.home, self.folder, self.given = home, folder, given
        self.name = f"s{uuid4().hex[:8]}"
        folder.mkdir()
        for name in ("a", "b", "c"):
            (folder / f"{name}.md").write_text(f"# {name}\n\nThe warranty of {name} ends in March.\n")
        self.id = home.space(self.name, folder)

    def ingest(self):
        report = self.home.ingest(self.name, **self.given)
        assert report.state == "succeeded", report.errors
        return report

    @contextmanager
    def work(self, **given):
        platform = self.home.platform("worker", **(given or self.given))
        try:
            yield whole_space(platform, self.name, str(uuid4()))
        finally:
            platform.close()

    def index(self, work):
        with work.transaction() as connection:
            (version,) = index_versions.kept(connection, self.id)
        return work.platform.lexical(self.id, version.id)

    @contextmanager
    def searching(self, **given):
        from api.memory import open_retriever

        platform = self.home.platform("api", **(given or self.given), cache_bytes=0)

        def search(query, mode="lexical"):
            request = SearchRequest(space=self.name, query=query, mode=mode)
            found = open_retriever(platform).search(LOCAL_ADMIN, request)
            return sorted(result.document.path for result in found.results), found.degraded

        try:
            yield search
        finally:
            platform.close()

    def behind(self):
        with self.work() as work, work.transaction() as connection:
            return outbox.is_behind(connection, self.id)


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


def server_of(place):
    return elasticsearch_server.server_of(place.home.settings(**place.given))


def answering(place, timeout_s=20):
    """Waits until the process has noticed that the server is back."""
    deadline = time.monotonic() + timeout_s
    while server_of(place).resting and time.monotonic() < deadline:
        time.sleep(0.02)


def test_what_is_ingested_while_the_engine_is_away_goes_live_and_heals(away, proxy):
    away.ingest()
    (away.folder / "new.md").write_text(NEW)
    (away.folder / "a.md").write_text(CHANGED)
    (away.folder / "b.md").unlink()
    proxy.cut()
    away.ingest()
    assert away.behind()
    with away.searching() as search:
        assert search("zanzibar") == (["a.md", "c.md", "new.md"], ["lexical_unavailable"])  # by vectors
        proxy.resume()
        answering(away)
        assert search("warranty") == (["c.md"], ["lexical_behind"])
        with away.work() as work:
            assert reconcile(work)["behind"] == 0
        assert search("zanzibar") == (["new.md"], [])
        assert search("warranty") == (["c.md"], [])
    with away.work() as work:
        assert self_consistent(work, away)


def self_consistent(work, place):
    with work.transaction() as connection:
        (version,) = index_versions.kept(connection, place.id)
        truth = outbox.live_versions(connection, version.id)
    index = work.platform.lexical(place.id, version.id)
    return truth == {(document, each): passages for document, each, passages in index.document_versions()}


def test_the_next_ingestion_heals_by_itself(away, proxy):
    proxy.cut()
    away.ingest()
    assert away.behind()
    proxy.resume()
    answering(away)
    away.ingest()
    assert not away.behind()
    with away.searching() as search:
        assert search("warranty") == (["a.md", "b.md", "c.md"], [])


def test_a_paused_server_holds_up_neither_searches_nor_ingestions(away, proxy):
    away.ingest()
    server_of(away).search_s = server_of(away).change_s = 1
    with away.searching() as search:
        assert search("warranty", "hybrid")[1] == []
        proxy.pause()
        for limit_s in (12, 8):  # of which a second at most is the server's; the rest is this machine's
            started = time.monotonic()
            assert search("warranty", "hybrid")[1] == ["lexical_unavailable"]
            assert time.monotonic() - started < limit_s
    (away.folder / "new.md").write_text(NEW)
    away.ingest()
    assert away.behind()


def test_a_space_whose_engine_is_away_is_not_deleted_by_half(away, proxy):
    away.ingest()
    proxy.cut()
    with away.work() as work, pytest.raises(LexicalUnavailable):
        space_administration.delete(work.platform, away.name)
    with away.searching() as search:
        assert search("warranty", "vector")[0] == ["a.md", "b.md", "c.md"]


def test_reconciliation_finds_and_repairs_what_differs(place):
    place.ingest()
    with place.work() as work:
        index = place.index(work)
        documents = [document for document, _, _ in index.document_versions()]
        index.delete_documents(documents[:1])
        stray = uuid4()
        index.add([passage_of(stray)])
        index.commit()
        work.platform.forget_lexical(place.id)
        found = reconcile(work)
        assert (found["missing"] >= 1, found["superfluous"], found["repaired"]) == (True, 1, 2)
        assert self_consistent(work, place)
        assert reconcile(work) == {"missing": 0, "superfluous": 0, "repaired": 0, "behind": 0}


def passage_of(document):
    from tests.lexical.conftest import passage

    return passage("stray", "a stray entry")._replace(document_id=document)


def test_a_stale_index_shows_nothing_that_was_deleted_or_changed(place, tmp_path):
    place.ingest()
    with place.work() as work:
        old = copy_of(work, place, tmp_path)
        (place.folder / "a.md").write_text(CHANGED)
        (place.folder / "b.md").unlink()
        place.ingest()
        put_back(work, place, old)
    with place.searching() as search:
        assert search("warranty")[0] == ["c.md"]
        assert search("warranty", "hybrid")[0][-1] == "c.md"
        assert "b.md" not in search('"warranty of b"', "pattern")[0]
    with place.work() as work:
        reconcile(work)
        assert self_consistent(work, place)


def copy_of(work, place, tmp_path):
    """The index as it is now: the folder, or the entries."""
    if not place.given:
        return shutil.copytree(folder_of(work.platform.settings, place.id), tmp_path / "copy")
    from rage_assets.lexical.indexes import entry

    with work.transaction() as connection:
        return [
            entry(row)
            for row in outbox.live_passages(connection, outbox.document_ids(connection, place.id, UUID(int=0), 99))
        ]


def put_back(work, place, old):
    if not place.given:
        folder = folder_of(work.platform.settings, place.id)
        shutil.rmtree(folder)
        shutil.copytree(old, folder)
        return
    index = place.index(work)
    index.add(old)
    index.commit()
    work.platform.forget_lexical(place.id)


def test_an_index_is_moved_from_one_engine_to_the_other_and_back(shared_home, tmp_path, proxy):
    place = Place(shared_home, tmp_path / "files")
    place.ingest()
    there = {"elasticsearch_url": proxy.url}
    everything = ["a.md", "b.md", "c.md"], []
    with place.searching() as search, place.searching(**there) as search_there:
        assert search("warranties") == everything
        assert search_there("warranties") == (everything[0], ["lexical_unavailable"])
        with place.work(**there) as work:
            assert rebuild(work) == {"versions": 1, "passages": 3}
        assert search_there("warranties") == search("warranties") == everything
        (place.folder / "new.md").write_text(NEW)
        place.home.ingest(place.name, **there)
        with place.work() as work:
            assert rebuild(work)["passages"] == 4
        assert search("zanzibar") == search_there("zanzibar") == (["new.md"], [])
    with place.work(**there) as work:
        work.platform.destroy_lexical(place.id)


def test_the_sensor_asks_for_a_run_that_heals_when_the_engine_answers(away, proxy):
    import dagster as dg

    from rage_assets.build import build_defs
    from rage_assets.platform_resource import platform_resource
    from sensors.lexical import evaluate

    proxy.cut()
    away.ingest()
    with dg.DagsterInstance.ephemeral() as instance, away.work() as work:
        context = SimpleNamespace(instance=instance)
        skipped = evaluate(context, work.platform)
        assert isinstance(skipped, dg.SkipReason) and "does not answer" in skipped.skip_message
        proxy.resume()
        answering(away)
        request = evaluate(context, work.platform)
        resources = {"platform": platform_resource(away.home.settings(**away.given))}
        job = build_defs(resources).resolve_job_def("reconcile_lexical")
        done = job.execute_in_process(instance=instance, run_config=request.run_config)
        (event,) = done.get_asset_materialization_events()
        metadata = event.materialization.metadata
        assert (metadata["repaired"].value, metadata["spaces"].value) == (3, 1)
        assert isinstance(evaluate(context, work.platform), dg.SkipReason)
    assert not away.behind()

"""Indexes that are built anew beside those that are read, whoever is killed or comes in between."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from rage_assets.lexical import rebuild as rebuilding
from rage_assets.lexical.rebuild import _rebuilding, rebuild
from rage_assets.lexical.reconcile import reconcile
from resources.errors import Conflict
from resources.lexical import tantivy_index
from resources.lexical.elasticsearch_index import ElasticsearchIndex
from resources.lexical.tantivy_index import TantivyIndex
from tests.lexical.place import NEW, Place, indexes_of, self_consistent


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


def test_what_a_killed_rebuild_left_is_gone_with_the_next_one_and_with_the_next_reconciliation(place, monkeypatch):
    place.ingest()
    with place.work() as work:
        for step, mend in (("add", reconcile), ("add", rebuild), ("take_place", rebuild)):
            with killed_at(monkeypatch, step), pytest.raises(Killed):
                rebuild(work)
            assert len(indexes_of(work, place)) == 2
            mend(work)
            assert len(indexes_of(work, place)) == 1
            assert self_consistent(work, place)


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_at(monkeypatch, step):
    """Lets a rebuild end at a step of its new index, with no chance to clear up."""

    def ends(*_):
        raise Killed

    with monkeypatch.context() as patched:
        for kind in (ElasticsearchIndex, TantivyIndex):
            patched.setattr(kind, step, ends)
            patched.setattr(kind, "discard", lambda _: None)
        yield


@pytest.mark.parametrize("renames", [1, 2])
def test_a_rebuild_killed_between_its_renames_is_healed_by_the_next_ingestion_and_the_next_rebuild(
    shared_home, tmp_path, monkeypatch, renames
):
    place, left = Place(shared_home, tmp_path / "files"), [renames]
    place.ingest()
    rename = Path.rename

    def renamed(path, target):
        if not left[0]:
            raise Killed
        left[0] -= 1
        return rename(path, target)

    with place.work() as work, monkeypatch.context() as patched:
        patched.setattr(Path, "rename", renamed)
        patched.setattr(tantivy_index.shutil, "rmtree", lambda *_, **__: left[0] or ended())
        patched.setattr(TantivyIndex, "discard", lambda _: None)
        with pytest.raises(Killed):
            rebuild(work)
    with place.work() as work:
        assert len(indexes_of(work, place)) == 2
        place.ingest()
        assert self_consistent(work, place)
        assert rebuild(work) == {"versions": 1, "passages": 3}
        assert len(indexes_of(work, place)) == 1


def ended():
    raise Killed


def test_a_rebuild_goes_on_while_an_ingestion_makes_a_lost_index_anew(place, monkeypatch):
    place.ingest()
    switch = rebuilding._switch

    def disturbed(work, version, index):
        with place.work() as other:
            place.index(other).destroy()
        (place.folder / "new.md").write_text(NEW)
        place.ingest()
        switch(work, version, index)

    monkeypatch.setattr(rebuilding, "_switch", disturbed)
    with place.work() as work:
        assert rebuild(work) == {"versions": 1, "passages": 3}
        assert self_consistent(work, place)
        assert len(indexes_of(work, place)) == 1
    with place.searching() as search:
        assert search("warranties") == (["a.md", "b.md", "c.md"], [])


def test_an_index_is_rebuilt_by_one_process_at_a_time(shared_home, tmp_path):
    place = Place(shared_home, tmp_path / "files")
    place.ingest()
    with place.work() as work, place.work() as other:
        with _rebuilding(other), pytest.raises(Conflict, match="rebuilt already"):
            rebuild(work)
        assert rebuild(work)["versions"] == 1

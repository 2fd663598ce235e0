"""Ingestions and searches while Elasticsearch is away, and how its index heals; a stale index shows nothing stale."""

import shutil
import time
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from rage_assets.lexical.indexes import Indexes
from rage_assets.lexical.reconcile import reconcile
from resources import space_administration
from resources.lexical.opening import folder_of
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import outbox
from tests.lexical.place import CHANGED, NEW, Place, answering, self_consistent, server_of


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


def test_what_was_found_in_an_incomplete_index_is_not_given_after_an_ingestion_that_changed_nothing_healed_it(place):
    place.ingest()
    with place.work() as work:
        index = place.index(work)
        index.delete_documents([document for document, _, _ in index.document_versions()][:2])
        index.commit()
        work.platform.forget_lexical(place.id)
    with place.searching(cache_bytes=1 << 20) as search:
        assert len(search("warranty")[0]) == 1
        place.ingest()
        assert search("warranty") == (["a.md", "b.md", "c.md"], [])


@pytest.mark.parametrize("text", [CHANGED, None], ids=["changed", "removed"])
def test_what_was_found_while_the_entries_of_an_old_document_were_left_is_not_given_again(
    shared_home, tmp_path, monkeypatch, text
):
    place = Place(shared_home, tmp_path / "files")
    place.ingest()
    file = place.folder / "a.md"
    file.unlink() if text is None else file.write_text(text)

    def epoch():
        return shared_home.rows("SELECT epoch FROM spaces WHERE id = %s", place.id)[0]["epoch"]

    seen = []
    for name in ("delete_versions", "replace"):
        act = getattr(Indexes, name)

        def looking(indexes, *given, act=act):
            seen.append(epoch())
            return act(indexes, *given)

        monkeypatch.setattr(Indexes, name, looking)
    place.ingest()
    assert seen and epoch() > max(seen)


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

"""Files within files, on a real database in real runs: members of archives are documents of their own."""

import io
import tarfile
import zipfile
from contextlib import suppress

import pytest

from resources.postgres.removal import request_removal
from tests.conftest import CALLER

pytestmark = pytest.mark.real


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def paths(home, space):
    return {row["path"] for row in home.rows("SELECT path FROM documents WHERE state = 'live'", space=space)}


def delete(home, space, path):
    (row,) = home.rows("SELECT id FROM documents WHERE path = %s", path, space=space)
    platform = home.platform()
    try:
        with platform.database.transaction(caller=CALLER) as connection:
            request_removal(connection, row["id"])
    finally:
        platform.close()


def counts(report):
    return {name: value for name, value in report.documents.model_dump().items() if value}


GUIDE = "# Guide\n\nThe guide explains how leave is asked for.\n"
NOTES = "# Notes\n\nThe notes name whom to call at night.\n"


def test_members_of_an_archive_are_documents(home, write):
    folder = write({"box.zip": zipped({"guide.md": GUIDE, "deep/notes.md": NOTES})})
    space = home.space(folder=folder)
    assert counts(home.ingest()) == {"new": 3}
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md", "box.zip!/deep/notes.md"}
    assert counts(home.ingest()) == {"unchanged": 3}


def test_archives_within_archives_are_opened(home, write):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a/guide.md")
        entry.size = len(GUIDE)
        archive.addfile(entry, io.BytesIO(GUIDE.encode()))
    space = home.space(folder=write({"box.zip": zipped({"inner.tar.gz": inner.getvalue(), "notes.md": NOTES})}))
    home.ingest()
    assert "box.zip!/inner.tar.gz!/a/guide.md" in paths(home, space)


def test_only_members_that_changed_are_read_again(home, write):
    members = {"guide.md": GUIDE, "notes.md": NOTES, "old.md": "# Old\n\nThis one will go.\n"}
    folder = write({"box.zip": zipped(members)})
    space = home.space(folder=folder)
    home.ingest()
    before = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    del members["old.md"]
    (folder / "box.zip").write_bytes(zipped(members | {"guide.md": GUIDE + "\nAnd who approves it.\n", "new.md": "# New\n"}))
    assert counts(home.ingest()) == {"changed": 2, "new": 1, "removed": 1, "unchanged": 1}
    after = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    assert set(after) == {"box.zip", "box.zip!/guide.md", "box.zip!/notes.md", "box.zip!/new.md"}
    assert after["box.zip!/notes.md"] == before["box.zip!/notes.md"]


def test_an_archive_that_goes_takes_everything_inside_with_it(home, write):
    inner = zipped({"deep.md": GUIDE})
    folder = write({"box.zip": zipped({"inner.zip": inner, "notes.md": NOTES}), "stays.md": "# Stays\n\nHere.\n"})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "box.zip").unlink()
    assert counts(home.ingest()) == {"removed": 4, "unchanged": 1}
    assert paths(home, space) == {"stays.md"}
    assert home.rows("SELECT count(*) AS n FROM vectors", space=space)[0]["n"] == 1
    assert len(home.rows("SELECT path FROM receipts WHERE complete", space=space)) == 4


def test_a_bad_member_is_a_row_in_quarantine_and_the_others_are_live(home, write):
    space = home.space(folder=write({"box.zip": zipped({"guide.md": GUIDE, "bad.pdf": b"%PDF-1.4 nothing"})}))
    assert counts(home.ingest()) == {"new": 3, "quarantined": 1}
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md"}
    assert [row["path"] for row in home.rows("SELECT path FROM quarantine", space=space)] == ["box.zip!/bad.pdf"]
    assert counts(home.ingest()) == {"unchanged": 2}


def test_a_member_that_a_person_deleted_goes_and_does_not_come_back(home, write):
    folder = write({"box.zip": zipped({"guide.md": GUIDE, "notes.md": NOTES})})
    space = home.space(folder=folder)
    home.ingest()
    delete(home, space, "box.zip!/notes.md")
    home.ingest()
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md"}
    (folder / "box.zip").write_bytes(zipped({"guide.md": GUIDE, "notes.md": NOTES + "More.\n"}))
    home.ingest()
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md"}


def test_an_archive_that_a_person_deleted_hides_its_members_at_once(home, write):
    folder = write({"box.zip": zipped({"guide.md": GUIDE, "notes.md": NOTES}), "stays.md": "# Stays\n\nHere.\n"})
    space = home.space(folder=folder)
    home.ingest()
    delete(home, space, "box.zip")
    assert paths(home, space) == {"stays.md"}
    home.ingest()
    assert home.rows("SELECT count(*) AS n FROM documents", space=space)[0]["n"] == 1


def test_a_new_version_of_a_members_parser_reads_the_member_again_and_not_its_neighbours(home, write, monkeypatch):
    from rage_assets.blocks.parsing import registry

    folder = write({"box.zip": zipped({"guide.md": GUIDE, "table.csv": "name,room\nAnna,12\n"})})
    space = home.space(folder=folder)
    home.ingest()
    before = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    markdown = registry.parser_for("a.md")
    monkeypatch.setattr(type(markdown), "version", markdown.version + 1)
    home.ingest()
    after = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    assert {path for path in after if after[path] != before[path]} == {"box.zip", "box.zip!/guide.md"}
    assert counts(home.ingest()) == {"unchanged": 3}


def test_a_change_killed_between_an_archive_and_its_members_is_finished_by_the_next_run(home, write, monkeypatch):
    from rage_assets.live import publish

    folder = write({"box.zip": zipped({"guide.md": GUIDE, "notes.md": NOTES})})
    space = home.space(folder=folder)

    whole = publish._publish

    def half(work, indexes, batch):
        whole(work, indexes, [row for row in batch if row["path"] == "box.zip"])
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_publish", half)
        with suppress(Exception):
            home.ingest()
    assert paths(home, space) == {"box.zip"}
    home.ingest()
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md", "box.zip!/notes.md"}

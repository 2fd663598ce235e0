"""Files within files, on a real database in real runs: members of archives are documents of their own."""

import hashlib
import io
import tarfile
import zipfile
from contextlib import suppress

import pytest

from resources.postgres.removal import request_removal
from tests.conftest import CALLER
from tests.pipeline.reports import counts

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


@pytest.mark.parametrize("at", ["before", "between"])
def test_a_removal_from_an_archive_that_was_killed_is_finished_by_the_next_run(home, write, monkeypatch, at):
    """Killed before anything is published, and between the archive and what is not in it any more."""
    from rage_assets.live import publish

    folder = write({"box.zip": zipped({"guide.md": GUIDE, "notes.md": NOTES})})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "box.zip").write_bytes(zipped({"guide.md": GUIDE}))

    def killed(*_):
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_publish" if at == "before" else "_removals", killed)
        with suppress(Exception):
            home.ingest()
    assert "box.zip!/notes.md" in paths(home, space)
    home.ingest()
    assert paths(home, space) == {"box.zip", "box.zip!/guide.md"}
    assert counts(home.ingest()) == {"unchanged": 2}


def test_a_removal_that_was_killed_between_an_archive_and_its_members_is_finished_by_the_next_run(home, write, monkeypatch):
    from rage_assets.live import publish

    folder = write(
        {"box.zip": zipped({"guide.md": GUIDE, "notes.md": NOTES, "bad.pdf": b"%PDF-1.7 cut"}), "stays.md": GUIDE}
    )
    space = home.space(folder=folder)
    home.ingest()
    (folder / "box.zip").unlink()
    whole = publish._remove

    def half(work, indexes, removals):
        whole(work, indexes, [row for row in removals if row["path"] == "box.zip"])
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "_remove", half)
        with suppress(Exception):
            home.ingest()
    assert paths(home, space) == {"box.zip!/guide.md", "box.zip!/notes.md", "stays.md"}
    home.ingest()
    assert paths(home, space) == {"stays.md"}
    assert not home.rows("SELECT path FROM quarantine", space=space)
    assert {row["path"] for row in home.rows("SELECT path FROM receipts WHERE complete", space=space)} == {
        "box.zip", "box.zip!/guide.md", "box.zip!/notes.md"
    }  # fmt: skip


def test_a_member_with_a_name_of_any_length_is_a_document_and_holds_nobody_up(home, write):
    def long(seed, size):  # a name that the database cannot press together
        return "".join(hashlib.sha256(f"{seed}{n}".encode()).hexdigest() for n in range(size // 64 + 1))[:size]

    names = [f"é{long('folder', 400)}/{long(letter, 4000)}.md" for letter in "ab"]
    inner = zipped({f"{long('c', 1990)}.zip": zipped({f"{long('d', 4000)}.md": NOTES})})
    folder = write({"box.zip": zipped(dict.fromkeys(names, GUIDE)), "deep.zip": inner, "stays.md": GUIDE})
    space = home.space(folder=folder)
    assert counts(home.ingest())["new"] == 7
    found = paths(home, space)
    assert {"box.zip", "deep.zip", "stays.md"} < found
    assert len(found) == 7 and max(len(path.encode()) for path in found) < 2100
    assert sum(path.endswith(".md") and path.startswith("box.zip!/é") for path in found) == 2
    assert counts(home.ingest()) == {"unchanged": 7}


def test_what_goes_within_an_archive_goes_in_the_run_of_the_archives_shard(home, write, monkeypatch):
    """Removals are staged in the shard that the document is in, which is its archive's and not that of its own name."""
    from rage_assets.live import publish

    names = [f"notes{n}.md" for n in range(4)]
    folder = write({"box.zip": zipped(dict.fromkeys(names, NOTES))})
    space = home.space(folder=folder, shards=8)
    home.ingest()
    (row,) = home.rows("SELECT shard FROM documents WHERE path = 'box.zip'", space=space)
    for name in names:
        delete(home, space, f"box.zip!/{name}")
    staged = []
    remove = publish._remove

    def noted(work, indexes, removals):
        with work.transaction() as connection:
            found = connection.execute("SELECT shard FROM staged_documents WHERE change = 'removed'").fetchall()
        staged.extend(each["shard"] for each in found)
        remove(work, indexes, removals)

    monkeypatch.setattr(publish, "_remove", noted)
    home.ingest()
    assert paths(home, space) == {"box.zip"}
    assert staged == [row["shard"]] * len(names)

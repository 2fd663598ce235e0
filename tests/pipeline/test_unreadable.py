"""Folders that cannot be read, were unmounted or emptied: what is gone and what is only out of sight."""

import os

import pytest

from rage_assets.raw.sources.folder import FolderReader
from resources.errors import RageError, SourceUnreadable
from tests.pipeline.reports import counts

pytestmark = pytest.mark.real
HOLIDAYS = "# Holidays\n\nEveryone has thirty days of paid leave each year.\n"


def test_a_source_that_is_gone_fails_loudly_and_removes_nothing(home, write):
    folder = write({"a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises((SourceUnreadable, RageError), match="is not there"):
        home.ingest()
    assert home.rows("SELECT count(*) AS n FROM documents", space=space)[0]["n"] == 1
    folder.with_name("elsewhere").rename(folder)
    assert counts(home.ingest()) == {"unchanged": 1}


def test_a_mount_point_that_fell_empty_is_not_taken_for_an_emptied_folder(home, write):
    folder = write({"a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    # what the kernel shows of an unmounted file system: an empty folder on another device
    home.rows("UPDATE sources SET device = '999999' RETURNING 1", space=space)
    (folder / "a.md").unlink()
    with pytest.raises(RageError, match="looks unmounted"):
        home.ingest()
    assert home.rows("SELECT count(*) AS n FROM documents", space=space)[0]["n"] == 1


def test_a_note_in_a_mount_point_that_nothing_is_mounted_on_changes_nothing(home, write):
    folder = write({"a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    home.rows("UPDATE sources SET device = '999999' RETURNING 1", space=space)
    (folder / "a.md").unlink()
    (folder / "not-mounted.md").write_text("# Mount\n\nThis is where the share belongs.\n")
    report = home.ingest()
    assert report.state == "failed" and "looks unmounted" in report.errors[0]["reason"]
    assert {"path": "a.md"} in home.rows("SELECT path FROM documents", space=space)


def test_a_folder_that_is_unmounted_between_two_looks_is_not_emptied(home, write, monkeypatch):
    folder = write({"a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    before = FolderReader.identity
    calls = []
    monkeypatch.setattr(FolderReader, "identity", lambda self: calls.append(1) or "the device below")
    monkeypatch.setattr(FolderReader, "scan", lambda self: iter(()) if not calls else before)
    with pytest.raises(RageError, match="looks unmounted"):
        home.ingest()
    assert home.rows("SELECT path FROM documents", space=space) == [{"path": "a.md"}]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_the_right_to_read_it_removes_nothing(home, write):
    folder = write({"sub/a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "sub").chmod(0)
    report = home.ingest()
    assert (report.state, [error["path"] for error in report.errors]) == ("partly", ["sub/"])
    assert home.rows("SELECT path FROM documents", space=space) == [{"path": "sub/a.md"}]


def test_an_emptied_folder_is_emptied(home, write):
    folder = write({"a.md": HOLIDAYS})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "a.md").unlink()
    assert counts(home.ingest()) == {"removed": 1}
    assert home.rows("SELECT 1 FROM vectors", space=space) == []

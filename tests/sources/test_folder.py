"""Folders that fail while they are read: what nobody could look at stays as it is known."""

import errno
import os

import pytest

from rage_assets.raw.diff import diff
from rage_assets.raw.sources import folder as folder_reader
from rage_assets.raw.sources.folder import FolderReader
from rage_assets.raw.sources.selected import SelectedReader
from resources.errors import SourceUnreadable
from resources.selection import Selection

PATHS = ["a.md", "sub/.rage-access.yaml", "sub/b.md", "sub/deep/c.md", "z.md"]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    for path in PATHS:
        (root / path).write_text("rules: []\n" if path.endswith(".yaml") else path)
    return root


def removed(files, known=PATHS):
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "media_type": None, "parser": "", "state": "live"}
    documents = [row | {"path": path} for path in known if not path.endswith(".yaml")]
    files = [file for file in files if not file.path.endswith(".yaml")]
    return [d.known["path"] for d in diff(files, documents, lambda *_: "", 3) if d.kind == "removed"]


@pytest.fixture
def failing(monkeypatch):
    """Makes calls fail whose path or name ends as said: this user may be one who may read everything."""

    def make(call, name, code=errno.EACCES):
        real = getattr(os, call)

        def broken(path, *arguments, **given):
            if os.fsencode(path).endswith(os.fsencode(name)) if not isinstance(path, int) else False:
                raise OSError(code, os.strerror(code))
            return real(path, *arguments, **given)

        monkeypatch.setattr(folder_reader.os, call, broken)

    return make


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_folder_that_cannot_be_read_is_named_and_keeps_what_is_known_of_it(root, failing, code):
    failing("open", b"sub", code)
    found = list(FolderReader(root).scan())
    assert [(file.path, bool(file.problem)) for file in found] == [("a.md", False), ("sub/", True), ("z.md", False)]
    assert os.strerror(code) in found[1].problem
    assert removed(found) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everything")
def test_files_that_may_be_listed_and_not_looked_at_are_not_gone(root):
    (root / "sub").chmod(0o644)
    found = list(FolderReader(root).scan())
    (root / "sub").chmod(0o755)
    assert removed(found) == []


def test_a_link_whose_target_cannot_be_looked_at_is_not_gone(root, failing):
    (root / "link.md").symlink_to("sub/b.md")
    failing("stat", b"b.md", errno.EIO)
    found = list(FolderReader(root).scan())
    assert removed(found, [*PATHS[:1], "link.md", *PATHS[1:]]) == []
    assert [file.path for file in found if file.problem] == ["link.md"]


def test_a_root_that_cannot_be_read_is_unreadable(root, failing):
    failing("open", b"root", errno.EIO)
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        list(FolderReader(root).scan())


def test_a_root_that_is_unmounted_while_it_is_read_removes_nothing(root):
    scan = FolderReader(root).scan()
    assert next(scan).path == "a.md"
    root.rename(root.with_name("mounted"))
    root.mkdir()  # what is left of a mount point
    with pytest.raises(SourceUnreadable, match="another one"):
        list(scan)


def test_a_time_that_the_database_cannot_hold_is_a_number_all_the_same(root, monkeypatch):
    class Late:
        st_mode, st_size, st_mtime_ns = 0o100644, 1, 15_000_000_000 * 10**9

    (root / "link.md").symlink_to("a.md")
    real = os.stat
    monkeypatch.setattr(folder_reader.os, "stat", lambda path, **given: Late if isinstance(path, bytes) else real(path))
    (file,) = (file for file in FolderReader(root).scan() if file.path == "link.md")
    assert -(2**63) <= file.mtime_ns < 2**63


def test_the_root_of_the_file_system_can_be_looked_at():
    assert FolderReader(folder_reader.Path("/")).identity() == str(os.stat("/").st_dev)


def test_a_link_shows_nothing_that_is_excluded_where_it_leads(root):
    (root / "link.md").symlink_to("sub/b.md")
    (root / "other.md").symlink_to("a.md")
    chosen = SelectedReader(FolderReader(root), Selection(exclude=["sub/"]))
    assert [file.path for file in chosen.scan()] == ["a.md", "other.md", "sub/.rage-access.yaml", "z.md"]

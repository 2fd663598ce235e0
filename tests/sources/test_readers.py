"""One contract for every reader of a source, and what is particular to each."""

import subprocess

import pytest
from fsspec.implementations.local import LocalFileSystem

from rage_assets.raw.sources.folder import FolderReader
from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.object_store import ObjectStoreReader
from resources.errors import SourceUnreadable

FILES = {"b.md": "b", "a/z.md": "in a", "a.txt": "a", "ü/ñ.md": "more", "a b.md": "space"}


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


@pytest.fixture(params=["folder", "object_store", "git"])
def source(request, tmp_path):
    """A reader, the folder behind it, and what to do so that it sees a change."""
    folder = tmp_path / "source"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if request.param == "folder":
        return FolderReader(folder), folder, lambda: None
    if request.param == "object_store":
        return ObjectStoreReader(LocalFileSystem(), str(folder)), folder, lambda: None
    git(tmp_path, "init", "-q", str(folder))
    commit(folder)
    return GitReader(f"file://{folder}", tmp_path / "copy"), folder, lambda: commit(folder)


def test_it_lists_every_file_in_the_order_of_paths(source):
    reader, *_ = source
    assert [file.path for file in reader.scan()] == sorted(FILES)


def test_it_opens_what_it_lists(source):
    reader, *_ = source
    for file in reader.scan():
        with reader.open(file) as content:
            assert content.read().decode() == FILES[file.path]


def test_a_change_shows_and_all_else_stays_the_same(source):
    reader, folder, publish = source
    before = {file.path: (file.size, file.mtime_ns) for file in reader.scan()}
    (folder / "b.md").write_text("b, but longer")
    publish()
    after = {file.path: (file.size, file.mtime_ns) for file in reader.scan()}
    assert {path for path in before if before[path] != after[path]} == {"b.md"}


def test_a_file_that_is_gone_is_gone(source):
    reader, folder, publish = source
    list(reader.scan())
    (folder / "b.md").unlink()
    publish()
    assert "b.md" not in {file.path for file in reader.scan()}


def test_a_source_that_is_not_there_is_unreadable_and_never_empty(tmp_path):
    missing = tmp_path / "missing"
    store = ObjectStoreReader(LocalFileSystem(), str(missing))
    for reader in (FolderReader(missing), store, GitReader(f"file://{missing}", tmp_path / "c")):
        with pytest.raises(SourceUnreadable):
            list(reader.scan())


def test_a_repository_that_would_run_a_program_is_refused(tmp_path):
    marker = tmp_path / "ran"
    with pytest.raises(SourceUnreadable):
        list(GitReader(f"ext::sh -c touch% {marker}", tmp_path / "copy").scan())
    assert not marker.exists()

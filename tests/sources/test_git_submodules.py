"""Submodules: read in their place, at the commit that is named, and no further than their repository may reach."""

import shutil

import pytest

from rage_assets.raw.diff import diff
from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.git_submodules import resolve
from resources.errors import InvalidInput
from tests.sources.repositories import commit, files, git, paths, problems, repository


@pytest.fixture
def parent(tmp_path):
    """A repository with a submodule at `lib`, named by a relative address, which has one itself."""
    repository(tmp_path / "deep", {"d.md": "deepest"})
    inner = repository(tmp_path / "inner", {"i.md": "inner", "a/b.md": "below"})
    git(inner, "submodule", "add", "-q", "../deep", "deep")
    commit(inner)
    outer = repository(tmp_path / "outer", {"lib.md": "beside", "lib-2.md": "beside, too", "z.md": "last"})
    git(outer, "submodule", "add", "-q", "../inner", "lib")
    commit(outer)
    return outer


def test_the_files_of_submodules_are_read_in_the_order_of_paths(parent, tmp_path):
    reader = GitReader(f"git+file://{parent}", tmp_path / "copy")
    found = files(reader)
    assert found["lib/i.md"] == "inner" and found["lib/a/b.md"] == "below" and found["lib/deep/d.md"] == "deepest"
    assert list(found) == sorted(found)
    assert found["lib.md"] == "beside"


def test_a_submodule_follows_the_commit_that_its_repository_names(parent, tmp_path):
    reader = GitReader(f"git+file://{parent}", tmp_path / "copy")
    commit(tmp_path / "inner", {"i.md": "newer"})
    assert files(reader)["lib/i.md"] == "inner"
    git(parent / "lib", "pull", "-q")
    commit(parent)
    assert files(reader)["lib/i.md"] == "newer"


def test_a_submodule_whose_commit_is_here_is_not_asked_for_again(parent, tmp_path):
    reader = GitReader(f"git+file://{parent}", tmp_path / "copy")
    before = paths(reader)
    shutil.rmtree(tmp_path / "inner")
    assert paths(reader) == before and not problems(reader)


def test_a_submodule_that_cannot_be_reached_is_named_and_loses_nothing(parent, tmp_path):
    reader = GitReader(f"git+file://{parent}", tmp_path / "copy")
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "media_type": None, "parser": "", "state": "live"}
    known = [row | {"path": path} for path in paths(reader)]
    shutil.rmtree(tmp_path / "inner")
    shutil.rmtree(tmp_path / "copy")
    assert list(problems(reader)) == ["lib/"]
    found = diff(reader.scan(), known, lambda *_: "", 3)
    kinds = {d.known["path"]: d.kind for d in found if d.known and d.kind in ("removed", "unreadable")}
    assert set(kinds.values()) == {"unreadable"} and all(path.startswith("lib/") for path in kinds)


def test_a_submodule_that_leads_elsewhere_on_this_machine_is_refused(tmp_path):
    repository(tmp_path / "elsewhere" / "private", {"p.md": "private"})
    outer = repository(tmp_path / "given" / "outer", {"a.md": "a"})
    git(outer, "submodule", "add", "-q", str(tmp_path / "elsewhere" / "private"), "lib")
    commit(outer)
    reader = GitReader(f"git+file://{outer}", tmp_path / "copy")
    assert paths(reader) == [".gitmodules", "a.md"]
    assert "must lie beside" in problems(reader)["lib/"]


@pytest.mark.parametrize(
    ("parent", "given", "expected"),
    [
        ("https://host/a/b.git", "../c.git", "https://host/a/c.git"),
        ("https://host/a/b", "../../x/c", "https://host/x/c"),
        ("ssh://git@host:22/a/b", "../c", "ssh://git@host:22/a/c"),
        ("git@host:a/b.git", "../c.git", "git@host:a/c.git"),
        ("https://host/a/b", "git@host:a/c.git", "https://host/a/c.git"),
        ("https://host/a/b", "ssh://git@host/a/c.git", "https://host/a/c.git"),
        ("https://host/a/b", "https://other/c", "https://other/c"),
        ("git@host:a/b", "git@other:c", "git@other:c"),
    ],
)
def test_addresses_of_submodules_are_resolved(parent, given, expected):
    assert resolve(parent, given) == expected


@pytest.mark.parametrize(
    ("parent", "given"),
    [
        ("https://host/a", "git@other:c"),
        ("https://host/a", "file:///srv/x"),
        ("https://host/a", "/srv/x"),
        ("git@host:a", "/srv/x"),
        ("https://host/a", "ext::sh -c id"),
        ("https://host/a", "--upload-pack=id"),
        ("https://host/a", "https://user:password@host/x"),  # pragma: allowlist secret
        ("/srv/git/a", "../../private"),
        ("/srv/git/a", "git@host:x"),
    ],
)
def test_a_submodule_borrows_no_rights(parent, given):
    with pytest.raises(InvalidInput):
        resolve(parent, given)


def test_a_submodule_is_bound_by_the_rules_of_egress(tmp_path):
    outer = repository(tmp_path / "outer", {"a.md": "a"})
    commit(outer, {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = http://169.254.169.254/x.git\n'})
    git(outer, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    git(outer, "commit", "-qm", "x")
    reader = GitReader(f"git+file://{outer}", tmp_path / "copy")
    assert "RAGE_ALLOWED_HOSTS" in problems(reader)["x/"] or "public host" in problems(reader)["x/"]
    assert paths(reader) == [".gitmodules", "a.md"]


def test_a_repository_that_holds_itself_ends(tmp_path):
    outer = repository(tmp_path / "outer", {"a.md": "a"})
    inside = git(outer, "rev-parse", "HEAD")
    commit(outer, {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../outer\n'})
    git(outer, "update-index", "--add", "--cacheinfo", f"160000,{inside},x")
    git(outer, "commit", "-qm", "x")
    assert "x/a.md" in paths(GitReader(f"git+file://{outer}", tmp_path / "copy"))


def test_a_gitmodules_that_cannot_be_understood_spoils_its_submodules_alone(parent, tmp_path):
    commit(parent, {".gitmodules": "<<<<<<< HEAD\n[submodule"})
    reader = GitReader(f"git+file://{parent}", tmp_path / "copy")
    assert "z.md" in paths(reader)
    assert ".gitmodules does not say" in problems(reader)["lib/"]

"""Repositories on this machine below the folders that may be read: none leads out of them."""

import pytest

from rage_assets.raw.sources.git import GitReader
from resources.errors import SourceUnreadable
from tests.sources.repositories import git, repository


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def outside(tmp_path):
    return repository(tmp_path / "outside", {"secret.md": "secret"})


def scan(location, tmp_path, roots):
    return [file.path for file in GitReader(f"git+file://{location}", tmp_path / "copy", roots=roots).scan()]


def leads_by_file(root, outside):
    (root / "x").mkdir()
    (root / "x" / ".git").write_text(f"gitdir: {outside}/.git\n")


def leads_by_link(root, outside):
    (root / "x").mkdir()
    (root / "x" / ".git").symlink_to(outside / ".git")


def is_a_link(root, outside):
    (root / "x").symlink_to(outside)


def borrows_objects(root, outside):
    git(root, "clone", "--quiet", "--shared", str(outside), "x")


def has_linked_packs(root, outside):
    git(outside, "gc", "--quiet")
    git(root, "clone", "--quiet", "--shared", str(outside), "x")
    (root / "x" / ".git" / "objects" / "info" / "alternates").unlink()
    (root / "x" / ".git" / "objects" / "pack").rmdir()
    (root / "x" / ".git" / "objects" / "pack").symlink_to(outside / ".git" / "objects" / "pack")


WAYS = [leads_by_file, leads_by_link, is_a_link, borrows_objects, has_linked_packs]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_repository_below_a_root_that_leads_out_of_it_is_not_read(root, outside, tmp_path, way):
    way(root, outside)
    with pytest.raises(SourceUnreadable, match="leads out"):
        scan(root / "x", tmp_path, [root])
    assert scan(root / "x", tmp_path, [root, outside]) == ["secret.md"]


def test_without_roots_the_operator_decides(root, outside, tmp_path):
    borrows_objects(root, outside)
    assert scan(root / "x", tmp_path, []) == ["secret.md"]


def test_a_worktree_below_a_root_is_read(root, tmp_path):
    source = repository(root / "x", {"a.md": "a"})
    git(source, "worktree", "add", "--quiet", str(root / "tree"), "-b", "other")
    assert scan(root / "tree", tmp_path, [root]) == ["a.md"]

"""What is particular to git: revisions, submodules, ignored files, and what is not read again."""

import os
import shutil

import pytest

from rage_assets.raw.diff import diff
from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.git_submodules import addresses, resolve
from resources.egress.locations import git_remote
from resources.egress.revisions import split_revision
from resources.errors import InvalidInput, SourceUnreadable
from resources.intake import identify
from tests.sources.repositories import commit, git, repository


def files(reader):
    found = {}
    for file in reader.scan():
        with reader.open(file) as content:
            found[file.path] = content.read().decode()
    return found


def paths(reader):
    return [file.path for file in reader.scan() if not file.problem]


def problems(reader):
    return {file.path: file.problem for file in reader.scan() if file.problem}


@pytest.mark.parametrize(
    ("location", "address", "revision"),
    [
        ("https://host/x.git", "https://host/x.git", ""),
        ("https://host/x.git@v1.2", "https://host/x.git", "v1.2"),
        ("https://host/x.git#branch=feature/a", "https://host/x.git", "branch=feature/a"),
        ("https://host/x.git#tag=v1", "https://host/x.git", "tag=v1"),
        ("git+https://host/x@main", "git+https://host/x", "main"),
        ("git+https://host/@scope/x", "git+https://host/@scope/x", ""),
        ("git@host:a/b.git@v1", "git@host:a/b.git", "v1"),
        ("git@host:a/b", "git@host:a/b", ""),
        ("ssh://git@host/a#main", "ssh://git@host/a", "main"),
    ],
)
def test_a_location_names_a_revision(location, address, revision):
    assert split_revision(location) == (address, revision)
    assert identify(location) == ("git", address + (f"#{revision}" if revision else ""))
    assert git_remote(location) == git_remote(address)


@pytest.mark.parametrize(
    "revision", ["-u", "--upload-pack=x", "a..b", "a:b", "a b", "x.lock", "branch=", "@{1}", "a/", "^x"]
)
def test_what_is_no_revision_is_refused(revision):
    with pytest.raises(InvalidInput):
        identify(f"https://host/x.git#{revision}")


def test_a_folder_may_have_any_name(tmp_path):
    for name in ("notes#1", "a@b", "x.git@v1"):
        (tmp_path / name).mkdir()
        assert identify(str(tmp_path / name)) == ("folder", str(tmp_path / name))


def test_a_branch_a_tag_and_a_commit_are_read_as_named(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "first"})
    git(source, "tag", "-a", "v1", "-m", "v1")
    first = git(source, "rev-parse", "HEAD")
    git(source, "checkout", "-qb", "feature/a")
    commit(source, {"a.md": "feature"})
    git(source, "checkout", "-q", "main")
    commit(source, {"a.md": "last"})
    expected = {
        "": "last", "#main": "last", "#v1": "first", "#tag=v1": "first", "#branch=feature/a": "feature",
        f"#{first}": "first", f"#commit={first}": "first",
    }  # fmt: skip
    for at, (revision, text) in enumerate(expected.items()):
        assert files(GitReader(f"git+file://{source}{revision}", tmp_path / str(at))) == {"a.md": text}


def test_one_copy_follows_a_tag_that_moves(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "first"})
    git(source, "tag", "stable")
    reader = GitReader(f"git+file://{source}#tag=stable", tmp_path / "copy")
    assert files(reader) == {"a.md": "first"}
    commit(source, {"a.md": "second"})
    assert files(reader) == {"a.md": "first"}
    git(source, "tag", "-f", "stable")
    assert files(reader) == {"a.md": "second"}


@pytest.mark.parametrize("revision", ["nope", "branch=nope", "tag=main", "commit=" + "a" * 40])
def test_a_revision_that_is_not_there_is_one_clear_error(tmp_path, revision):
    source = repository(tmp_path / "x", {"a.md": "a"})
    with pytest.raises(SourceUnreadable, match=rf"has no {revision.replace('=', ' ')}\."):
        list(GitReader(f"git+file://{source}#{revision}", tmp_path / "copy").scan())


def test_an_empty_repository_says_so(tmp_path):
    (tmp_path / "x").mkdir()
    git(tmp_path / "x", "init", "-q")
    with pytest.raises(SourceUnreadable, match="is empty"):
        list(GitReader(f"git+file://{tmp_path / 'x'}", tmp_path / "copy").scan())


def test_what_git_ignores_is_no_document(tmp_path):
    source = repository(tmp_path / "x", {".gitignore": "build/\n*.log\n", "a.md": "a", "build/out.md": "b", "x.log": "c"})
    assert paths(GitReader(f"git+file://{source}", tmp_path / "copy")) == [".gitignore", "a.md"]


def test_nothing_unchanged_is_opened_and_a_rename_keeps_the_blob(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "same text", "b.md": "stays"})
    reader = GitReader(f"git+file://{source}", tmp_path / "copy")
    before = {file.path: (file.size, file.mtime_ns) for file in reader.scan()}
    git(source, "mv", "a.md", "z.md")
    commit(source)
    after = {file.path: (file.size, file.mtime_ns) for file in reader.scan()}
    assert after == {"b.md": before["b.md"], "z.md": before["a.md"]}


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
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "parser": "", "state": "live"}
    known = [row | {"path": path} for path in paths(reader)]
    shutil.rmtree(tmp_path / "inner")
    shutil.rmtree(tmp_path / "copy")
    assert list(problems(reader)) == ["lib/"]
    found = diff(reader.scan(), known, lambda _: "", 3)
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


def test_names_that_are_no_text_stand_in_the_order_of_their_paths(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "a", "zz.md": "z"})
    with open(os.fsencode(source) + b"/\xff.md", "w") as file:
        file.write("odd")
    commit(source)
    found = paths(GitReader(f"git+file://{source}", tmp_path / "copy"))
    assert found == sorted(found) == ["\\xff.md", "a.md", "zz.md"]


def test_the_keys_of_gitmodules_are_put_together():
    pairs = [("submodule.a.b.path", "p"), ("submodule.a.b.url", "u"), ("core.x", "1"), ("submodule.c.path", "only")]
    assert addresses(pairs) == {"p": "u"}

"""What is particular to git: revisions, submodules, ignored files, and what is not read again."""

import os
import shutil

import pytest

from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.git_submodules import addresses
from resources.egress.locations import git_remote
from resources.egress.revisions import split_revision
from resources.errors import InvalidInput, SourceUnreadable
from resources.intake import identify
from tests.sources.repositories import commit, files, git, paths, repository


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


def test_a_lock_that_a_killed_git_left_stops_nobody(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "a"})
    reader = GitReader(f"git+file://{source}", tmp_path / "copy")
    assert paths(reader) == ["a.md"]
    commit(source, {"b.md": "b"})
    for name in ("shallow.lock", "refs/rage/tip.lock"):
        (tmp_path / "copy" / name).touch()
    with pytest.raises(SourceUnreadable, match="lock"):
        list(reader.scan())
    for name in ("shallow.lock", "refs/rage/tip.lock"):
        os.utime(tmp_path / "copy" / name, (1, 1))
    assert paths(reader) == ["a.md", "b.md"]


@pytest.mark.parametrize("damage", ["objects", "config", "tree"])
def test_a_damaged_copy_is_made_anew(tmp_path, damage):
    source = repository(tmp_path / "x", {"sub/a.md": "a"})
    commit_id = git(source, "rev-parse", "HEAD")
    reader = GitReader(f"git+file://{source}#commit={commit_id}", tmp_path / "copy")
    before = files(reader)
    objects = tmp_path / "copy" / "objects"
    if damage == "objects":
        shutil.rmtree(objects)
    elif damage == "config":
        (tmp_path / "copy" / "config").write_text("[core\n")
    else:
        for file in objects.rglob("*"):
            if file.is_file():
                file.chmod(0o600)
                file.write_bytes(b"\0" * file.stat().st_size)
    assert files(reader) == before


def test_a_repository_that_is_gone_leaves_the_copy_as_it_is(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "a"})
    reader = GitReader(f"git+file://{source}", tmp_path / "copy")
    before = files(reader)
    source.rename(tmp_path / "away")
    with pytest.raises(SourceUnreadable):
        list(reader.scan())
    assert (tmp_path / "copy" / "objects").is_dir()
    (tmp_path / "away").rename(source)
    assert files(reader) == before


def test_a_branch_that_was_forced_elsewhere_is_followed_and_one_that_was_deleted_removes_nothing(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "a"})
    git(source, "branch", "work")
    git(source, "checkout", "-q", "work")
    commit(source, {"b.md": "b"})
    reader = GitReader(f"git+file://{source}#work", tmp_path / "copy")
    assert paths(reader) == ["a.md", "b.md"]
    git(source, "reset", "-q", "--hard", "main")
    commit(source, {"c.md": "c"})
    assert paths(reader) == ["a.md", "c.md"]
    git(source, "checkout", "-q", "main")
    git(source, "branch", "-qD", "work")
    with pytest.raises(SourceUnreadable, match="has no work"):
        list(reader.scan())


def test_a_file_that_is_kept_elsewhere_by_lfs_is_not_read_as_its_pointer(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32\nsize 12345\n"
    source = repository(tmp_path / "x", {"big.md": pointer, "small.md": "version https://git-lfs is a line of text"})
    reader = GitReader(f"git+file://{source}", tmp_path / "copy")
    big, small = reader.scan()
    with pytest.raises(OSError, match="Git LFS"):
        reader.open(big)
    with reader.open(small) as content:
        assert content.read().startswith(b"version")


def test_what_a_repository_is_configured_to_run_is_not_run(tmp_path):
    source = repository(tmp_path / "x", {"a.md": "a"})
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\nexit 1\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "core.gitProxy", "uploadpack.packObjectsHook", "core.pager",
                "core.alternateRefsCommand", "diff.external", "credential.helper", "core.askPass"):  # fmt: skip
        git(source, "config", key, str(program))
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        (source / ".git" / "hooks" / hook).symlink_to(program)
    marker.unlink(missing_ok=True)
    assert files(GitReader(f"git+file://{source}", tmp_path / "copy")) == {"a.md": "a"}
    assert not marker.exists()


def test_a_repository_that_lacks_objects_fetches_them_by_no_program_of_its_own(tmp_path):
    """A partial clone names where the rest lies, and with what program to fetch it."""
    source = repository(tmp_path / "x", {"a.md": "a", "b.md": "b"})
    marker = tmp_path / "ran"
    git(source, "config", "core.repositoryformatversion", "1")
    git(source, "config", "extensions.partialClone", "evil")
    git(source, "config", "remote.evil.url", f"file://{source}")
    git(source, "config", "remote.evil.promisor", "true")
    git(source, "config", "remote.evil.uploadpack", f"touch {marker}; git-upload-pack")
    blob = git(source, "rev-parse", "HEAD:a.md")
    (source / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceUnreadable):
        list(GitReader(f"git+file://{source}", tmp_path / "copy").scan())
    assert not marker.exists()


def test_names_with_line_breaks_are_names_and_links_are_left_out(tmp_path):
    source = repository(tmp_path / "x", {"a\nb.md": "a", "c\t.md": "c"})
    (source / "out.md").symlink_to("/etc/passwd")
    commit(source)
    assert files(GitReader(f"git+file://{source}", tmp_path / "copy")) == {"a\nb.md": "a", "c\t.md": "c"}

"""What a source may name, and what becomes of the rest."""

import socket
import subprocess
from pathlib import Path

import pytest

from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.git_command import GitCommand
from rage_assets.raw.sources.object_store import open_url
from rage_assets.raw.sources.web import WebReader
from resources.egress.locations import PROTOCOLS, Remote, check_remote, git_remote, pinned, store_remote
from resources.errors import Forbidden, InvalidInput, SourceUnreadable
from resources.intake import identify
from resources.settings import Settings

NO_STORES = [
    "file:///etc", "local:///etc", "FILE:///etc", "memory://x", "dir://x", "reference://x", "zip://a::file:///etc",
    "tar://x", "simplecache::s3://b/x", "blockcache::file:///etc", "filecache::https://h/x", "cached://x", "jupyter://h/x",
    "jlab://h/x", "github://o:r@main/x", "git://x::file:///etc", "s3://b/x::file:///etc", "data://x", "libarchive://x",
    "http://h/x", "dask://x", "generic://x", "asynclocal:///etc", "gist://1", "hf://x/y", "webdav://h/x", "root://h/x",
    "s3://user@bucket/x", "sftp://", "sftp:///etc", "sftp://-oProxyCommand=x/y", "sftp://a b/c", "ftp://h\\@127.0.0.1/x",
    "ftp://h:99999999/x", "ftp://127.0.0.1#@example.org/", "smb:///share", "hdfs:///", "s3://", "s3:///x", "://x", "",
]  # fmt: skip
NO_GIT = [
    "ext::sh -c id", "git+ext::sh -c id", "git+fd::7", "git::ext::x", "--upload-pack=id", "git+--upload-pack=id",
    "-u./x", "ssh://-oProxyCommand=id/x", "ssh://git@-oProxyCommand=id/x", "git@-oProxyCommand=id:x", "git@host:-x",
    "ssh://host", "git@host", "git+ssh://host:99999999/x", "https://user@host/x.git", "https://ghp_token@host/x.git",
    "git+ftp://h/x", "git+https://h\\@127.0.0.1/x", "git+https://h#@127.0.0.1/x", "git+https://127.0.0.1%2f@h/x",
    "git+https:///x", "git+rsync://h/x", "git+", "git+x", "git@h::x", "git+https://h/x\n--upload-pack=id", "git@[::1:x",
]  # fmt: skip


@pytest.mark.parametrize("location", NO_STORES)
def test_only_stores_of_the_list_may_be_named(location):
    with pytest.raises(InvalidInput) as error:
        store_remote(location)
    if "no store" in str(error.value):
        assert all(f"{protocol}://" in str(error.value) for protocol in PROTOCOLS)


@pytest.mark.parametrize("location", [location for location in NO_STORES if location])
def test_nothing_else_is_opened_either(location):
    with pytest.raises(SourceUnreadable):
        open_url(location)


@pytest.mark.parametrize("location", NO_GIT)
def test_what_git_could_take_for_an_option_or_a_program_is_refused(location, tmp_path):
    with pytest.raises(InvalidInput):
        git_remote(location)
    with pytest.raises((InvalidInput, Forbidden)):
        identify(location, roots=[tmp_path])


@pytest.mark.parametrize(
    ("location", "remote"),
    [
        ("git@github.com:a/b.git", Remote("ssh", "github.com", 22)),
        ("ssh://git@host:2222/a", Remote("ssh", "host", 2222)),
        ("git+https://host/a", Remote("https", "host", 443)),
        ("http://host:8080/a.git", Remote("http", "host", 8080)),
        ("git://[2606:4700::1]/a", Remote("git", "2606:4700::1", 9418)),
    ],
)
def test_the_server_of_a_repository_is_found(location, remote):
    assert git_remote(location) == remote
    assert identify(location) == ("git", location)


@pytest.mark.parametrize(
    ("location", "remote"),
    [
        ("s3://bucket/a b/c", None),
        ("az://container/x", None),
        ("abfss://container@account.dfs.core.windows.net/x", Remote("abfss", "account.dfs.core.windows.net", 443)),
        ("sftp://user@host:2222/x", Remote("sftp", "host", 2222)),
        ("ftp://host/x", Remote("ftp", "host", 21)),
    ],
)
def test_the_server_of_a_store_is_found(location, remote):
    assert store_remote(location) == remote
    assert identify(location) == ("object_store", location)


@pytest.mark.parametrize(
    ("kind", "location"),
    [
        ("git", "https://127.0.0.1/a.git"),
        ("git", "git@localhost:a/b"),
        ("git", "ssh://git@169.254.169.254/a"),
        ("git", "git+http://2130706433/a"),
        ("git", "git://[::ffff:10.0.0.1]/a"),
        ("web", "http://169.254.169.254/latest/"),
        ("web", "https://[::1]:8443/docs"),
        ("object_store", "sftp://192.168.0.1/x"),
        ("object_store", "ftp://localhost/x"),
        ("object_store", "abfs://c@metadata.google.internal/x"),
        ("object_store", "smb://8.8.8.8/x"),
        ("object_store", "webhdfs://8.8.8.8/x"),
    ],
)
def test_a_private_server_is_refused_when_added_and_when_read(kind, location, tmp_path):
    with pytest.raises(InvalidInput):
        check_remote(kind, location, [])
    readers = {
        "git": lambda: GitReader(location, tmp_path / "copy"),
        "web": lambda: WebReader(location, tmp_path / "memory", Settings(home=tmp_path)),
        "object_store": lambda: open_url(location),
    }
    with pytest.raises(SourceUnreadable, match="RAGE_ALLOWED_HOSTS"):
        list(readers[kind]().scan())


def test_a_server_that_sends_its_clients_on_must_be_named():
    assert check_remote("object_store", "webhdfs://127.0.0.1/x", ["127.0.0.1"]) == ["127.0.0.1"]


def test_a_store_is_opened_at_the_address_that_was_checked():
    assert pinned("sftp://me@files.example:2222/x", ["8.8.8.8"]) == "sftp://me@8.8.8.8:2222/x"
    assert pinned("ftp://ftp/ftp", ["2606:4700::1"]) == "ftp://[2606:4700::1]/ftp"
    assert pinned("s3://bucket/x", []) == "s3://bucket/x"


def test_a_driver_takes_the_pinned_address(monkeypatch):
    connected = []
    monkeypatch.setattr(
        socket, "create_connection", lambda address, *_, **__: connected.append(address) or (_ for _ in ()).throw(OSError)
    )
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(None, None, None, "", ("8.8.8.8", 21))])
    with pytest.raises(SourceUnreadable):
        open_url("ftp://files.example/x")
    assert connected == [("8.8.8.8", 21)]


# Folders: whose they are.


def test_a_folder_within_the_roots_is_allowed(tmp_path):
    (tmp_path / "in").mkdir()
    assert identify(str(tmp_path / "in"), roots=[tmp_path]) == ("folder", str(tmp_path / "in"))
    assert identify(str(tmp_path), roots=[tmp_path]) == ("folder", str(tmp_path))


@pytest.mark.parametrize("prefix", ["", "file://", "git+file://", "git+"])
def test_what_lies_outside_the_roots_is_refused_alike_whether_it_exists(tmp_path, prefix):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "rooted").mkdir()
    (root / "link").symlink_to("/etc")
    (root / "nowhere").symlink_to("/none/such")
    messages = set()
    for path in ("/etc", "/none/such", "/etc/passwd", f"{tmp_path}/rooted", f"{root}/link", f"{root}/link/none",
                 f"{root}/nowhere", f"{root}/../rooted", f"{root}/../root"):  # fmt: skip
        with pytest.raises(Forbidden) as error:
            identify(f"{prefix}{path}", roots=[root])
        messages.add(str(error.value))
    assert len(messages) == 1
    assert "RAGE_SOURCE_ROOTS" in messages.pop()


@pytest.mark.parametrize(
    "location", ["~root", "~nosuchuser/x", "relative", ".", "~", "file://~root", "file:/etc", "file://localhost/etc"]
)
def test_without_a_base_only_absolute_folders_are_folders(location):
    with pytest.raises(InvalidInput):
        identify(location, roots=[Path("/")])


def test_nobody_names_the_folder_with_the_keys(tmp_path):
    home = tmp_path / "above" / "home"
    (home / "keys").mkdir(parents=True)
    (tmp_path / "link").symlink_to(home)
    for path in (home, home / "keys", home / "none", tmp_path / "link" / "keys"):
        for prefix in ("", "git+"):
            with pytest.raises(Forbidden):
                identify(f"{prefix}{path}", forbidden=home)
    (tmp_path / "beside").mkdir()
    assert identify(str(tmp_path / "beside"), forbidden=home)[0] == "folder"


# Git itself.


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(tmp_path, "init", "-q", str(folder))
    (folder / "a.md").write_text("a")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return folder


def test_a_local_repository_is_read_where_its_folder_may_be_named(repository, tmp_path):
    kind, location = identify(f"git+file://{repository}", roots=[tmp_path])
    assert (kind, location) == ("git", f"git+file://{repository}")
    assert [file.path for file in GitReader(location, tmp_path / "copy").scan()] == ["a.md"]


def test_a_location_on_the_network_never_reads_this_machine(repository, tmp_path):
    (tmp_path / "copy").mkdir()
    command = GitCommand(tmp_path / "copy", Remote("https", "example.org", 443), ["8.8.8.8"])
    command.run("init", "--quiet", "--bare").close()
    with pytest.raises(OSError, match="not allowed"):
        command.run("fetch", "--", f"file://{repository}", "+HEAD:refs/heads/rage")


def test_the_configuration_and_the_environment_start_no_program(repository, tmp_path, monkeypatch):
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f"[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n\tsshCommand = {program}\n"
        f'[credential]\n\thelper = "!{program}"\n'
        f'[url "ext::{program}"]\n\tinsteadOf = file://\n[uploadpack]\n\tpackObjectsHook = {program}\n'
    )
    (tmp_path / "post-fetch").symlink_to(program)
    (tmp_path / "reference-transaction").symlink_to(program)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, str(program))
    monkeypatch.setenv("RAGE_AUDIT_KEY", "secret")
    reader = GitReader(f"file://{repository}", tmp_path / "copy")
    (file,) = reader.scan()
    assert reader.open(file).read() == b"a"
    assert not marker.exists()
    assert "RAGE_AUDIT_KEY" not in reader._local._environment


def test_git_connects_to_the_checked_address_and_follows_no_redirect(tmp_path, monkeypatch):
    from tests.egress.test_client import serving

    with serving() as outer, serving() as inner:
        real = socket.getaddrinfo

        def answer(host, *rest, **given):
            return real("127.0.0.1" if host == "code.example" else host, *rest, **given)

        monkeypatch.setattr(socket, "getaddrinfo", answer)  # git itself cannot resolve the name
        path = "/x.git/info/refs?service=git-upload-pack"
        outer.answers[path] = (302, {"Location": inner.url(path)}, b"")
        reader = GitReader(outer.url("/x.git", "code.example"), tmp_path / "copy", [f"code.example:{outer.port}"])
        with pytest.raises(SourceUnreadable):
            list(reader.scan())
        assert outer.hits == [(path, f"code.example:{outer.port}")]
        assert inner.hits == []


def test_ssh_connects_to_the_checked_address_and_checks_the_hosts_key(tmp_path):
    command = GitCommand(tmp_path, Remote("ssh", "code.example", 2222), ["8.8.8.8"])._environment["GIT_SSH_COMMAND"]
    for option in ("HostName=8.8.8.8", "HostKeyAlias=[code.example]:2222", "ProxyCommand=none", "BatchMode=yes"):
        assert f"'-o{option}'" in command


def test_a_repository_that_is_too_large_or_too_slow_is_given_up(repository, tmp_path, monkeypatch):
    import rage_assets.raw.sources.git_command as module

    monkeypatch.setattr(module, "_MOST_COPY", 10)
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.0001)
    with pytest.raises(SourceUnreadable, match="too large"):
        list(GitReader(f"file://{repository}", tmp_path / "copy").scan())

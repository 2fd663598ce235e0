"""Every kind of source through the whole pipeline: a change, a rename, a removal, and nothing done twice."""

import shutil

import pytest

from rage_assets.raw.scan import scan_space
from rage_assets.raw.sources.git import GitReader
from rage_assets.raw.sources.object_store import ObjectStoreReader
from rage_assets.raw.sources.web import WebReader, fetcher
from rage_assets.work import Work
from resources.access import LOCAL_ADMIN
from resources.intake import add_source, change_selection
from resources.postgres import sources
from resources.postgres.removal import request_source_removal
from tests.pipeline.reports import counts
from tests.sources.buckets import s3_server
from tests.sources.repositories import commit, git, repository
from tests.sources.web.server import page, serving

pytestmark = pytest.mark.real


class Written:
    """A source that a test writes to, whatever its kind."""

    def __init__(self, location, put, move, remove, publish=lambda: None, **settings):
        self.location, self.put, self.move, self.remove, self.publish = location, put, move, remove, publish
        self.settings = {"web_delay_s": 0} | settings


def text(name):
    return f"# {name}\n\nSomething about {name} that nobody else says.\n"


@pytest.fixture
def folder(tmp_path):
    base = tmp_path / "files"

    def put(name, content):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(content)

    return Written(str(base), put, lambda a, b: (base / a).rename(base / b), lambda name: (base / name).unlink())


@pytest.fixture
def repo(tmp_path):
    base = repository(tmp_path / "repo", {})

    def put(name, content):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(content)

    location = f"git+file://{base}"
    return Written(
        location, put, lambda a, b: git(base, "mv", a, b), lambda n: git(base, "rm", "-q", n), lambda: commit(base)
    )


@pytest.fixture
def bucket():
    with s3_server() as client:
        client.create_bucket(Bucket="bucket")

        def put(name, content):
            client.put_object(Bucket="bucket", Key=f"docs/{name}", Body=content.encode())

        def remove(name):
            client.delete_object(Bucket="bucket", Key=f"docs/{name}")

        def move(name, other):
            client.copy_object(Bucket="bucket", Key=f"docs/{other}", CopySource=f"bucket/docs/{name}")
            remove(name)

        yield Written("s3://bucket/docs", put, move, remove)


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setattr(fetcher, "_FIRST_WAIT_S", 0.01)
    with serving() as server:

        def link():
            server.answers["/docs/"] = (200, {"Content-Type": "text/html"}, page("Docs", *server.pages).encode())

        def put(name, content):
            server.pages[f"/docs/{name}"] = content
            server.types[f"/docs/{name}"] = "text/markdown"

        def move(name, other):
            put(other, server.pages.pop(f"/docs/{name}"))

        written = Written(
            server.url("/docs/"), put, move, lambda name: server.pages.pop(f"/docs/{name}"), link,
            allowed_hosts=[f"127.0.0.1:{server.port}"],
        )  # fmt: skip
        written.server = server
        yield written


@pytest.fixture(params=["folder", "repo", "bucket", "web"])
def source(request):
    return request.getfixturevalue(request.param)


def add(home, source, space="demo", **given):
    space_id = home.space(space)
    platform = home.platform(**source.settings)
    try:
        with platform.enter(LOCAL_ADMIN, space) as (connection, row):
            hosts = platform.settings.allowed_hosts
            return space_id, add_source(connection, row["id"], source.location, allowed_hosts=hosts, **given)
    finally:
        platform.close()


def paths(home, space):
    return [row["path"] for row in home.rows("SELECT path FROM documents ORDER BY path", space=space)]


def test_a_change_a_rename_and_a_removal_are_seen_and_nothing_unchanged_is_opened(home, source, monkeypatch):
    for name in ("a.md", "b.md", "c.md", "d.md"):
        source.put(name, text(name))
    source.publish()
    pages = ["index.html"] if source.location.startswith("http") else []  # the page that leads to the others
    space, _ = add(home, source)
    assert counts(home.ingest(**source.settings)) == {"new": 4 + len(pages)}

    source.put("a.md", text("another thing"))
    source.move("b.md", "moved.md")
    source.remove("c.md")
    source.publish()
    report = home.ingest(**source.settings)
    assert counts(report) == {"new": 1, "changed": 1 + len(pages), "removed": 2, "renamed": 1, "unchanged": 1}
    assert report.state == "succeeded"
    assert paths(home, space) == ["a.md", "d.md", *pages, "moved.md"]

    def refuse(*_):
        raise AssertionError("nothing unchanged is opened")

    for reader in (GitReader, ObjectStoreReader, WebReader):
        monkeypatch.setattr(reader, "open", refuse)
    assert counts(home.ingest(**source.settings)) == {"unchanged": 3 + len(pages)}


def test_a_part_of_a_source_is_taken_and_what_is_excluded_later_goes(home, source):
    for name in ("a.md", "drafts/b.md", "notes.txt", "deep/c.md"):
        source.put(name, text(name))
    source.publish()
    space, added = add(home, source, include=["*.md"], exclude=["drafts/**"])
    home.ingest(**source.settings)
    assert paths(home, space) == ["a.md", "deep/c.md"]
    platform = home.platform()
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, row):
        change_selection(connection, added, None, ["deep/"])
        (shown,) = sources.listing(connection, row["id"])
    platform.close()
    assert (shown.include, shown.exclude) == (["*.md"], ["deep/"])
    assert counts(home.ingest(**source.settings)) == {"new": 1, "removed": 1, "unchanged": 1}
    assert paths(home, space) == ["a.md", "drafts/b.md"]


def test_a_run_that_nobody_asked_for_lets_a_source_rest_until_its_interval_is_over(home, folder, repo):
    for each in (folder, repo):
        each.put("a.md", text("one"))
        each.publish()
    space, _ = add(home, folder)
    platform = home.platform()
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, row):
        slow = add_source(connection, row["id"], repo.location, every="1h")
    platform.close()
    assert counts(home.ingest()) == {"new": 2}
    for each in (folder, repo):
        each.put("b.md", text("two"))
        each.publish()

    worker = home.platform("worker")
    work = Work(worker, space, "demo", [0], 1, "none", due_only=True)
    try:
        assert +scan_space(work).counts == {"new": 1, "unchanged": 1}
        with work.transaction() as connection:
            connection.execute("UPDATE sources SET last_scan_at = now() - interval '2 hours' WHERE id = %s", (slow.id,))
        assert scan_space(work).counts["new"] == 2
    finally:
        worker.close()


def test_a_moved_file_is_not_embedded_again(home, repo):
    repo.put("a.md", text("a"))
    repo.publish()
    add(home, repo)
    assert home.ingest().embedded == 1
    repo.move("a.md", "b.md")
    repo.publish()
    report = home.ingest()
    assert (counts(report), report.embedded) == ({"new": 1, "removed": 1, "renamed": 1}, 0)


def test_a_submodule_that_cannot_be_reached_is_among_the_errors_and_stays(home, repo, tmp_path):
    inner = repository(tmp_path / "inner", {"i.md": text("inner"), ".rage-access.yaml": "rules: []\n"})
    git(tmp_path / "repo", "submodule", "add", "-q", "../inner", "lib")
    repo.put("a.md", text("a"))
    repo.publish()
    space, added = add(home, repo, include=["*.md"])
    home.ingest()
    assert paths(home, space) == ["a.md", "lib/i.md"]
    rules = home.rows("SELECT path FROM access_files", space=space)
    shutil.rmtree(inner)
    shutil.rmtree(home.path / "git" / str(added.id))
    report = home.ingest()
    assert (report.state, counts(report)) == ("partly", {"unchanged": 2})
    assert [error["path"] for error in report.errors] == ["lib/"]
    assert home.rows("SELECT path FROM access_files", space=space) == rules == [{"path": "lib/.rage-access.yaml"}]


def test_a_page_that_fails_stays_and_is_among_the_errors(home, web):
    web.put("a.md", text("a"))
    web.put("b.md", text("b"))
    web.publish()
    space, _ = add(home, web)
    home.ingest(**web.settings)
    web.server.answers["/docs/a.md"] = (500, {}, b"")
    report = home.ingest(**web.settings)
    assert (report.state, counts(report)) == ("partly", {"unchanged": 3})
    assert [error["path"] for error in report.errors] == ["a.md"]
    assert paths(home, space) == ["a.md", "b.md", "index.html"]


def test_a_source_that_is_removed_leaves_nothing_on_the_disk(home, repo, web):
    for source in (repo, web):
        source.put("a.md", text("a"))
        source.publish()
    space_id, first = add(home, repo)
    platform = home.platform(**web.settings)
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, row):
        second = add_source(connection, row["id"], web.location, allowed_hosts=platform.settings.allowed_hosts)
    home.ingest(**web.settings)
    kept = [home.path / "git" / str(first.id), home.path / "web" / f"{second.id}.sqlite"]
    assert all(path.exists() for path in kept)
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, row):
        for source in (first, second):
            request_source_removal(connection, row["id"], source.name)
    platform.close()
    home.ingest(**web.settings)
    assert paths(home, space_id) == [] and not any(path.exists() for path in kept)

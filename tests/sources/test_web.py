"""Crawls of real sites on this machine."""

import gzip
import os
import time

import pytest

from rage_assets.raw.diff import diff
from rage_assets.raw.sources.web import WebReader, fetcher
from resources.errors import SourceUnreadable
from resources.selection import Selection
from resources.settings import Settings
from tests.sources.web_server import page, serving


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(fetcher, "_FIRST_WAIT_S", 0.01)


@pytest.fixture
def server():
    with serving() as told:
        yield told


@pytest.fixture
def reader(server, tmp_path):
    def _reader(path="/", *, exclude=(), allowed=True, **given):
        is_first = given.pop("is_first", not (tmp_path / "web" / "x.sqlite").exists())
        hosts = [f"127.0.0.1:{server.port}"] if allowed else []
        settings = Settings(**{"home": tmp_path, "allowed_hosts": hosts, "web_delay_s": 0} | given)
        excludes = Selection(exclude=exclude).excludes
        return WebReader(server.url(path), tmp_path / "web" / "x.sqlite", settings, excludes, is_first=is_first)

    return _reader


def listed(reader):
    return {file.path: (file.size, file.mtime_ns) for file in reader.scan() if not file.problem}


def paths(reader):
    return list(listed(reader))


def problems(reader):
    return {file.path: file.problem for file in reader.scan() if file.problem}


def site(server, count=3):
    server.pages = {"/": page("Home", "/a", "/docs/b.html", "sub/")}
    server.pages |= {"/a": page("A"), "/docs/b.html": page("B", "../a"), "/sub/": page("Sub", "c?x=1&y=a%20b")}
    server.pages["/sub/c?x=1&y=a%20b"] = page("C")


def test_a_site_is_read_along_its_links_under_readable_names(server, reader):
    site(server)
    assert paths(reader()) == ["a.html", "docs/b.html", "index.html", "sub/c?x=1&y=a b.html", "sub/index.html"]
    assert all(agent.startswith("rage/") for agent in server.agents) and server.busy == 1


def test_the_order_is_that_of_the_names_and_every_page_is_opened(server, reader):
    site(server)
    server.pages["/"] += "".join(f'<a href="/{name}">x</a>' for name in ("é.html", "z", "a-b", "%C3%BC/x"))
    server.pages |= {"/%C3%A9.html": page("é"), "/z": page("Z"), "/a-b": page("A-B"), "/%C3%BC/x": page("Ü")}
    made = reader()
    found = {}
    for file in made.scan():
        with made.open(file) as content:
            found[file.path] = content.read().decode()
    assert list(found) == sorted(found, key=lambda path: path.encode())
    assert "<h1>é</h1>" in found["é.html"] and "<h1>Ü</h1>" in found["ü/x.html"] and len(found) == 9


def test_only_what_lies_at_and_below_the_location_is_read(server, reader):
    site(server)
    server.pages["/docs"] = page("Docs", "/docs/b.html", "/docs-old/x", "/a")
    server.pages["/docs-old/x"] = page("Old")
    assert paths(reader("/docs")) == ["b.html", "index.html"]
    assert "/a" not in server.asked


def test_a_page_as_location_stands_for_its_folder(server, reader):
    server.pages = {"/docs/index.html": page("Docs", "b.html", "/x"), "/docs/b.html": page("B"), "/x": page("X")}
    assert paths(reader("/docs/index.html")) == ["b.html", "index.html"]


def test_an_unchanged_page_costs_a_304_and_the_same_token(server, reader):
    site(server)
    first = listed(reader())
    server.forget()
    assert listed(reader()) == first
    asked = [(path, status) for path, status in zip(server.asked, server.statuses, strict=True) if status != 404]
    assert [status for _, status in asked] == [304] * 5


def test_without_etags_an_unchanged_page_costs_a_hash(server, reader):
    site(server)
    server.etags = False
    first = listed(reader())
    assert listed(reader()) == first


def test_a_lost_memory_costs_nothing_but_speed(server, reader, tmp_path):
    site(server)
    first = listed(reader())
    (tmp_path / "web" / "x.sqlite").write_bytes(b"not a database, but what a broken disk left of one" * 9)
    assert listed(reader(is_first=False)) == first


def test_a_change_a_new_page_and_a_removed_one_show(server, reader):
    site(server)
    before = listed(reader())
    server.pages["/docs/b.html"] = page("B, changed", "/new")
    server.pages["/new"] = page("New")
    del server.pages["/a"]
    after = listed(reader())
    assert set(after) - set(before) == {"new.html"} and set(before) - set(after) == {"a.html"}
    assert {path for path in after if path in before and after[path] != before[path]} == {"docs/b.html"}


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_a_page_that_fails_stays_with_all_that_it_leads_to(server, reader, status):
    site(server)
    before = listed(reader())
    server.answers["/sub/"] = (status, {}, b"")
    made = reader()
    found = list(made.scan())
    assert {file.path for file in found} == set(before)
    assert {file.path: file.problem for file in found if file.problem}.keys() == {"sub/index.html"}
    assert str(status) in next(file.problem for file in found if file.problem)


def test_a_page_that_fails_after_the_memory_was_lost_removes_nothing_at_all(server, reader, tmp_path):
    site(server)
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "parser": "", "state": "live"}
    known = [row | {"path": path} for path in listed(reader())]
    for _ in range(2):
        (tmp_path / "web" / "x.sqlite").unlink(missing_ok=True)
        server.answers["/sub/"] = (500, {}, b"")
        kinds = {d.kind for d in diff(reader(is_first=False).scan(), known, lambda _: "", 3)}
        assert "removed" not in kinds and "unreadable" in kinds
    assert "removed" not in {d.kind for d in diff(reader().scan(), known, lambda _: "", 3)}
    del server.answers["/sub/"]
    assert len(listed(reader())) == 5


def test_a_page_that_nothing_leads_to_any_more_goes_when_its_address_says_so(server, reader):
    site(server)
    listed(reader())
    server.pages["/"] = page("Home", "/docs/b.html", "sub/")
    server.pages["/docs/b.html"] = page("B")
    assert "a.html" in listed(reader())
    del server.pages["/a"]
    assert "a.html" not in listed(reader())


def test_a_link_to_a_page_that_was_never_there_is_no_problem(server, reader):
    server.pages = {"/": page("Home", "/none", "/secret")}
    server.answers["/secret"] = (401, {}, b"")
    assert [(file.path, file.problem) for file in reader().scan()] == [("index.html", "")]


def test_a_server_that_stumbles_is_asked_again(server, reader):
    site(server)
    times = []

    def stumble():
        times.append(1)
        return (
            (503, {"Retry-After": "0"}, b"") if len(times) < 3 else (200, {"Content-Type": "text/html"}, page("A").encode())
        )

    server.answers["/a"] = stumble
    assert "a.html" in listed(reader()) and len(times) == 3


def test_a_server_that_asks_to_wait_is_waited_for_and_one_that_asks_for_hours_is_left_alone(server, reader):
    site(server)
    listed(reader())
    answers = [(429, {"Retry-After": "1"}, b""), (200, {"Content-Type": "text/html"}, page("A").encode())]
    server.answers["/a"] = lambda: answers.pop(0)
    began = time.monotonic()
    assert "a.html" in listed(reader())
    assert time.monotonic() - began >= 1
    server.answers["/a"] = (503, {"Retry-After": "86400"}, b"")
    server.forget()
    found = list(reader().scan())
    assert len(found) == 5 and server.asked.count("/a") == 1
    assert any("not asked" in file.problem for file in found)


def test_what_robots_txt_forbids_is_not_asked_for(server, reader):
    site(server)
    server.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /\n\nUser-agent: rage\nDisallow: /sub/\n")
    assert paths(reader()) == ["a.html", "docs/b.html", "index.html"]
    assert not any(path.startswith("/sub") for path in server.asked)


def test_the_pause_that_robots_txt_asks_for_is_kept(server, reader):
    server.pages = {"/": page("Home", "/a"), "/a": page("A")}
    server.answers["/robots.txt"] = (200, {}, b"User-agent: *\nCrawl-delay: 0.3\n")
    began = time.monotonic()
    assert len(paths(reader())) == 2
    assert time.monotonic() - began >= 0.6


def test_a_site_that_forbids_everything_or_cannot_say_is_unreadable(server, reader):
    site(server)
    server.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /\n")
    with pytest.raises(SourceUnreadable, match="asks not to read"):
        list(reader().scan())
    server.answers["/robots.txt"] = (500, {}, b"")
    with pytest.raises(SourceUnreadable, match="nothing may be asked for"):
        list(reader().scan())


def sitemap(*urls, kind="url"):
    entries = "".join(f"<{kind}><loc>{url}</loc><lastmod>2024-01-01</lastmod></{kind}>" for url in urls)
    name = "urlset" if kind == "url" else "sitemapindex"
    return f'<?xml version="1.0"?><{name} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{name}>'.encode()


def test_sitemaps_of_every_kind_lead_to_pages_without_links(server, reader):
    server.pages = {"/": page("Home")} | {f"/p{n}": page(f"P{n}") for n in range(5)}
    server.answers["/robots.txt"] = (200, {}, f"Sitemap: {server.url('/index.xml')}\nSitemap: /list.txt\n".encode())
    server.answers["/index.xml"] = (200, {}, sitemap(server.url("/one.xml"), server.url("/two.xml.gz"), kind="sitemap"))
    server.answers["/one.xml"] = (200, {}, sitemap(server.url("/p0"), "http://elsewhere.example/p9"))
    server.answers["/two.xml.gz"] = (200, {}, gzip.compress(sitemap(server.url("/p1"), server.url("/p2"))))
    server.answers["/list.txt"] = (200, {}, f"{server.url('/p3')}\n".encode())
    server.answers["/sitemap.xml"] = (200, {}, sitemap(server.url("/p4")))
    assert paths(reader()) == ["index.html", *(f"p{n}.html" for n in range(5))]


def test_a_sitemap_that_names_itself_or_is_broken_or_hostile_ends(server, reader):
    server.pages = {"/": page("Home"), "/p": page("P")}
    server.answers["/robots.txt"] = (200, {}, b"Sitemap: /loop.xml\nSitemap: /bomb.xml\nSitemap: /bad.gz\n")
    server.answers["/loop.xml"] = (200, {}, sitemap(server.url("/loop.xml"), kind="sitemap"))
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    server.answers["/bomb.xml"] = (200, {}, entity + b"<urlset><url><loc>&a;</loc></url><url><loc>/p</loc></url></urlset")
    server.answers["/bad.gz"] = (200, {}, b"\x1f\x8bnothing")
    assert paths(reader()) == ["index.html", "p.html"]


def test_copies_give_way_to_the_address_that_they_call_theirs(server, reader):
    canonical = '<link rel="canonical" href="/real">'
    server.pages = {
        "/": page("Home", "/copy", "/real?utm_source=x", "/real?print=1", "/lost", "/x", "/y"),
        "/copy": page("Real", head=canonical),
        "/real": page("Real", head=canonical),
        "/real?print=1": page("Real", head=canonical),
        "/lost": page("Lost", head='<link rel="canonical" href="/none">'),
        "/x": page("X", head='<link rel="canonical" href="/y">'),
        "/y": page("Y", head='<link rel="canonical" href="/x">'),
    }
    expected = ["index.html", "lost.html", "real.html", "x.html"]
    for _ in range(2):  # and when everything is remembered
        assert paths(reader()) == expected
    assert "/real?utm_source=x" not in server.asked


def test_a_canonical_address_of_another_host_is_nobodys_business(server, reader):
    server.pages = {"/": page("Home", head='<link rel="canonical" href="https://elsewhere.example/">')}
    assert paths(reader()) == ["index.html"]


def test_redirects_are_followed_within_the_site_only(server, reader):
    with serving() as other:
        other.pages["/"] = page("Other")
        server.pages = {"/": page("Home", "/old", "/out", "/loop", "/file"), "/new/": page("New")}
        server.answers["/old"] = (301, {"Location": "/new/"}, b"")
        server.answers["/out"] = (302, {"Location": other.url()}, b"")
        server.answers["/file"] = (302, {"Location": "file:///etc/passwd"}, b"")
        server.answers["/loop"] = (302, {"Location": "/loop2"}, b"")
        server.answers["/loop2"] = (302, {"Location": "/loop"}, b"")
        assert paths(reader()) == ["index.html", "new/index.html"]
        assert other.asked == []


def test_a_start_that_leads_to_another_site_says_where(server, reader):
    server.answers["/"] = (301, {"Location": "https://www.example.org/"}, b"")
    with pytest.raises(SourceUnreadable, match=r"leads to https://www\.example\.org/"):
        list(reader().scan())


def test_a_private_address_is_refused_unless_it_is_allowed(server, reader):
    site(server)
    with pytest.raises(SourceUnreadable, match="RAGE_ALLOWED_HOSTS"):
        list(reader(allowed=False).scan())
    assert server.asked == []


def test_a_start_that_is_not_there_is_an_error_and_no_empty_site(server, reader):
    with pytest.raises(SourceUnreadable, match="nothing at"):
        list(reader("/none").scan())


@pytest.mark.parametrize("step", ["x/", "?n={n}", "day/{n}/"])
def test_endless_links_end(server, reader, step):
    count = [0]

    def endless():
        count[0] += 1
        return 200, {"Content-Type": "text/html"}, page(str(count[0]), step.format(n=count[0])).encode()

    class Everything(dict):
        def get(self, path, default=None):
            return default if path in ("/robots.txt", "/sitemap.xml") else endless

    server.answers = Everything()
    found = list(reader(web_max_pages=30).scan())
    assert len(found) <= 31 and count[0] <= 40


def test_what_a_bound_leaves_out_is_named_and_stays_as_it_is_known(server, reader):
    server.pages = {"/": page("Home", *(f"/p{n}" for n in range(9)))} | {f"/p{n}": page(f"P{n}") for n in range(9)}
    everything = set(listed(reader()))
    bounded = list(reader(web_max_seconds=0.000001).scan())
    assert {file.path for file in bounded} == everything
    (problem,) = (file.problem for file in bounded if file.problem)
    assert "RAGE_WEB_MAX_SECONDS" in problem and "not asked" in problem
    few = list(reader(web_max_pages=4).scan())
    assert len(few) == 5 and sum(bool(file.problem) for file in few) == 1


def test_depth_is_bounded(server, reader):
    server.pages = {f"/{n}": page(str(n), f"/{n + 1}") for n in range(9)} | {"/": page("Home", "/0")}
    assert paths(reader(web_max_depth=3)) == ["0.html", "1.html", "2.html", "index.html"]


def test_only_what_a_parser_reads_is_loaded(server, reader):
    server.pages = {"/": page("Home", "/film", "/a.pdf", "/get", "/wiki/File:x.mp4", "/notes.md", "/feed", "/page.php")}
    bodies = {"/film": "video/mp4", "/a.pdf": "application/pdf", "/get": "application/octet-stream",
              "/notes.md": "text/markdown", "/feed": "application/rss+xml"}  # fmt: skip
    for path, media_type in bodies.items():
        server.pages[path] = b"x" * 100
        server.types[path] = media_type
    server.pages |= {"/wiki/File:x.mp4": page("About a film"), "/page.php": page("PHP")}
    expected = ["a.pdf", "index.html", "notes.md", "page.php.html", "wiki/File:x.mp4.html"]
    assert paths(reader()) == expected
    server.forget()
    assert paths(reader()) == expected
    assert "/film" not in server.asked


def test_what_is_excluded_is_not_even_asked_for(server, reader):
    site(server)
    assert paths(reader(exclude=["sub/"])) == ["a.html", "docs/b.html", "index.html"]
    assert "/sub/" not in server.asked


def test_the_wish_of_a_page_to_be_left_out_is_kept(server, reader):
    server.pages = {
        "/": page("Home", "/silent", "/closed"),
        "/silent": page("Silent", "/inner", head='<meta name="robots" content="noindex">'),
        "/closed": page("Closed", "/hidden", head='<meta name="ROBOTS" content="nofollow">'),
        "/inner": page("Inner"),
        "/hidden": page("Hidden"),
    }
    for _ in range(2):
        assert paths(reader()) == ["closed.html", "index.html", "inner.html"]


def test_two_pages_of_one_name_are_both_kept_if_they_differ(server, reader):
    server.pages = {"/": page("Home", "/a", "/a.html", "/b", "/b.html"), "/a": page("A"), "/a.html": page("A")}
    server.pages |= {"/b": page("B"), "/b.html": page("another B")}
    found = paths(reader())
    assert len(found) == 4 and "a.html" in found and "b.html" in found
    assert found == paths(reader())


def test_a_compressed_page_is_read_and_a_bomb_is_not(server, reader):
    server.pages = {"/": page("Home", "/packed", "/bomb")}
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    server.answers["/packed"] = (200, headers, gzip.compress(page("Packed").encode()))
    server.answers["/bomb"] = (200, headers, gzip.compress(b" " * 20_000_000))
    found = list(reader(max_file_bytes=1_000_000).scan())
    assert [file.path for file in found if not file.problem] == ["index.html", "packed.html"]
    assert "1000000 bytes" in next(file.problem for file in found if file.problem)


def test_a_page_is_asked_for_again_where_its_document_is_wanted_and_the_site_has_not_changed(server, reader):
    site(server)
    listed(reader())
    made = reader()
    for file in made.scan():
        with made.open(file) as content:
            assert len(content.read()) == file.size


def test_nothing_is_left_on_the_disk_but_the_memory(server, reader, tmp_path):
    site(server)
    made = reader()
    listed(made)
    del made
    assert sorted(path.name for path in (tmp_path / "web").iterdir()) == ["turns", "x.sqlite"]


def kinds(scan, known):
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "parser": "", "state": "live"}
    return {d.kind for d in diff(scan, [row | {"path": path} for path in known], lambda _: "", 3)}


@pytest.mark.parametrize("status", [500, 501, 508, 520, 530])
def test_a_host_whose_robots_txt_fails_in_any_way_is_not_read(server, reader, status):
    site(server)
    server.answers["/robots.txt"] = (status, {}, b"")
    with pytest.raises(SourceUnreadable, match="nothing may be asked for"):
        list(reader().scan())
    assert "/a" not in server.asked


def test_a_site_that_is_gone_as_a_whole_is_unreadable_and_not_emptied(server, reader):
    site(server)
    before = listed(reader())
    server.pages.clear()
    with pytest.raises(SourceUnreadable, match="nothing at"):
        list(reader(is_first=False).scan())
    site(server)
    assert listed(reader(is_first=False)) == before


@pytest.mark.parametrize("target", ["https://sso.example/login", "/login", "/login?next={}"])
def test_pages_that_lead_to_a_sign_in_for_now_stay(server, reader, target):
    names = [f"/p{n}" for n in range(5)]
    server.pages = {"/": page("Home", *names), "/login": page("Sign in")} | {name: page(name) for name in names}
    before = listed(reader())
    for name in names:
        server.answers[name] = (302, {"Location": target.format(name)}, b"")
    for _ in range(2):
        found = list(reader().scan())
        assert "removed" not in kinds(found, before)
        assert {file.path for file in found if file.problem} == {f"p{n}.html" for n in range(5)}
    server.answers.clear()
    assert listed(reader()).items() >= before.items()


def test_a_page_that_moved_within_the_site_goes_however_it_says_so(server, reader):
    server.pages = {"/": page("Home", "/a", "/b"), "/a": page("A"), "/b": page("B"), "/new": page("New")}
    listed(reader())
    server.answers |= {"/a": (302, {"Location": "/new"}, b""), "/b": (301, {"Location": "https://elsewhere.example/"}, b"")}
    assert paths(reader()) == ["index.html", "new.html"]


def test_a_page_that_leads_to_itself_stays(server, reader):
    site(server)
    before = listed(reader())
    server.answers["/a"] = (302, {"Location": "/a", "Set-Cookie": "seen=1"}, b"")
    found = list(reader().scan())
    assert {file.path for file in found} == set(before)
    assert [file.path for file in found if file.problem] == ["a.html"]


def test_a_page_that_was_something_else_for_once_comes_back(server, reader):
    site(server)
    before = listed(reader())
    for _ in range(3):
        server.answers["/a"] = (200, {"Content-Type": "video/mp4"}, b"x")
        assert "a.html" not in paths(reader())
    del server.answers["/a"]
    assert listed(reader()) == before


def test_what_a_new_parser_reads_is_asked_for_again(server, reader, monkeypatch):
    server.pages = {"/": page("Home", "/film"), "/film": b"x"}
    server.types["/film"] = "video/mp4"
    assert paths(reader()) == ["index.html"]
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl.is_readable", lambda *_: True)
    assert len(paths(reader())) == 2


def test_known_pages_stay_however_many_new_ones_differ_by_their_query(server, reader, monkeypatch):
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl._MOST_QUERIES", 3)
    server.pages = {"/": page("Home", "/t?n=1", "/t?n=2")} | {f"/t?n={n}": page(f"T{n}") for n in range(9)}
    before = listed(reader())
    server.pages["/"] = page("Home", *(f"/t?n={n}" for n in range(3, 9)))
    assert set(listed(reader())) >= set(before)


def test_a_host_that_stops_answering_removes_nothing_even_of_a_site_that_has_grown(server, reader, monkeypatch):
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl._MOST_FAILURES_IN_A_ROW", 1)
    old, new = [f"/old{n}" for n in range(6)], [f"/new{n}" for n in range(5)]
    server.pages = {"/": page("Home", *old)} | {name: page(name) for name in [*old, *new]}
    before = listed(reader(web_max_pages=8))
    server.pages["/"] = page("Home", *new, "/broken")
    server.answers["/broken"] = (500, {}, b"")
    found = list(reader(web_max_pages=8).scan())
    assert "removed" not in kinds(found, before)


def test_a_name_that_a_failing_page_has_is_not_given_to_another(server, reader):
    server.pages = {"/": page("Home", "/b", "/b.html"), "/b": page("B"), "/b.html": page("another B")}
    before = listed(reader())
    server.answers["/b"] = (500, {}, b"")
    found = {file.path: file for file in reader().scan()}
    assert set(found) == set(before) and found["b.html"].problem
    assert "removed" not in kinds(found.values(), before)


def test_headers_of_any_bytes_are_no_obstacle(server, reader):
    server.pages = {"/": page("Home")}
    headers = {"Content-Type": "text/html", "ETag": '"\xe9"', "Last-Modified": "\xfc"}
    server.answers["/"] = (200, headers, page("Home").encode())
    assert listed(reader()) == listed(reader()) != {}


def test_a_base_that_is_no_address_and_a_sitemap_of_one_entry_are_read(server, reader):
    server.pages = {"/": page("Home", "/a", head='<base href="http://[::1">'), "/a": page("A"), "/b": page("B")}
    server.answers["/sitemap.xml"] = (200, {}, f"<!-- one --><url><loc>{server.url('/b')}</loc></url>".encode())
    assert paths(reader()) == ["a.html", "b.html", "index.html"]


def test_sitemaps_count_among_what_a_look_may_take(server, reader):
    server.pages = {"/": page("Home")}
    server.answers["/robots.txt"] = (200, {}, "".join(f"Sitemap: /s{n}.xml\n" for n in range(50)).encode())
    for n in range(50):
        server.answers[f"/s{n}.xml"] = (200, {}, sitemap(server.url("/p")))
    list(reader(web_max_seconds=0.000001).scan())
    assert not any(path.startswith("/s") for path in server.asked)


def test_a_damaged_memory_is_thrown_away(server, reader, tmp_path):
    site(server)
    server.pages["/"] += "".join(f'<a href="/x{n}">x</a>' for n in range(300))
    server.pages |= {f"/x{n}": page(f"X{n}") for n in range(300)}
    before = listed(reader())
    memory = tmp_path / "web" / "x.sqlite"
    data = bytearray(memory.read_bytes())
    data[4096 * 2 : -4096] = os.urandom(len(data) - 4096 * 3)
    memory.write_bytes(data)
    assert listed(reader(is_first=False)) == before


def test_the_list_of_addresses_is_bounded(server, reader, monkeypatch):
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl._MOST_WAITING", 2)
    server.pages = {f"/p{n}": page(str(n), *(f"/q{n}-{m}" for m in range(100))) for n in range(5)}
    server.pages["/"] = page("Home", *(f"/p{n}" for n in range(5)))
    list(reader(web_max_pages=10).scan())
    assert len(server.asked) <= 20

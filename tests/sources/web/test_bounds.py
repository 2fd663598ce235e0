"""What a crawl is led by, and what it is kept within: robots.txt, sitemaps, patterns, bounds."""

import gzip
import time

import pytest

from resources.errors import SourceUnreadable
from tests.sources.web.server import page
from tests.sources.web.site import listed, paths, site, sitemap


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


def test_a_base_that_is_no_address_and_a_sitemap_of_one_entry_are_read(server, reader):
    server.pages = {"/": page("Home", "/a", head='<base href="http://[::1">'), "/a": page("A"), "/b": page("B")}
    server.answers["/sitemap.xml"] = (200, {}, f"<!-- one --><url><loc>{server.url('/b')}</loc></url>".encode())
    assert paths(reader()) == ["a.html", "b.html", "index.html"]


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


def test_a_compressed_page_is_read_and_a_bomb_is_not(server, reader):
    server.pages = {"/": page("Home", "/packed", "/bomb")}
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    server.answers["/packed"] = (200, headers, gzip.compress(page("Packed").encode()))
    server.answers["/bomb"] = (200, headers, gzip.compress(b" " * 20_000_000))
    found = list(reader(max_file_bytes=1_000_000).scan())
    assert [file.path for file in found if not file.problem] == ["index.html", "packed.html"]
    assert "1000000 bytes" in next(file.problem for file in found if file.problem)


def test_known_pages_stay_however_many_new_ones_differ_by_their_query(server, reader, monkeypatch):
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl._MOST_QUERIES", 3)
    server.pages = {"/": page("Home", "/t?n=1", "/t?n=2")} | {f"/t?n={n}": page(f"T{n}") for n in range(9)}
    before = listed(reader())
    server.pages["/"] = page("Home", *(f"/t?n={n}" for n in range(3, 9)))
    assert set(listed(reader())) >= set(before)


def test_sitemaps_count_among_what_a_look_may_take(server, reader):
    server.pages = {"/": page("Home")}
    server.answers["/robots.txt"] = (200, {}, "".join(f"Sitemap: /s{n}.xml\n" for n in range(50)).encode())
    for n in range(50):
        server.answers[f"/s{n}.xml"] = (200, {}, sitemap(server.url("/p")))
    list(reader(web_max_seconds=0.000001).scan())
    assert not any(path.startswith("/s") for path in server.asked)


def test_the_list_of_addresses_is_bounded(server, reader, monkeypatch):
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl._MOST_WAITING", 2)
    server.pages = {f"/p{n}": page(str(n), *(f"/q{n}-{m}" for m in range(100))) for n in range(5)}
    server.pages["/"] = page("Home", *(f"/p{n}" for n in range(5)))
    list(reader(web_max_pages=10).scan())
    assert len(server.asked) <= 20

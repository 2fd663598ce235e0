"""What of a site becomes a document, and what a change of it costs."""

import pytest

from resources.errors import SourceUnreadable
from tests.sources.web.server import page, serving
from tests.sources.web.site import listed, paths, site


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


def test_two_pages_of_one_name_are_both_kept_if_they_differ(server, reader):
    server.pages = {"/": page("Home", "/a", "/a.html", "/b", "/b.html"), "/a": page("A"), "/a.html": page("A")}
    server.pages |= {"/b": page("B"), "/b.html": page("another B")}
    found = paths(reader())
    assert len(found) == 4 and "a.html" in found and "b.html" in found
    assert found == paths(reader())


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


def test_a_page_that_moved_within_the_site_goes_however_it_says_so(server, reader):
    server.pages = {"/": page("Home", "/a", "/b"), "/a": page("A"), "/b": page("B"), "/new": page("New")}
    listed(reader())
    server.answers |= {"/a": (302, {"Location": "/new"}, b""), "/b": (301, {"Location": "https://elsewhere.example/"}, b"")}
    assert paths(reader()) == ["index.html", "new.html"]


def test_what_a_new_parser_reads_is_asked_for_again(server, reader, monkeypatch):
    server.pages = {"/": page("Home", "/film"), "/film": b"x"}
    server.types["/film"] = "video/mp4"
    assert paths(reader()) == ["index.html"]
    monkeypatch.setattr("rage_assets.raw.sources.web.crawl.is_readable", lambda *_: True)
    assert len(paths(reader())) == 2

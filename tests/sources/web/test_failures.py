"""What a site that fails, or says odd things, must not remove or stop."""

import os
import time

import pytest

from rage_assets.raw.diff import diff
from resources.errors import SourceUnreadable
from tests.sources.web.server import page
from tests.sources.web.site import kinds, listed, paths, site


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
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "media_type": None, "parser": "", "state": "live"}
    known = [row | {"path": path} for path in listed(reader())]
    for _ in range(2):
        (tmp_path / "web" / "x.sqlite").unlink(missing_ok=True)
        server.answers["/sub/"] = (500, {}, b"")
        kinds = {d.kind for d in diff(reader(is_first=False).scan(), known, lambda *_: "", 3)}
        assert "removed" not in kinds and "unreadable" in kinds
    assert "removed" not in {d.kind for d in diff(reader().scan(), known, lambda *_: "", 3)}
    del server.answers["/sub/"]
    assert len(listed(reader())) == 5


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


def test_a_start_that_is_not_there_is_an_error_and_no_empty_site(server, reader):
    with pytest.raises(SourceUnreadable, match="nothing at"):
        list(reader("/none").scan())


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

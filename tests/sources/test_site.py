"""Addresses of a site in one spelling, and the names of their documents."""

import pytest

from rage_assets.raw.sources.web.page import read_page
from rage_assets.raw.sources.web.site import Site, is_readable


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("b.html#part", "https://host/docs/b.html"),
        ("../docs/./x/../b", "https://host/docs/b"),
        ("HTTPS://HOST:443/docs/B", "https://host/docs/B"),
        ("http://host/docs/b", "https://host/docs/b"),
        ("/docs/%7euser/%c3%a9 x", "https://host/docs/~user/%C3%A9%20x"),
        ("/docs/a%2Fb", "https://host/docs/a%2Fb"),
        ("?utm_source=x&b=2&fbclid=3&a=1&PHPSESSID=4", "https://host/docs/?a=1&b=2"),
        ("?cid=5&empty", "https://host/docs/?cid=5&empty"),
        ("a;jsessionid=1F?x=1", "https://host/docs/a?x=1"),
        ("/docs", "https://host/docs"),
        ("//user:secret@host/docs/a", "https://host/docs/a"),
    ],
)
def test_an_address_has_one_spelling(address, normal):
    assert Site("https://host/docs/").normal(address, "https://host/docs/") == normal
    assert Site("https://host/docs/").normal(normal) == normal


@pytest.mark.parametrize(
    "address",
    [
        "https://other/docs/", "https://host:8443/docs/", "https://host/", "/docs-old/x", "../x", "/docs/../../etc",
        "mailto:a@b", "javascript:x()", "data:text/html,x", "ftp://host/docs/x", "https://[::1/docs/", "http://host:99999/x",
        "a/a/a/a/a", "x" * 2000, "https://host.evil/docs/", "https://host@evil/docs/", "/docs/%2e%2e/%2E%2e/x",
    ],
)  # fmt: skip
def test_what_is_not_of_the_site_is_left_alone(address):
    assert Site("https://host/docs/").normal(address, "https://host/docs/") is None


@pytest.mark.parametrize(
    ("url", "media_type", "path"),
    [
        ("https://host/docs", "text/html", "index.html"),
        ("https://host/docs/", "text/html", "index.html"),
        ("https://host/docs/a/", "text/html", "a/index.html"),
        ("https://host/docs/intro", "text/html", "intro.html"),
        ("https://host/docs/intro.htm", "text/html", "intro.htm"),
        ("https://host/docs/v1.2", "text/html", "v1.2.html"),
        ("https://host/docs/x.php?id=5&q=a%2Fb", "text/html", "x.php?id=5&q=a%2Fb.html"),
        ("https://host/docs/report", "application/pdf", "report.pdf"),
        ("https://host/docs/caf%C3%A9.md", "text/markdown", "café.md"),
        ("https://host/docs/a%2Fb%00%FF", "text/plain", "a%2Fb%00%FF"),
        ("https://host/docs//x", "text/html", "x.html"),
    ],
)
def test_a_document_has_a_readable_name(url, media_type, path):
    assert Site("https://host/docs").path_of(url, media_type) == path


def test_a_site_that_moves_to_https_is_one_site():
    site = Site("http://host/docs/")
    site.secure()
    assert site.start == "https://host/docs/" and site.normal("http://host/docs/a") == "https://host/docs/a"


def test_what_no_parser_reads_is_not_loaded():
    assert is_readable("x", "text/html") and is_readable("x.pdf", "application/octet-stream") and is_readable("a.md", "")
    assert not any(is_readable("x", kind) for kind in ("video/mp4", "application/rss+xml", "application/octet-stream"))


def test_a_page_says_where_it_leads():
    html = b"""<base href="/b/"><a href=one>1</a><a rel="nofollow" href=no>2</a><area href="/two"><iframe src=three></iframe>
    <link rel=next href=four><link rel=stylesheet href=x.css><link rel=alternate type=application/rss+xml href=feed>
    <meta http-equiv=Refresh content="0; url='five'"></html><a href="six">"""
    found = read_page(html, "https://h/a/").links
    assert found == [f"https://h/b/{name}" if name != "/two" else "https://h/two" for name in
                     ("five", "one", "/two", "three", "four", "six")]  # fmt: skip


def test_what_a_page_wishes_for_us_by_name_wins():
    metas = b'<meta name="robots" content="noindex, nofollow"><meta name="rage" content="all"><a href="x">x</a>'
    page = read_page(metas, "https://h/")
    assert page.is_document and page.is_followed and page.links
    assert not read_page(b"<a href=x>", "https://h/", "", "noindex").is_document


def test_a_wish_for_another_agent_is_not_for_us():
    def said(header):
        page = read_page(b"<a href=x>", "https://h/", "", header)
        return page.is_document, page.is_followed

    assert said("otherbot: noindex, nofollow") == (True, True)
    assert said("rage: noindex") == (False, True)
    assert said("max-snippet: 5, noindex, otherbot: nofollow") == (False, True)
    assert said("otherbot: noindex, rage: nofollow") == (True, False)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("http://host/sitemap.xml?a=1", "https://host/sitemap.xml?a=1"),
        ("https://HOST:443/x", "https://host/x"),
        ("https://host", "https://host/"),
        ("https://cdn/x", None),
        ("https://host:8443/x", None),
        ("http://[::1", None),
    ],
)
def test_an_address_of_the_host_is_asked_for_as_the_site_is_spoken_to(address, found):
    assert Site("https://host/docs/").of_host(address) == found

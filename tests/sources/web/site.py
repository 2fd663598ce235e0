"""What the tests of crawls ask of a reader, and the site that most of them read."""

from rage_assets.raw.diff import diff
from tests.sources.web.server import page


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


def kinds(scan, known):
    row = {"q_size": None, "size": 1, "mtime_ns": 1, "media_type": None, "parser": "", "state": "live"}
    return {d.kind for d in diff(scan, [row | {"path": path} for path in known], lambda *_: "", 3)}


def sitemap(*urls, kind="url"):
    entries = "".join(f"<{kind}><loc>{url}</loc><lastmod>2024-01-01</lastmod></{kind}>" for url in urls)
    name = "urlset" if kind == "url" else "sitemapindex"
    return f'<?xml version="1.0"?><{name} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{name}>'.encode()

"""A real web server for tests: pages with ETags, and whatever else a test says."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class WebServer:
    """What a server serves, and what it was asked.

    Attributes:
        pages: Bodies by path; a name that ends in `.pdf` and the like has its type, all else is HTML.
        answers: Answers by path, as `(status, headers, body)` or a function that gives one; they win.
        asked: Paths in the order in which they were asked for.
        statuses: What each of them got.
        agents: Who asked.
        busy: The most requests at the same time.
    """

    port: int = 0
    pages: dict[str, str | bytes] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    busy: int = 0
    etags: bool = True

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def forget(self) -> None:
        """Begins to count anew."""
        self.asked.clear()
        self.statuses.clear()

    def answer(self, path: str, known: str | None) -> Answer:
        said = self.answers.get(path)
        if said is not None:
            return said() if isinstance(said, Callable) else said
        if path not in self.pages:
            return 404, {}, b"nothing here"
        body = self.pages[path]
        data = body.encode() if isinstance(body, str) else body
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.etags and known == etag:
            return 304, {"ETag": etag}, b""
        headers = {"Content-Type": self.types.get(path, "text/html; charset=utf-8")}
        return 200, headers | ({"ETag": etag} if self.etags else {}), data


@contextmanager
def serving() -> Iterator[WebServer]:
    """A server on a free port of this machine."""
    told = WebServer()
    under_way = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            under_way[0] += 1
            told.busy = max(told.busy, under_way[0])
            try:
                told.agents.add(self.headers.get("User-Agent", ""))
                told.asked.append(self.path)
                status, headers, body = told.answer(self.path, self.headers.get("If-None-Match"))
                told.statuses.append(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client went away
            finally:
                under_way[0] -= 1

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def page(text: str, *links: str, head: str = "") -> str:
    """An HTML page that leads somewhere."""
    anchors = "".join(f'<p><a href="{link}">more</a></p>' for link in links)
    body = f"<h1>{text}</h1><p>{text}.</p>{anchors}"
    return f"<!doctype html><html><head><title>{text}</title>{head}</head><body>{body}</body></html>"

"""The guarded client over real servers on this machine."""

import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from resources.egress import EgressRefused
from resources.egress.client import guarded_client
from resources.errors import TooLarge
from resources.settings import Settings


class Server:
    """An HTTP server that answers as a test says, and counts."""

    def __init__(self):
        self.hits = []
        self.answers = {}

    def url(self, path="/", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"


@contextmanager
def serving():
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            told.hits.append((self.path, self.headers.get("Host")))
            status, headers, body = told.answers.get(self.path, (200, {}, b"ok"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [body] if isinstance(body, bytes) else body:
                try:
                    self.wfile.write(piece)
                    self.wfile.flush()
                except OSError:
                    return

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server():
    with serving() as told:
        yield told


@pytest.fixture
def inner():
    """A server that nobody allowed."""
    with serving() as told:
        yield told


def client(server, **given):
    return guarded_client(Settings(allowed_hosts=[f"127.0.0.1:{server.port}", f"localhost:{server.port}"]), **given)


def test_a_server_that_is_allowed_answers_under_its_name(server):
    with client(server) as http:
        assert http.get(server.url("/a", "localhost")).text == "ok"
    assert server.hits == [("/a", f"localhost:{server.port}")]


def test_a_server_that_is_not_allowed_is_never_connected_to(server, inner):
    with client(server) as http, pytest.raises(EgressRefused):
        http.get(inner.url())
    assert inner.hits == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "user@127.0.0.1", "0x7f.1"])
def test_a_redirect_into_the_private_network_is_refused(server, inner, host):
    server.answers["/"] = (302, {"Location": inner.url("/secret", host)}, b"")
    with client(server) as http, pytest.raises((EgressRefused, httpx.HTTPError, httpx.InvalidURL)):
        http.get(server.url())
    assert inner.hits == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1:1/x", "ftp://127.0.0.1/x", "unix:///run/x"])
def test_a_redirect_to_another_protocol_is_refused(server, location):
    server.answers["/"] = (302, {"Location": location}, b"")
    with client(server) as http, pytest.raises(httpx.HTTPError):
        http.get(server.url())


def test_redirects_are_counted(server):
    server.answers["/"] = (302, {"Location": "/"}, b"")
    with client(server) as http, pytest.raises(httpx.TooManyRedirects):
        http.get(server.url())
    assert len(server.hits) == 6


def test_a_client_without_redirects_shows_them(server):
    server.answers["/"] = (302, {"Location": "/x"}, b"")
    with client(server, redirects=0) as http:
        assert http.get(server.url()).status_code == 302


def test_the_name_is_resolved_once_and_the_connection_made_to_what_was_checked(server, monkeypatch):
    """DNS that says a public address to the check and a private one to the connection gains nothing."""
    real, asked, connected = socket.getaddrinfo, [], []

    def answer(host, port, *rest, **given):
        if host == "rebind.example":
            asked.append(host)
            public = len(asked) == 1
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8" if public else "127.0.0.1", port))]
        return real(host, port, *rest, **given)

    def connect(address, *_, **__):
        connected.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "create_connection", connect)
    with guarded_client(Settings()) as http, pytest.raises(httpx.ConnectError):
        http.get(server.url("/", "rebind.example"))
    assert connected == [("8.8.8.8", server.port)]
    assert server.hits == []


def test_an_answer_that_is_too_large_ends(server):
    server.answers["/"] = (200, {}, (b"x" * 65536 for _ in range(1000)))
    with client(server, max_bytes=1_000_000) as http, pytest.raises(TooLarge):
        http.get(server.url())


def test_an_answer_that_trickles_ends(server):
    def trickle():
        while True:
            time.sleep(0.1)
            yield b"x"

    server.answers["/"] = (200, {}, trickle())
    began = time.monotonic()
    with client(server, max_seconds=1, timeout_s=5) as http, pytest.raises(httpx.TimeoutException):
        http.get(server.url())
    assert time.monotonic() - began < 4


def test_an_answer_that_is_compressed_is_refused(server):
    server.answers["/"] = (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")
    with client(server) as http, pytest.raises(httpx.DecodingError):
        http.get(server.url())


def test_the_environments_proxy_is_not_asked(server, inner, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", inner.url())
    with client(server) as http:
        assert http.get(server.url()).text == "ok"
    assert inner.hits == []


def test_the_language_model_may_be_on_this_machine_and_sends_nobody_elsewhere(server, inner, tmp_path):
    from api.parts import check_generator
    from resources.platform import Platform

    server.answers["/v1/models"] = (302, {"Location": inner.url()}, b"")
    platform = Platform(Settings(home=tmp_path, llm_base_url=server.url("/v1")), "api")
    assert "302" in check_generator(platform).detail
    assert inner.hits == []
    server.answers["/v1/models"] = (200, {}, b"{}")
    assert check_generator(platform).ok


def test_the_language_model_is_never_a_metadata_service(tmp_path):
    from api.parts import check_generator
    from resources.platform import Platform

    platform = Platform(Settings(home=tmp_path, llm_base_url="http://169.254.169.254/v1"), "api")
    part = check_generator(platform)
    assert not part.ok
    assert "not a public host" in part.detail

"""Bodies: too large, too deep, too slow, too many parts; and what a large one costs."""

import json
import socket
import threading
import time
from contextlib import suppress
from uuid import uuid4

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import is_deeper
from tests.server.conftest import Server

INGEST = "/api/v1/memory/ingest"
SEARCH = "/api/v1/memory/search"
JSON = {"Content-Type": "application/json"}


def request_head(server: Server, path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {server.token}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def answered(connection: socket.socket) -> tuple[int, bytes]:
    """The status, and all that came until the server closed."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return int(received.split()[1]), received


def test_ten_declared_gigabytes_are_refused_at_once(server: Server):
    for path, kind in ((INGEST, "multipart/form-data; boundary=x"), (SEARCH, "application/json")):
        began = time.monotonic()
        with server.connect() as connection:
            connection.sendall(request_head(server, path, f"Content-Type: {kind}", f"Content-Length: {10 * 2**30}"))
            status, received = answered(connection)
        assert status == 413
        assert b'"too_large"' in received and b"connection: close" in received.lower()
        assert time.monotonic() - began < 1


def test_a_body_without_end_is_cut_at_the_limit(server: Server):
    for path, kind in ((INGEST, "multipart/form-data; boundary=x"), (SEARCH, "application/json")):
        sent = 0
        with server.connect() as connection:
            connection.sendall(request_head(server, path, f"Content-Type: {kind}", "Transfer-Encoding: chunked"))
            part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' if path == INGEST else b"["
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            connection.setblocking(False)
            received, deadline = b"", time.monotonic() + 20
            while not received and time.monotonic() < deadline:
                try:
                    sent += connection.send(b"%x\r\n%s\r\n" % (65536, b"1" * 65536))
                except BlockingIOError:
                    time.sleep(0.01)
                except ConnectionError:
                    break
                with suppress(BlockingIOError):
                    received = connection.recv(65536)
        assert received.startswith(b"HTTP/1.1 413")
        assert sent < 40_000_000


def test_an_answer_reaches_a_client_that_is_still_sending(server: Server):
    body = b"x" * 8_000_000
    answer = server.ask("POST", SEARCH, body, JSON)
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert answer.headers["connection"] == "close"
    assert server.ask("POST", SEARCH, body, JSON, signed_in=False).status == 401


@pytest.mark.parametrize("path", [SEARCH, INGEST])
def test_a_pause_in_a_body_ends_it(server: Server, path):
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(
            request_head(server, path, "Content-Type: application/json", "Content-Length: 100") + b'{"space":'
        )
        status, received = answered(connection)
    assert status == 408
    assert b'"too_slow"' in received and b"connection: close" in received.lower()
    assert 1.5 < time.monotonic() - began < 6


def trickle(connection: socket.socket, pieces, pause_s: float) -> None:
    try:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
    except OSError:
        pass


@pytest.mark.parametrize(("path", "most_s"), [(SEARCH, 2), (INGEST, 4)])
def test_a_body_that_trickles_has_an_end(server: Server, path, most_s):
    kind = "multipart/form-data; boundary=x" if path == INGEST else "application/json"
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(request_head(server, path, f"Content-Type: {kind}", "Content-Length: 100000"))
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        pieces = [head, *[b" "] * 100]
        sender = threading.Thread(target=trickle, args=(connection, pieces, 0.3), daemon=True)
        sender.start()
        status, _ = answered(connection)
    assert status == 408
    assert most_s - 0.5 < time.monotonic() - began < most_s + 4


def test_the_rest_of_an_unwanted_body_keeps_no_connection(server: Server):
    began = time.monotonic()
    with server.connect() as connection:
        head = b"POST /api/v1/spaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head)
        threading.Thread(target=trickle, args=(connection, [b" "] * 200, 0.1), daemon=True).start()
        status, _ = answered(connection)
        assert status == 401
        with suppress(OSError):
            while time.monotonic() - began < 15:
                connection.sendall(b" ")
                time.sleep(0.1)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"space": "demo", "query": ' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"space": "demo", "query": "x", "filters": ' + b'{"a":[' * 40 + b"]}" * 40 + b"}",
        "[".encode("utf-16") * 1000,
        b"9" * 900_000,
        b'{"k": ' + b"9" * 5000 + b"}",
        b'"\\ud800"',
        b"\xff\xfe\xfd",
        b'{"a": NaN, "b": 1e999}',
        b'{"space": "demo\\u0000", "query": "x"}',
        b"",
    ],
    ids=lambda body: f"{body[:12]!r} {len(body)}",
)
def test_hostile_json_is_a_422_at_once(server: Server, body):
    for path in (SEARCH, INGEST, "/api/v1/spaces"):
        began = time.monotonic()
        answer = server.ask("POST", path, body, JSON)
        assert answer.status in {404, 422}, answer.body
        assert answer.error["message"]
        assert time.monotonic() - began < 2
    assert server.process.poll() is None


def test_brackets_in_strings_nest_nothing():
    text = json.dumps({"query": '[{"\\' * 1000, "x": ['"', "\\", '\\"[[[']}).encode()
    assert not is_deeper(text, 3)
    assert is_deeper(text, 1) and not is_deeper(text, 2)


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30))
def test_the_depth_is_what_the_parser_sees(value):
    def depth(part) -> int:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        content, deep = text.encode("utf-8", "surrogatepass"), depth(value)
        assert not is_deeper(content, deep)
        assert deep == 0 or is_deeper(content, deep - 1)


@pytest.mark.parametrize("body", [b'"' * 1_000_000, b'"\\' * 500_000, b"[]" * 500_000, b'["' * 300_000, b"[{" * 500_000])
def test_the_depth_of_any_megabyte_is_found_in_no_time(body):
    began = time.perf_counter()
    is_deeper(body + b"[" * 65, 64)
    assert time.perf_counter() - began < 0.5


def form(*parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    pieces = [b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (name.encode(), value) for name, value in parts]
    return b"".join(pieces) + b"--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    "parts",
    [
        [('name="space"', b"demo")] + [(f'name="f{n}"', b"") for n in range(50)],
        [('name="space"', b"demo")] + [(f'name="file"; filename="{n}"', b"x") for n in range(150)],
        [('name="space"', b"x" * 500_000)],
        [('name="file"; filename="' + "a" * 100_000 + '"', b"x")],
        [("x" * 100_000, b"x")],
    ],
    ids=["fields", "files", "large field", "long name", "long header"],
)
def test_a_form_out_of_proportion_is_refused(server: Server, parts):
    answer = server.ask("POST", INGEST, *form(*parts))
    assert answer.status in {413, 422}, answer.body
    assert answer.error["message"]


@pytest.mark.real
def test_a_large_upload_never_lies_in_memory(serve):
    server = serve(max_upload_bytes=400 * 2**20)
    name = f"large-{uuid4().hex[:8]}"
    assert server.ask("POST", "/api/v1/spaces", {"name": name}, timeout_s=120).status == 201
    process, size = psutil.Process(server.process.pid), 300 * 2**20
    head = f'--x\r\nContent-Disposition: form-data; name="space"\r\n\r\n{name}\r\n--x\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    most = before = process.memory_info().rss
    with server.connect(120) as connection:
        length = len(head) + size + len(tail)
        connection.sendall(
            request_head(server, INGEST, "Content-Type: multipart/form-data; boundary=x", f"Content-Length: {length}")
        )
        connection.sendall(head.encode())
        for _ in range(300):
            connection.sendall(b"\0" * 2**20)
            most = max(most, process.memory_info().rss)
        connection.sendall(tail)
        received = threading.Thread(target=lambda: answers.append(connection.recv(65536)))
        answers: list[bytes] = []
        received.start()
        while received.is_alive():
            most = max(most, process.memory_info().rss)
            time.sleep(0.02)
    assert answers[0].startswith(b"HTTP/1.1 202"), answers[0]
    assert most - before < 60 * 2**20

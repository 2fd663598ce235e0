"""Clients that draw everything out, and those who want an answer meanwhile."""

import asyncio
import contextlib
import socket
import threading
import time

import psutil
import pytest
import uvicorn

from api.connections import bounded
from cli.ports import free_port
from tests.server.conftest import Server

SLOW = 1000


class Crowd:
    """Connections that each send half a header, or a whole one and half a body, a byte at a time."""

    def __init__(self, server: Server, count: int) -> None:
        half = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        body = b"POST /api/v1/memory/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        body += f"Authorization: Bearer {server.token}\r\nContent-Length: 10000\r\n\r\n".encode() + b'{"space": "'
        self.connections = []
        for number in range(count):
            connection = server.connect()
            connection.sendall(body if number % 4 == 0 else half)
            connection.setblocking(False)
            self.connections.append(connection)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._trickle, daemon=True)
        self._thread.start()

    def _trickle(self) -> None:
        while not self._ended.wait(0.5):
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.send(b"a")

    def open(self) -> int:
        """How many the server has not ended."""
        return sum(not _is_ended(connection) for connection in self.connections)

    def leave(self) -> None:
        self._ended.set()
        self._thread.join()
        for connection in self.connections:
            connection.close()


def _is_ended(connection: socket.socket) -> bool:
    try:
        while piece := connection.recv(65536):
            assert piece
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_a_thousand_slow_clients_keep_nobody_waiting_and_are_gone_in_time(serve):
    server = serve(header_timeout_s=8, body_timeout_s=8)
    assert server.ask("POST", "/api/v1/spaces", {"name": "slow"}, timeout_s=120).status in {201, 409}
    search = ("POST", "/api/v1/memory/search", {"space": "slow", "query": "Who waits?"})
    assert server.ask(*search, timeout_s=120).status == 200
    crowd = Crowd(server, SLOW)
    try:
        assert crowd.open() > 0.9 * SLOW
        for _ in range(5):
            for asked in (("GET", "/health"), search):
                began = time.monotonic()
                assert server.ask(*asked).status == 200
                assert time.monotonic() - began < 2
        deadline = time.monotonic() + 25
        while crowd.open():
            assert time.monotonic() < deadline, f"{crowd.open()} are still there"
            time.sleep(0.5)
    finally:
        crowd.leave()
    served = [
        c for c in psutil.Process(server.process.pid).net_connections("tcp") if c.laddr.port == server.port and c.raddr
    ]
    assert len(served) < 10


def test_a_connection_that_says_nothing_or_is_not_used_again_ends(server: Server):
    for opening in (b"", b"\r\n", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        began = time.monotonic()
        received = server.send(opening)
        assert received.startswith(b"HTTP/1.1 200") == (len(opening) > 2)
        assert time.monotonic() - began < 9


def test_a_trickle_between_two_requests_is_no_way_to_stay(server: Server):
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(whole + whole[:10])
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 15:
                connection.sendall(b"a")
                time.sleep(0.3)
    assert time.monotonic() - began < 10


def test_requests_one_behind_the_other_are_all_answered(server: Server):
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert server.send(whole * 20 + last).count(b"HTTP/1.1 200") == 21


@pytest.fixture
def endless():
    """A server in this process whose every answer has no end; how many answers it is writing, and its port."""
    writing = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        writing.append(1)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while not (await _now(receive)):
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        finally:
            writing.pop()

    async def _now(receive) -> bool:
        await asyncio.sleep(0)
        return running.should_exit or not running.server_state.connections

    port = free_port("127.0.0.1")
    protocol = bounded(1.0, 20, write_timeout_s=1.0)
    config = uvicorn.Config(app, port=port, http=protocol, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield writing, port, running
    running.should_exit = True
    thread.join(10)


def test_a_client_that_does_not_read_is_cut(endless):
    writing, port, running = endless
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        deadline = time.monotonic() + 10
        while not writing:
            assert time.monotonic() < deadline
        while running.server_state.connections or writing:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_where_there_are_too_many_connections_the_one_that_waits_longest_goes(endless):
    _, port, running = endless
    crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(60)]
    try:
        time.sleep(0.5)
        assert len(running.server_state.connections) <= 20
        crowd[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert crowd[-1].recv(12) == b"HTTP/1.1 200"
        crowd[0].setblocking(False)
        assert _is_ended(crowd[0])
    finally:
        for connection in crowd:
            connection.close()

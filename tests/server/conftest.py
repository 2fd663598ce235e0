"""Real servers: `python -m api` as processes of their own over one home."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.ports import accepts, free_port
from tests.conftest import ROOT, Home, _new_home


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict:
        """The error in its envelope."""
        return json.loads(self.body)["error"]


@dataclass
class Server:
    """A server process."""

    home: Home
    port: int
    process: subprocess.Popen
    log: Path
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    token: str = field(default="", repr=False)

    def connect(self, timeout_s: float = 20) -> socket.socket:
        """A connection to it."""
        plain = socket.create_connection((self.host, self.port), timeout_s)
        return self.tls.wrap_socket(plain, server_hostname="localhost") if self.tls else plain

    def ask(
        self, method: str, path: str, body=None, headers=None, *, signed_in: bool = True, timeout_s: float = 20
    ) -> Answer:
        """One request on a connection of its own."""
        given = {"Authorization": f"Bearer {self.token}"} if signed_in else {}
        if isinstance(body, dict):
            body, given["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        connection.sock = self.connect(timeout_s)
        try:
            connection.request(method, path, body, {**given, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def send(self, data: bytes, timeout_s: float = 20) -> bytes:
        """What comes back for raw bytes, until the server closes or `timeout_s` is over."""
        with self.connect(timeout_s) as connection:
            connection.sendall(data)
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except (TimeoutError, ConnectionError):
                pass
        return received

    def stop(self) -> str:
        """Stops it; gives what it logged."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        return self.log.read_text()


@pytest.fixture(scope="module")
def server_home(models) -> Iterator[Home]:
    with _new_home(models) as created:
        platform = created.platform("worker")
        platform.ensure_schema()
        platform.close()
        yield created


def start(home: Home, log: Path, *arguments: str, tls: ssl.SSLContext | None = None, host="127.0.0.1", **settings) -> Server:
    """Starts a server with these settings and waits until it accepts connections."""
    from resources.sign_in.local import issue_token

    port = free_port(host)
    environment = {**os.environ, "RAGE_HOME": str(home.path)}
    environment |= {f"RAGE_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "--host", host, "--port", str(port), *arguments],
            cwd=ROOT,
            env=environment,
            stderr=written,
        )
    deadline = time.monotonic() + 60
    while not accepts(host, port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return Server(home, port, process, log, host, tls, issue_token(home.path)[0])


@pytest.fixture
def serve(server_home, tmp_path):
    """Starts servers for one test."""
    started: list[Server] = []

    def _serve(*arguments, **settings) -> Server:
        server = start(server_home, tmp_path / f"server-{len(started)}.log", *arguments, **settings)
        started.append(server)
        return server

    yield _serve
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def server(server_home, tmp_path_factory) -> Iterator[Server]:
    """A server as it is by default, which the tests of a file share; its waits are short."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    running = start(server_home, log, header_timeout_s=2, body_timeout_s=2, upload_timeout_s=4, max_upload_bytes=2_000_000)
    yield running
    running.stop()

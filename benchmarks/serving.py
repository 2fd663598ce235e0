"""The query layer as a server of its own, asked over HTTP by several clients."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from benchmarks.homes import Home
from benchmarks.processes import server
from cli.ports import answers, free_port
from resources.sign_in.local import issue_token

_HOST = "127.0.0.1"
_TOKEN_S = 300.0  # a token counts for longer


class Client:
    """Sends searches as the local administrator; threads may share it."""

    def __init__(self, home: Home, url: str) -> None:
        import httpx

        self._home = home
        self._http = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=64))
        self._token, self._issued = "", 0.0
        self._lock = threading.Lock()

    def search(
        self, space: str, query: str, mode: str, k: int = 10, *, filters: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What `POST /api/v1/memory/search` answers.

        Raises:
            RuntimeError: It answers with an error, or with less than all parts.
        """
        body = {"space": space, "query": query, "mode": mode, "k": k} | ({"filters": filters} if filters else {})
        headers = {"Authorization": f"Bearer {self._bearer()}"}
        response = self._http.post("/api/v1/memory/search", json=body, headers=headers)
        found: dict[str, Any] = response.json()
        # a pattern without a fixed part is looked for in a bounded part of the space, and says so
        if response.status_code != 200 or set(found["degraded"]) - {"pattern_scan_bounded"}:
            raise RuntimeError(f"The search {body} answered {response.status_code}: {response.text[:500]}")
        return found

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def _bearer(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() - self._issued > _TOKEN_S:
                self._token, self._issued = issue_token(self._home.path)[0], time.monotonic()
            return self._token


@contextmanager
def api(home: Home) -> Iterator[Client]:
    """A client of `python -m api`, as `rage up` starts it."""
    with launched(home) as (_, url), connected(home, url) as client:
        yield client


@contextmanager
def launched(home: Home) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`python -m api`, as `rage up` starts it: the process and its URL."""
    port = free_port(_HOST)
    url = f"http://{_HOST}:{port}"
    command = [sys.executable, "-m", "api", "--host", _HOST, "--port", str(port)]
    with server(command, home.environment, home.path, lambda: answers(f"{url}/health")) as process:
        yield process, url


@contextmanager
def connected(home: Home, url: str) -> Iterator[Client]:
    """A client of the server at `url`."""
    client = Client(home, url)
    try:
        yield client
    finally:
        client.close()


def timed(action: Callable[[str], Any], queries: Sequence[str], clients: int = 1) -> tuple[list[float], float]:
    """Runs `action` on every query, by so many clients at once.

    Returns:
        The milliseconds that each took, and how many were answered in a second.
    """

    def one(query: str) -> float:
        started = time.perf_counter()
        action(query)
        return (time.perf_counter() - started) * 1000

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = list(pool.map(one, queries))
    return taken, len(queries) / (time.perf_counter() - began)

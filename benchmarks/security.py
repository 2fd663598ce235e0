"""What security costs a search: the same searches with and without it, alternating within one run.

With it: the product's own server, asked by a reader with a token, some groups and documents that are narrower. Without
it: `benchmarks.unprotected` over the same home. Both run all the time; of two equal blocks of searches one goes to each,
and which goes first changes, so that whatever else the machine does meets both alike.
"""

import http.client
import json
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from benchmarks import library
from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, at_most
from benchmarks.homes import SPACE, Home
from benchmarks.processes import server
from benchmarks.records import mixed_queries, mixed_records
from benchmarks.search import patterns
from benchmarks.serving import timed
from cli.ports import answers, free_port
from resources.access import LOCAL_ADMIN, Role
from resources.access.rules import AccessRule
from resources.sign_in.local import LocalIssuer, Person

_DOCUMENTS = 10_000
_MODES = ("hybrid", "vector", "lexical", "pattern")
_CLIENTS = {1: 160, 8: 320}  # clients at once: searches of each mode
_BLOCKS = 8
_AGAIN = 3  # how often a block is asked again for what is remembered
_AIM = 1.15
_ROOT = Path(__file__).resolve().parent.parent
_HOST = "127.0.0.1"
_TOKEN_S = 300.0  # a token counts for longer
_READERS = "readers"
_GROUPS = (_READERS, *(f"group-{number}" for number in range(20)))


class Side:
    """One of the two servers, asked over a connection for each thread.

    Args:
        home: Whose server.
        port: Where it listens.
    """

    def __init__(self, home: Home, port: int) -> None:
        self._port = port
        self._issuer = LocalIssuer(home.path)
        self._person = Person(str(uuid4()), "reader", groups=_GROUPS)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._token, self._issued = "", 0.0

    def search(self, query: str, mode: str) -> dict[str, Any]:
        """What it answers.

        Raises:
            RuntimeError: It answers with an error, or with less than all parts.
        """
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(_HOST, self._port, timeout=60)
        body = json.dumps({"space": SPACE, "query": query, "mode": mode}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._bearer()}"}
        self._local.connection.request("POST", "/api/v1/memory/search", body, headers)
        response = self._local.connection.getresponse()
        found: dict[str, Any] = json.loads(response.read())
        if response.status != 200 or set(found["degraded"]) - {"pattern_scan_bounded"}:
            raise RuntimeError(f"The search {body!r} answered {response.status}: {str(found)[:500]}")
        return found

    def _bearer(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() - self._issued > _TOKEN_S:
                self._token, self._issued = self._issuer.issue(self._person, str(uuid4()))[0], time.monotonic()
            return self._token


def run(bench: Bench) -> list[Figure]:
    """Each mode by one client and by eight, new queries and remembered ones, with security off and on."""
    count = bench.size(_DOCUMENTS)
    home = bench.home()
    texts = library.build(home, mixed_records(bench.data, 0), count, each=1)
    _share(home)
    figures = [Figure("in the space", count, "documents", note="of one passage each; one in ten is narrower")]
    with home.running(), ExitStack() as stack:
        off, on = (Side(home, _started(home, stack, module)) for module in ("benchmarks.unprotected", "api"))
        figures += _compare(bench, texts, off, on)
    home.remove()
    return figures


def _compare(bench: Bench, texts: Sequence[str], off: Side, on: Side) -> list[Figure]:
    questions = iter(mixed_queries(bench.data))
    wanted = {clients: bench.size(searches, least=16) for clients, searches in _CLIENTS.items()}
    found = iter(patterns(texts, sum(wanted.values()) + len(_MODES)))
    for side in (off, on):
        timed(lambda query, side=side: side.search(query, "hybrid"), [f"warm {n}" for n in range(40)], 8)  # type: ignore[misc]
    taken: dict[tuple[int, str], dict[str, list[list[float]]]] = {}
    for clients, searches in wanted.items():
        for mode in _MODES:
            note(f"{mode}, {clients} clients")
            queries = list(islice(found if mode == "pattern" else questions, searches))
            same = [_apart(side, queries[0], mode)["results"] for side in (off, on)]
            if same[0] != same[1]:
                raise RuntimeError(f"The two servers find different things for {queries[0]!r} ({mode}).")
            taken[clients, mode] = _blocks(queries[1:], mode, clients, off, on)
    figures = []
    for clients in wanted:
        for how in ("uncached", "cached"):
            figures += [_figure(f"{mode}, {how}, {_clients(clients)}", taken[clients, mode][how]) for mode in _MODES]
            together = [[each for mode in _MODES for each in taken[clients, mode][how][side]] for side in (0, 1)]
            figures.append(_figure(f"all modes together, {how}, {_clients(clients)}", together, aimed=True))
    return figures


def _apart(side: Side, query: str, mode: str) -> dict[str, Any]:
    """One search over a connection of its own: the last one may have been closed since."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(side.search, query, mode).result()


def _blocks(queries: Sequence[str], mode: str, clients: int, off: Side, on: Side) -> dict[str, list[list[float]]]:
    """The milliseconds of searches with security off and on, of new queries and of remembered ones."""
    taken: dict[str, list[list[float]]] = {"uncached": [[], []], "cached": [[], []]}
    size = -(-len(queries) // _BLOCKS)
    for number, start in enumerate(range(0, len(queries), size)):
        block = queries[start : start + size]
        for how in ("uncached", *["cached"] * _AGAIN):
            for side in (0, 1) if number % 2 else (1, 0):
                asked = (off, on)[side]
                taken[how][side] += timed(lambda query, asked=asked: asked.search(query, mode), block, clients)[0]  # type: ignore[misc]
    return taken


def _figure(name: str, taken: Sequence[Sequence[float]], *, aimed: bool = False) -> Figure:
    (off_50, off_95), (on_50, on_95) = (np.percentile(each, [50, 95]) for each in taken)
    said = f"p50 {off_50:.1f} → {on_50:.1f} ms ({on_50 / off_50:.2f} ×), p95 {off_95:.1f} → {on_95:.1f} ms"
    return (at_most if aimed else _plain)(f"{name}, p95 on ÷ off", float(on_95 / off_95), "×", _AIM, said)


def _plain(name: str, value: float, unit: str, _: float, said: str) -> Figure:
    return Figure(name, value, unit, note=said)


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


def _share(home: Home) -> None:
    """Lets the readers in, narrows one document in ten to them, and makes other spaces of which they see some."""
    from resources.postgres import access_rules, members, sources, spaces

    with home.running() as platform:
        others = [home.space(None, f"other-{number}") for number in range(20)]
        with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            space = spaces.identify(connection, SPACE)["id"]
            for each in (space, *others[::2]):
                members.grant(connection, each, f"group:{_READERS}", Role.READER, LOCAL_ADMIN.principal)
            source = sources.get(connection, space, "files")
            access_rules.set_rules(connection, source.id, [AccessRule(pattern="*0.md", groups=(_READERS, "others"))])


def _started(home: Home, stack: ExitStack, module: str) -> int:
    port = free_port(_HOST)
    command = [sys.executable, "-m", module, "--port", str(port)]
    # limits are counted, and not reached
    environment = home.environment | {"RAGE_SEARCH_LIMIT": "1000000 per second", "PYTHONPATH": str(_ROOT)}
    folder = home.path / module
    folder.mkdir()
    stack.enter_context(server(command, environment, folder, lambda: answers(f"http://{_HOST}:{port}/health")))
    return port

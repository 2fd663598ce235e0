"""Ten thousand mixed requests of twenty callers over one pool of connections and one cache: nobody gets what is another's.

The whole application is asked in this process, by ASGI, sixteen requests at a time; its routes run in its own threads and
share fewer connections than there are requests under way, so that every connection serves every caller. What each may see
and which status each gets is read from the matrix.
"""

import asyncio
import io
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from api.app import create_app
from api.memory import open_retriever
from resources.platform import Platform
from resources.postgres.database import Database
from tests.api.conftest import RecordingLauncher
from tests.security import matrix
from tests.security.test_matrix import REQUESTS, Ask, Service
from tests.security.world import KINDS, Someone, World

pytestmark = pytest.mark.real

REQUESTS_SENT, AT_ONCE, CONNECTIONS = 10_000, 16, 6
READING = [
    row
    for row in matrix.rows()
    if (row.method == "GET" and row.template.startswith(("/api/", "/auth/me")))
    or row.template.endswith(("/search", "/query"))
]
# Searches are half of what people do, and all that is cached.
WEIGHTS = [40 if row.template.endswith("/search") else 10 if row.template.endswith("/query") else 3 for row in READING]


class Crowd:
    """The twenty callers, and what each of them should be answered."""

    def __init__(self, world: World) -> None:
        one = world.someone
        self.callers: list[tuple[str, str, Someone]] = [
            (kind, letter, one(kind, letter)) for letter in KINDS for kind in ("reader", "insider", "admin", "key")
        ]
        both = one("reader", "A").sees | one("reader", "D").sees - set(world.browsers.values())
        token = world.issuer.token("both", ["A-reader", "D-reader"])
        self.callers += [
            ("reader", "AD", Someone("reader of A and D", token, both, "both")),
            ("nobody", "", one("nobody")),
            ("operator", "", one("operator")),
            ("strangers", "", next(each for each in world.strangers() if each.name == "revoked session")),
        ]

    @staticmethod
    def column(kind: str, letters: str, asked: str) -> str:
        """The matrix's column for a caller of the spaces `letters` who asks for the space `asked`."""
        if not letters or asked in letters:
            return kind
        return f"other {'reader' if kind == 'insider' else kind}"


@pytest.fixture(scope="module")
def platform(world: World, log: io.StringIO) -> Iterator[Platform]:
    opened = Platform(world.home.settings(**world.settings), "api", pool_size=(2, CONNECTIONS))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def outcome(world: World, platform: Platform) -> tuple[list[str], Counter[int], int]:
    """What was wrong, how often each status came, and how many searches the cache answered."""
    retriever = open_retriever(platform)
    app = create_app(platform, RecordingLauncher(), retriever=retriever)
    crowd, chance = Crowd(world), random.Random(4)
    asks = Service(world, None, retriever, None)  # type: ignore[arg-type]
    wrong: list[str] = []
    statuses: Counter[int] = Counter()

    async def worker(client: httpx.AsyncClient, share: int) -> None:
        for _ in range(share):
            kind, letters, caller = chance.choice(crowd.callers)
            row, letter = chance.choices(READING, WEIGHTS)[0], chance.choice(list(KINDS))
            space, column = world.spaces[letter], crowd.column(kind, letters, letter)
            ask: Ask = chance.choice(asks.asks(row, space))
            answer = await client.request(row.method, ask.url, headers=caller.headers, **ask.given)
            statuses[answer.status_code] += 1
            what = f"{row} of {letter} for {caller.name}"
            if answer.status_code != row.expected[column]:
                wrong.append(f"{what}: {answer.status_code} {answer.text[:100]}")
            said = [word for word in world.canaries.places if word in ask.said]
            texts = answer.text, str(answer.headers.multi_items())
            wrong.extend(f"{what}: {leak}" for leak in world.canaries.found_in(*texts, but={*caller.sees, *said}))

    async def everybody() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=60) as client:
            await asyncio.gather(*(worker(client, REQUESTS_SENT // AT_ONCE) for _ in range(AT_ONCE)))

    asyncio.run(everybody())
    app.state.audit.close()
    return wrong, statuses, retriever.layers.counts()["result", "L0", "hit"]


def test_there_are_twenty_callers_and_every_reading_route(world):
    assert len(Crowd(world).callers) == 20
    assert {"/api/v1/memory/search", "/api/v1/memory/query"} < {row.template for row in READING}
    assert {(row.method, row.template) for row in READING} - REQUESTS.keys() == {("GET", "/auth/me")}


def test_no_canary_crosses_over_and_every_status_is_as_entitled(outcome):
    wrong, statuses, cached = outcome
    assert not wrong, "\n".join(["", *sorted(set(wrong))[:50]])
    assert sum(statuses.values()) == REQUESTS_SENT
    assert set(statuses) == {200, 401, 403, 404}
    assert min(statuses.values()) > 100
    assert cached > 20


def test_no_canary_is_in_the_log_of_all_this(outcome, log, world):
    assert log.getvalue().count('"event": "request"') >= REQUESTS_SENT
    assert world.canaries.found_in(log.getvalue()) == []


def test_no_connection_kept_anybodys_identity(outcome, platform, world):
    for database in (platform.database, platform.content(world.spaces["D"].database)):
        for connection in everyone_of(database):
            row = connection.execute(
                "SELECT array_agg(current_setting('rage.' || name, true)) AS kept FROM unnest(%s::text[]) AS name",
                (["caller", "platform", "space", "members", "readable", "ingestable", "administered", "classes", "rights"],),
            ).fetchone()
            assert set(row["kept"]) <= {None, ""}
            for table in ("spaces", "documents", "blocks", "passages", "vectors", "quarantine", "receipts", "runs"):
                assert connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"] == 0, table


def everyone_of(database: Database) -> Iterator["psycopg.Connection[Any]"]:
    """Every connection of a pool, all taken at once, so that none comes twice."""
    pool = database._pool
    taken = [pool.getconn() for _ in range(pool.get_stats()["pool_size"])]
    assert len({id(each) for each in taken}) == len(taken) > 1
    for each in taken:
        yield each
        each.rollback()
        pool.putconn(each)

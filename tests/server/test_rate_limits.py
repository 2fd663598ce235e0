"""Rate limits: who is limited, apart from whom, and what happens without Redis."""

import asyncio
import os
import time
from uuid import uuid4

import pytest
import redis as redis_client

from api.guards import check_guards
from api.rate_limits import address_of, kind_of
from resources.errors import InvalidSettings
from resources.rate_limits import Kind, RateLimits
from resources.settings import Settings


@pytest.fixture
def redis_url() -> str:
    url = os.environ.get("RAGE_TEST_REDIS_URL")
    if not url:
        pytest.skip("no Redis: RAGE_TEST_REDIS_URL is not set")
    return url


def limits(**given) -> RateLimits:
    return RateLimits(Settings(**{"search_limit": "3 per 5 seconds"} | given))


def asked(counter: RateLimits, times: int, who: str = "user:a", kind: Kind = Kind.SEARCH) -> list[bool]:
    async def ask() -> list[bool]:
        found = [(await counter.hit(kind, who)).allowed for _ in range(times)]
        await counter.close()
        return found

    return asyncio.run(ask())


def test_a_limit_holds_for_each_caller_and_each_kind():
    counter = limits()
    assert asked(counter, 5) == [True] * 3 + [False] * 2
    assert asked(counter, 1, "user:b") == [True]
    assert asked(counter, 1, kind=Kind.REQUEST) == [True]


def test_who_waits_as_long_as_told_is_answered():
    counter = limits()
    asked(counter, 3)
    verdict = asyncio.run(counter.hit(Kind.SEARCH, "user:a"))
    assert not verdict.allowed and 1 <= verdict.retry_after_s <= 5
    time.sleep(verdict.retry_after_s)
    assert asked(counter, 1) == [True]


def test_testing_counts_nothing():
    counter = limits()
    assert all(asyncio.run(counter.test(Kind.SEARCH, "user:a")).allowed for _ in range(10))
    assert asked(counter, 3) == [True] * 3
    assert not asyncio.run(counter.test(Kind.SEARCH, "user:a")).allowed


def test_processes_count_together_in_redis(redis_url):
    who = f"user:{uuid4()}"
    first, second = (limits(redis_url=redis_url, search_limit="3 per minute") for _ in range(2))
    assert asked(first, 2, who) == [True, True]
    assert asked(second, 2, who) == [True, False]
    keys = redis_client.from_url(redis_url).keys("rage:limits*")
    assert any(who in key.decode() for key in keys)


def test_without_redis_limits_go_on_in_the_process():
    counter = limits(redis_url="redis://127.0.0.1:1/0", search_limit="3 per minute")
    began = time.monotonic()
    assert asked(counter, 50) == [True] * 3 + [False] * 47
    assert time.monotonic() - began < 2


def test_a_redis_that_does_not_answer_holds_nobody_up():
    async def ask() -> tuple[list[bool], float]:
        async def silent(reader, writer) -> None:
            await asyncio.sleep(60)

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        counter = limits(redis_url=f"redis://:top-secret@127.0.0.1:{port}/0", search_limit="3 per minute")
        began = time.monotonic()
        found = [(await counter.hit(Kind.SEARCH, "user:a")).allowed for _ in range(10)]
        took = time.monotonic() - began
        server.close()
        return found, took

    found, took = asyncio.run(ask())
    assert found == [True] * 3 + [False] * 7
    assert took < 2


def test_a_redis_that_comes_back_counts_again(redis_url, monkeypatch):
    from resources import rate_limits

    who, other = f"user:{uuid4()}", f"user:{uuid4()}"
    counter = limits(redis_url=redis_url, search_limit="3 per minute")
    monkeypatch.setattr(rate_limits, "_RETRY_S", 0.2)

    async def ask() -> None:
        async def broken(*_) -> bool:
            raise ConnectionError

        with monkeypatch.context() as patched:
            patched.setattr(counter._remote, "hit", broken)
            assert (await counter.hit(Kind.SEARCH, who)).allowed
        assert (await counter.hit(Kind.SEARCH, who)).allowed
        await asyncio.sleep(0.3)
        assert (await counter.hit(Kind.SEARCH, other)).allowed
        await counter.close()

    asyncio.run(ask())
    keys = [key.decode() for key in redis_client.from_url(redis_url).keys("rage:limits*")]
    assert not any(who in key for key in keys)
    assert any(other in key for key in keys)


@pytest.mark.parametrize("limit", ["", "many", "0 per second", "10", "10 per fortnight", "-1 per second", "1 per second; x"])
@pytest.mark.parametrize("name", ["sign_in_limit", "search_limit", "ingest_limit", "request_limit"])
def test_a_malformed_limit_is_named_before_anything_starts(name, limit):
    with pytest.raises(InvalidSettings, match=f"RAGE_{name.upper()}"):
        check_guards(Settings(**{name: limit}))


def test_a_redis_url_that_is_none_is_named_without_its_password():
    with pytest.raises(InvalidSettings, match="RAGE_REDIS_URL") as error:
        limits(redis_url="nonsense://:top-secret@x")
    assert "top-secret" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_an_address_of_ipv6_stands_for_its_network(address, stands_for):
    assert address_of({"client": (address, 1)}) == stands_for
    assert address_of({}) == ""


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/health", None),
        ("GET", "/ready", None),
        ("POST", "/auth/token", Kind.SIGN_IN),
        ("GET", "/auth/login", Kind.SIGN_IN),
        ("GET", "/auth/callback", Kind.SIGN_IN),
        ("POST", "/auth/token/", Kind.SIGN_IN),
        ("GET", "/auth/me", Kind.REQUEST),
        ("POST", "/auth/backchannel-logout", Kind.REQUEST),
        ("POST", "/api/v1/memory/search", Kind.SEARCH),
        ("POST", "/api/v1/memory/query", Kind.SEARCH),
        ("POST", "/api/v1/memory/ingest", Kind.INGEST),
        ("GET", "/api/v1/memory/ingest/1", Kind.REQUEST),
        ("GET", "/nowhere", Kind.REQUEST),
    ],
)
def test_routes_are_limited_by_what_they_do(method, path, kind):
    assert kind_of({"method": method, "path": path}) is kind


def test_a_server_answers_429_with_when_to_come_back_and_others_go_on(serve):
    server = serve(request_limit="3 per 10 seconds", search_limit="5 per minute")
    answers = [server.ask("GET", "/api/v1/spaces") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert refused.error["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    assert refused.headers["ratelimit-policy"] == '"request";q=3;w=10'
    assert refused.headers["ratelimit"] == f'"request";r=0;t={refused.headers["retry-after"]}'
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert server.ask("POST", "/api/v1/memory/search", {"space": "none", "query": "x"}).status == 404
    assert server.ask("GET", "/health").status == 200
    time.sleep(int(refused.headers["retry-after"]))
    assert server.ask("GET", "/api/v1/spaces").status == 200


def test_signing_in_is_limited_for_an_address_and_nothing_else_is(serve):
    server = serve(sign_in_limit="4 per 15 minutes")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "grant_type=password&username=nobody&password=guess"
    statuses = [server.ask("POST", "/auth/token", body, form, signed_in=False).status for _ in range(6)]
    assert 429 not in statuses[:4] and statuses[4:] == [429, 429]
    assert server.ask("GET", "/api/v1/spaces").status == 200


def test_guessing_tokens_is_bounded_and_locks_out_nobody_who_is_in(serve):
    server = serve(sign_in_limit="4 per 15 minutes")
    assert server.ask("GET", "/api/v1/spaces").status == 200
    guesses = [
        server.ask("GET", "/api/v1/spaces", headers={"Authorization": f"Bearer {n}"}, signed_in=False).status
        for n in range(8)
    ]
    assert guesses == [401] * 4 + [429] * 4
    assert server.ask("GET", "/api/v1/spaces").status == 200
    assert server.ask("GET", "/docs", signed_in=False).status == 200


def test_whoever_does_not_sign_in_is_limited_too(serve):
    server = serve(request_limit="4 per minute")
    assert [server.ask("GET", "/api/v1/spaces", signed_in=False).status for _ in range(6)] == [401] * 4 + [429] * 2
    assert server.ask("GET", "/openapi.json", signed_in=False).status == 429
    assert server.ask("GET", "/api/v1/spaces").status == 200

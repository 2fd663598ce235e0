"""The layers by themselves: bounded memory, sealed values in Redis, and a breaker between."""

import time

import pytest
from redis import Redis

from resources.cache import Cached, Flights, Kind, Layers
from resources.cache.breaker import Breaker
from resources.cache.memory import Memory
from resources.cache.remote import Remote

TEXT = Kind("text", str.encode, bytes.decode, len, 60)


def test_memory_stays_within_its_bound():
    memory = Memory(100_000)
    for number in range(1_000):
        memory.put(str(number).encode(), number, 1_000)
    assert memory.held_bytes <= 100_000
    assert memory.get(b"999") == 999
    assert memory.get(b"0") is None


def test_what_was_used_last_stays():
    memory = Memory(10_000)
    memory.put(b"kept", 1, 700)
    for number in range(50):
        memory.put(str(number).encode(), number, 700)
        assert memory.get(b"kept") == 1


def test_a_value_that_would_crowd_out_the_others_is_not_kept():
    memory = Memory(10_000)
    memory.put(b"large", 1, 5_000)
    assert memory.get(b"large") is None


def test_no_memory_keeps_nothing():
    memory = Memory(0)
    memory.put(b"a", 1, 0)
    assert memory.get(b"a") is None


def test_two_processes_share_values_through_redis(layers_of):
    one, other = Cached(layers_of(), TEXT), Cached(layers_of(), TEXT)
    key = one.key("a", 1)
    one.put(key, "said once")
    assert other.get(key) == "said once"


def test_what_may_not_be_shared_stays_in_the_process(layers_of):
    one, other = Cached(layers_of(), TEXT), Cached(layers_of(), TEXT)
    key = one.key("a", 1)
    one.put(key, "secret", shared=False)
    assert (one.get(key), other.get(key)) == ("secret", None)


def test_redis_holds_no_text_and_no_key_in_the_clear(layers_of, redis_url):
    cached = Cached(layers_of(), TEXT)
    with Redis.from_url(redis_url) as redis:
        before = set(redis.keys("rage:cache:*"))
        cached.put(cached.key("a query"), "a confidential text")
        (name,) = set(redis.keys("rage:cache:*")) - before
        assert b"confidential" not in redis.get(name)
        assert b"query" not in name
        assert 0 < redis.ttl(name) <= 60


def test_a_value_that_somebody_put_into_redis_is_not_believed(layers_of, redis_url):
    writer = layers_of()
    cached, reader = Cached(writer, TEXT), Cached(layers_of(), TEXT)
    key, other = cached.key("a"), cached.key("b")
    cached.put(key, "true")
    cached.put(other, "moved")
    with Redis.from_url(redis_url) as redis:
        redis.set(writer.remote._name("text", key), redis.get(writer.remote._name("text", other)))
    assert reader.get(key) is None


def test_processes_with_another_key_share_nothing(layers_of, redis_url):
    one = Cached(layers_of(), TEXT)
    one.put(one.key("a"), "ours")
    stranger = Layers(remote=Remote(redis_url, bytes(32)))
    assert Cached(stranger, TEXT).get(one.key("a")) is None
    stranger.close()


def test_a_value_that_is_too_large_for_redis_is_left_out(layers_of):
    one, other = Cached(layers_of(), TEXT), Cached(layers_of(), TEXT)
    one.put(one.key("a"), "x" * 600_000)
    assert other.get(one.key("a")) is None


def test_only_one_process_leads_a_computation(layers_of):
    here, there = Flights(layers_of(), "text"), Flights(layers_of(), "text")
    first, leads = here.join(b"k")
    assert leads
    assert here.join(b"k") == (first, False)
    assert not here.await_others(first, lambda: False)
    second, leads = there.join(b"k")
    assert leads
    came = iter([False, True])
    assert there.await_others(second, lambda: next(came))
    here.land(first, "value")
    assert first.done.result() == "value"


def test_a_process_that_died_holds_nobody_up_for_longer_than_its_lock(layers_of, monkeypatch):
    monkeypatch.setattr("resources.cache.flights._LOCK_S", 0.3)
    here, there = Flights(layers_of(), "text"), Flights(layers_of(), "text")
    assert not here.await_others(here.join(b"k")[0], lambda: False)
    began = time.monotonic()
    assert not there.await_others(there.join(b"k")[0], lambda: False)
    assert time.monotonic() - began < 3


def test_a_breaker_lets_one_find_out_after_a_rest():
    now, asked = [0.0], []
    breaker = Breaker("it", 5.0, lambda: now[0])

    def fails():
        asked.append(now[0])
        raise OSError

    assert breaker.ask(fails) is None
    assert breaker.ask(fails) is None
    now[0] = 6.0
    assert breaker.ask(fails) is None
    assert breaker.ask(lambda: 1) is None
    now[0] = 12.0
    assert breaker.ask(lambda: 1) == 1
    assert breaker.ask(lambda: 2) == 2
    assert asked == [0.0, 6.0]


def test_a_redis_that_is_not_there_costs_one_failure_and_no_answer():
    remote = Remote("redis://127.0.0.1:1/0", bytes(32))
    began = time.monotonic()
    for _ in range(50):
        assert remote.get("text", [b"k"]) == [None]
    assert time.monotonic() - began < 2
    assert remote.is_away


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:1"])
def test_a_url_that_is_no_redis_is_named(url):
    from resources.errors import InvalidSettings

    with pytest.raises(InvalidSettings, match="RAGE_REDIS_URL"):
        Remote(url, bytes(32))

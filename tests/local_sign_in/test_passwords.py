"""What a password may be, and how it is hashed."""

import asyncio
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import InvalidInput, ServiceUnavailable
from resources.sign_in import passwords
from resources.sign_in.passwords import NOBODYS_HASH, check_password, hash_password, password_matches


def test_a_hash_is_bcrypt_of_cost_12_and_salted():
    first, second = hash_password("correct horse battery"), hash_password("correct horse battery")
    assert first.startswith("$2b$12$")
    assert first != second


def test_only_the_same_password_matches():
    hashed = hash_password("correct horse battery")
    assert password_matches("correct horse battery", hashed)
    assert not password_matches("Correct horse battery", hashed)


def test_what_stands_behind_72_bytes_or_a_nul_counts():
    assert not password_matches("x" * 72 + "b", hash_password("x" * 72 + "a"))
    assert not password_matches("secret\0b", hash_password("secret\0a"))


def test_one_password_typed_on_two_keyboards_is_one():
    assert password_matches("Pa\u0308ssword for ten", hash_password("P\u00e4ssword for ten"))


def test_nobodys_hash_takes_as_long_and_matches_nothing():
    def seconds(hashed):
        began = time.process_time()
        assert not password_matches("correct horse battery", hashed)
        return time.process_time() - began

    real = hash_password("another password")
    ratio = min(seconds(NOBODYS_HASH) for _ in range(3)) / min(seconds(real) for _ in range(3))
    assert 0.7 < ratio < 1.4


@pytest.mark.parametrize("bad", ["", "eleven char", "x" * 1025, "ababababababab", "my name is Margarete!"])
def test_passwords_that_are_easy_to_guess_are_refused_and_not_repeated(bad):
    with pytest.raises(InvalidInput) as refused:
        check_password(bad, "margarete")
    assert not bad or bad not in str(refused.value)


@given(st.text(min_size=0, max_size=300))
@settings(deadline=None)
def test_whatever_is_typed_bcrypt_gets_44_characters(password):
    digest = passwords._digest(password)
    assert len(digest) == 44 and b"\0" not in digest


def test_a_flood_of_passwords_leaves_the_event_loop_alone_and_is_refused_beyond_a_bound(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(passwords, "password_matches", lambda password, hashed: release.wait(20))

    async def flood():
        waiting = [asyncio.create_task(passwords.password_matches_soon("p", "h")) for _ in range(66)]
        await asyncio.sleep(0.05)
        with pytest.raises(ServiceUnavailable):
            await passwords.password_matches_soon("p", "h")
        began = time.perf_counter()
        await asyncio.to_thread(lambda: None)  # another thread pool, for everybody else, is free
        assert time.perf_counter() - began < 1
        release.set()
        await asyncio.gather(*waiting)
        assert await passwords.password_matches_soon("p", "h")  # there is room again

    asyncio.run(flood())

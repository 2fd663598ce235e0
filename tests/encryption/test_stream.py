"""The format: what goes in comes out, and nothing else ever does."""

import io
import os
import random
import struct
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.encryption.errors import Tampered
from resources.encryption.stream import CHUNK, HEADER_BYTES, TAG, Decrypted, encrypt, plain_size

KEY, KEY_ID, PLACE = os.urandom(32), uuid4(), b"space" + b"objects/ab/abc"


def sealed(plain, place=PLACE, chunk=64, key=KEY):
    target = io.BytesIO()
    encrypt(io.BytesIO(plain), target, KEY_ID, key, place, chunk)
    return target.getvalue()


def opened(data, place=PLACE, key=KEY):
    return Decrypted(io.BytesIO(data), lambda _: key, place)


def given_out(data, place=PLACE, key=KEY):
    """What a reader gets before the error, and whether there was one."""
    out = []
    try:
        for piece in opened(data, place, key).chunks():
            out.append(piece)  # noqa: PERF402 -- what came before the error counts
    except Tampered:
        return b"".join(out), True
    return b"".join(out), False


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17])
def test_every_size_comes_back_as_it_was(size):
    plain = os.urandom(size)
    data = sealed(plain, chunk=CHUNK)
    assert b"".join(opened(data).chunks()) == plain
    assert plain_size(len(data)) == opened(data).size == size
    assert io.BufferedReader(opened(data)).read() == plain


@settings(max_examples=150, deadline=None)
@given(plain=st.binary(max_size=600), chunk=st.integers(1, 80))
def test_any_bytes_in_chunks_of_any_size_come_back(plain, chunk):
    data = sealed(plain, chunk=chunk)
    assert b"".join(opened(data).chunks()) == plain and plain_size(len(data), chunk) == len(plain)


@settings(max_examples=100, deadline=None)
@given(plain=st.binary(min_size=1, max_size=600), seeks=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 300))))
def test_reading_from_anywhere_gives_what_stands_there(plain, seeks):
    reader = io.BufferedReader(opened(sealed(plain)))
    for start, length in seeks:
        reader.seek(start)
        assert reader.read(length) == plain[start : start + length]


def test_a_source_that_gives_little_at_a_time_is_read_whole():
    class Trickle(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    plain, target = os.urandom(1000), io.BytesIO()
    encrypt(Trickle(plain), target, KEY_ID, KEY, PLACE, 64)
    assert given_out(target.getvalue()) == (plain, False)


def test_a_changed_bit_anywhere_is_an_error_and_no_wrong_byte_is_given_out():
    plain = os.urandom(200)
    data = sealed(plain)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << random.randrange(8)
        out, failed = given_out(bytes(changed))
        assert failed and plain.startswith(out), position


def test_a_file_cut_anywhere_is_an_error():
    plain = os.urandom(200)
    data = sealed(plain)
    for length in range(len(data)):
        out, failed = given_out(data[:length])
        assert failed and plain.startswith(out), length


@pytest.mark.parametrize("more", [b"\0", b"x" * TAG, b"x" * 64, b"x" * (64 + TAG)])
def test_a_file_that_grew_is_an_error(more):
    plain = os.urandom(192)
    out, failed = given_out(sealed(plain) + more)
    assert failed and plain.startswith(out)


def test_swapped_repeated_and_left_out_chunks_are_errors():
    plain = os.urandom(64 * 4)
    data = sealed(plain)
    header, whole = data[:HEADER_BYTES], 64 + TAG
    a, b, c, d = (data[HEADER_BYTES + whole * n : HEADER_BYTES + whole * (n + 1)] for n in range(4))
    for pieces in ((b, a, c, d), (a, b, b, d), (a, c, d), (a, b, d), (b, c, d), (a, b, c, d, d), (a, b, c), (d,)):
        out, failed = given_out(header + b"".join(pieces))
        assert failed and plain.startswith(out), pieces


def test_chunks_of_two_files_do_not_mix():
    one, other = sealed(os.urandom(128)), sealed(os.urandom(128))
    assert given_out(one[: HEADER_BYTES + 64 + TAG] + other[HEADER_BYTES + 64 + TAG :])[1]
    assert given_out(one[:HEADER_BYTES] + other[HEADER_BYTES:]) == (b"", True)


def test_a_file_opens_only_in_its_own_place_and_under_its_own_key():
    data = sealed(b"x" * 100)
    assert given_out(data, place=b"space" + b"objects/ab/abd") == (b"", True)
    assert given_out(data, place=b"Space" + b"objects/ab/abc") == (b"", True)
    assert given_out(data, key=os.urandom(32)) == (b"", True)


def test_a_forged_chunk_size_does_not_fill_the_memory():
    data = bytearray(sealed(b"x"))
    data[24:28] = struct.pack(">I", 2**32 - 1)
    with pytest.raises(Tampered):
        opened(bytes(data))


def test_the_same_bytes_never_look_the_same_twice():
    one, other = sealed(b"x" * 300), sealed(b"x" * 300)
    assert one[HEADER_BYTES:][:64] != other[HEADER_BYTES:][:64]


def test_nothing_of_the_plain_bytes_is_in_the_file():
    assert b"CANARY" not in sealed(b"CANARY" * 100)

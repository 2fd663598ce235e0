"""Names in the store: stable, reversible only with the key, and telling nothing."""

import hashlib
import os
import unicodedata
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.encryption.errors import Tampered
from resources.encryption.names import NameCipher

KEY, SPACE = os.urandom(32), uuid4()
NAMES = NameCipher(KEY, SPACE)
file_names = st.text(min_size=1, max_size=250).filter(
    lambda n: len(n.encode("utf-8", "surrogatepass")) <= 250 and not any(unicodedata.category(c) in {"Cc", "Cs"} for c in n)
)


@settings(max_examples=200, deadline=None)
@given(name=file_names)
def test_an_upload_is_found_under_its_own_name_again(name):
    path = NAMES.of_upload(name)
    assert NAMES.upload_name(path) == name
    assert all(len(segment) <= 200 for segment in path.split("/"))
    assert path == NameCipher(KEY, SPACE).of_upload(name)


def test_the_longest_name_has_a_path_that_file_systems_take():
    path = NAMES.of_upload("a" * 250)
    assert NAMES.upload_name(path) == "a" * 250 and max(map(len, path.split("/"))) <= 200


@pytest.mark.parametrize("path", ["plain.txt", "aaaa", "", "1" * 40, "ab/cd", "é"])
def test_a_name_that_nobody_gave_is_an_error(path):
    with pytest.raises(Tampered):
        NAMES.upload_name(path)


def test_another_space_has_other_names_for_the_same():
    other = NameCipher(KEY, uuid4())
    sha256 = hashlib.sha256(b"x").digest()
    assert other.of_upload("a.txt") != NAMES.of_upload("a.txt")
    assert other.of_object(sha256) != NAMES.of_object(sha256)
    with pytest.raises(Tampered):
        other.upload_name(NAMES.of_upload("a.txt"))


def test_an_objects_name_does_not_tell_its_hash():
    sha256 = hashlib.sha256(b"x").digest()
    assert sha256.hex()[:16] not in NAMES.of_object(sha256)

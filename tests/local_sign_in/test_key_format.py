"""The form of an API key, by which scanners find it and typing errors show."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import Unauthorized
from resources.sign_in import keys

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_a_key_matches_the_expression_that_is_published_for_scanners():
    published = re.search(r"is `(.+?)`", keys.__doc__).group(1)
    text = keys.new_key().text
    assert re.findall(published, f"KEY='{text}'") == [text]


def test_no_two_keys_are_alike():
    made = [keys.new_key() for _ in range(200)]
    assert len({key.text for key in made}) == len({key.id for key in made}) == 200


def test_a_key_is_read_as_it_was_made():
    made = keys.new_key()
    assert keys.read_key(made.text) == made


@given(st.integers(0, 74), st.sampled_from(DIGITS + "_-é"))
def test_a_key_with_one_wrong_character_is_refused_without_asking_anybody(position, character):
    text = keys.new_key().text
    changed = text[:position] + character + text[position + 1 :]
    if changed != text:
        with pytest.raises(Unauthorized):
            keys.read_key(changed)


@pytest.mark.parametrize(
    "text",
    ["", "rage_key_", "rage_key_x_y_z", "rage_key_" + "0" * 67, keys.new_key().text + "\n"],
    ids=["empty", "prefix", "short", "checksum", "line end"],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(Unauthorized):
        keys.read_key(text)


@given(st.text(alphabet=DIGITS, max_size=60))
def test_the_checksum_has_six_digits_whatever_it_is_of(body):
    assert re.fullmatch("[0-9A-Za-z]{6}", keys.checksum(body))

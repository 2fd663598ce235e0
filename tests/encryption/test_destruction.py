"""Keys destroyed for good: nothing is readable, nothing is written, and nothing brings them back."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest

from resources.domain import Isolation
from resources.encryption import rotation
from resources.encryption.errors import KeyDestroyed, KeyUnavailable
from resources.encryption.keyring import CACHE_S
from resources.errors import InvalidInput, NotFound
from tests.encryption.conftest import sha


def test_a_destroyed_space_is_unreadable_and_the_receipt_says_so(vault, worker, api, space):
    key = worker.put(space, b"x")
    api.store.save_upload(space, "a.txt", io.BytesIO(b"a"))
    receipt = rotation.destroy(worker.keyring, worker.store, space)
    assert (receipt["keys"], receipt["objects_unreadable"]) == (2, 2)
    assert receipt["unreadable_at_latest"] - receipt["destroyed_at"] == timedelta(seconds=CACHE_S)
    api.clock.now += CACHE_S
    for side in (worker, api):
        for use in (
            lambda side=side: side.keyring.check(space),
            lambda side=side: side.store.read(space, key),
            lambda side=side: side.store.stream(space, key),
            lambda side=side: side.store.open_upload(space, "a.txt"),
            lambda side=side: side.store.put(space, sha(b"y"), io.BytesIO(b"y")),
            lambda side=side: rotation.rotate_data_key(side.keyring, space),
        ):
            with pytest.raises(KeyDestroyed) as caught:
                use()
            assert caught.value.http_status == 410
    assert space in api.keyring.withdrawn()


def test_nothing_of_a_destroyed_key_is_left_in_its_rows(vault, worker, space):
    worker.keyring(space)
    rotation.destroy(worker.keyring, worker.store, space)
    rows = vault.owner("SELECT wrapped, destroyed_at IS NOT NULL FROM space_keys WHERE space_id = %s", space)
    assert rows == [(None, True), (None, True)]


def test_destroying_twice_tells_the_first_time_again(worker, space):
    worker.put(space, b"x")
    first = rotation.destroy(worker.keyring, worker.store, space)
    assert rotation.destroy(worker.keyring, worker.store, space) == first


def test_nothing_is_published_after_the_keys_were_destroyed_whoever_still_knows_them(vault, worker, api, space):
    worker.put(space, b"x")
    api.keyring(space)
    rotation.destroy(worker.keyring, worker.store, space)
    with pytest.raises(KeyDestroyed):
        api.store.save_upload(space, "late.txt", io.BytesIO(b"late"))
    assert len(vault.files(space)) == 1


def test_a_destroyed_space_that_never_had_a_file_gets_no_keys_later(worker, api, space):
    rotation.destroy(worker.keyring, worker.store, space)
    with pytest.raises(KeyDestroyed):
        api.keyring.fresh(space)


def test_a_destroyed_space_can_still_be_deleted(vault, worker, space):
    worker.put(space, b"x")
    rotation.destroy(worker.keyring, worker.store, space)
    worker.store.delete_space(space)
    assert not vault.files(space)


def test_a_copy_of_the_rows_made_before_is_useless_once_the_wrapping_key_is_rotated(vault, worker, space):
    key = worker.put(space, b"x")
    copy = vault.owner("SELECT id, wrapped FROM space_keys WHERE space_id = %s", space)
    rotation.destroy(worker.keyring, worker.store, space)
    rotation.rotate_kek(worker.keyring)
    for row in copy:
        vault.owner("UPDATE space_keys SET wrapped = %s, destroyed_at = NULL WHERE id = %s", row[1], row[0])
    worker.keyring.forget(space)
    with pytest.raises(KeyUnavailable):
        worker.store.read(space, key)
    vault.owner("DELETE FROM space_keys WHERE space_id = %s", space)


@pytest.mark.parametrize("act", [rotation.reencrypt, rotation.destroy])
def test_a_shared_space_has_no_keys_to_rotate_or_destroy(vault, worker, act):
    shared = vault.space("plain-" + uuid4().hex[:8], Isolation.SHARED)
    with pytest.raises(InvalidInput, match="not encrypted"):
        act(worker.keyring, worker.store, shared)
    with pytest.raises(InvalidInput, match="not encrypted"):
        rotation.rotate_data_key(worker.keyring, shared)
    with pytest.raises(NotFound):
        worker.keyring(uuid4())

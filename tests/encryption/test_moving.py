"""Bytes on their way into encryption and out of it: nothing lost, nothing left behind in the clear."""

import io
import os
from uuid import uuid4

import pytest

from resources.domain import Isolation
from resources.encryption.errors import KeyUnavailable
from resources.objects import moving
from resources.objects.store import ObjectStore
from tests.encryption.conftest import CANARY, sha


def turn(vault, side, space, isolation, moving_to=None):
    vault.owner("UPDATE spaces SET isolation = %s, moving_to = %s WHERE id = %s", isolation, moving_to, space)
    side.keyring.forget(space)


@pytest.fixture
def shared(vault, worker):
    made = vault.space("m" + uuid4().hex[:8], Isolation.SHARED)
    worker.put(made, CANARY * 10)
    worker.put(made, os.urandom(3_000_000))
    worker.store.save_upload(made, "a.txt", io.BytesIO(CANARY))
    return made


def in_the_clear(vault, space):
    return [file for file in vault.files(space) if CANARY in file.read_bytes()]


def test_a_space_moves_into_encryption_while_it_is_read(vault, worker, shared):
    turn(vault, worker, shared, "shared", "encrypted")
    assert moving.into_encryption(worker.store, worker.keyring, shared, keep=True) == 3
    assert worker.store.read(shared, sha(CANARY * 10)) == CANARY * 10  # still from the clear
    assert moving.into_encryption(worker.store, worker.keyring, shared, keep=True) == 0
    turn(vault, worker, shared, "encrypted")
    late = ObjectStore.beside(worker.store)  # a process that has not seen it yet
    late.save_upload(shared, "late.txt", io.BytesIO(CANARY))
    late.save_upload(shared, "a.txt", io.BytesIO(b"newer"))
    assert moving.into_encryption(worker.store, worker.keyring, shared, keep=False) == 2
    assert not in_the_clear(vault, shared) and worker.store.read(shared, sha(CANARY * 10)) == CANARY * 10
    with worker.store.open_upload(shared, "a.txt") as file:
        assert file.read() == b"newer"
    assert sorted(upload.name for upload in worker.store.uploads(shared)) == ["a.txt", "late.txt"]


def test_a_newer_encrypted_upload_is_not_overwritten_by_what_is_left_in_the_clear(vault, worker, shared):
    turn(vault, worker, shared, "shared", "encrypted")
    moving.into_encryption(worker.store, worker.keyring, shared, keep=True)
    turn(vault, worker, shared, "encrypted")
    worker.store.save_upload(shared, "a.txt", io.BytesIO(b"newest"))
    moving.into_encryption(worker.store, worker.keyring, shared, keep=False)
    with worker.store.open_upload(shared, "a.txt") as file:
        assert file.read() == b"newest"


def test_a_space_moves_out_of_encryption(vault, worker, space):
    key = worker.put(space, CANARY * 10)
    worker.store.save_upload(space, "a.txt", io.BytesIO(CANARY))
    assert moving.out_of_encryption(worker.store, worker.keyring, space, keep=True) == 2
    assert moving.out_of_encryption(worker.store, worker.keyring, space, keep=True) == 0
    turn(vault, worker, space, "shared")
    moving.out_of_encryption(worker.store, worker.keyring, space, keep=False)
    assert worker.store.read(space, key) == CANARY * 10 and worker.store.encrypted(space) is None
    assert [upload.name for upload in worker.store.uploads(space)] == ["a.txt"]
    assert len(vault.files(space)) == len(in_the_clear(vault, space)) == 2


def test_a_space_that_is_not_on_its_way_gets_no_keys(vault, worker, shared):
    with pytest.raises(KeyUnavailable):
        moving.into_encryption(worker.store, worker.keyring, shared, keep=True)
    assert len(in_the_clear(vault, shared)) == 2

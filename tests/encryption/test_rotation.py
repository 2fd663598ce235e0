"""Keys replaced while others read and write, a kill in the middle, and keys destroyed for good."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from uuid import uuid4

import pytest

from resources.encryption import rotation
from resources.encryption.stream import CHUNK, HEADER_BYTES, Header
from tests.encryption.conftest import sha


def key_ids(vault, space):
    return {Header.unpack(file.read_bytes()[:HEADER_BYTES]).key_id for file in vault.files(space)}


def test_a_new_wrapping_key_wraps_every_key_and_the_old_one_is_forgotten(vault, worker, api, space):
    other = vault.space("kek-" + uuid4().hex[:8])
    keys = {each: worker.put(each, b"x") for each in (space, other)}
    before = set(json.loads(vault.keys.read_text())["keys"])
    done = rotation.rotate_kek(worker.keyring)
    assert not done["failed"] and done["rewrapped"] >= 4 and set(done["pruned"]) == before
    assert list(json.loads(vault.keys.read_text())["keys"]) == [done["kek_id"]]
    for each, key in keys.items():
        api.keyring.forget(each)
        assert api.store.read(each, key) == b"x"


def test_rotating_for_one_space_keeps_the_key_of_the_others(vault, worker, api, space):
    other = vault.space("one-" + uuid4().hex[:8])
    key = worker.put(other, b"x")
    worker.keyring(space)
    old = list(json.loads(vault.keys.read_text())["keys"])[-1]
    done = rotation.rotate_kek(worker.keyring, space)
    assert done["rewrapped"] == 2 and old not in done["pruned"]
    api.keyring.forget(other)
    assert api.store.read(other, key) == b"x"
    rotation.rotate_kek(worker.keyring)


def test_a_space_whose_key_is_lost_does_not_hold_up_the_others(vault, worker, space):
    lost = vault.space("lost-" + uuid4().hex[:8])
    worker.keyring(space)
    worker.keyring(lost)
    vault.owner("UPDATE space_keys SET kek_id = 'gone' WHERE space_id = %s", lost)
    done = rotation.rotate_kek(worker.keyring)
    assert done["failed"] == [lost]
    assert set(vault.owner("SELECT kek_id FROM space_keys WHERE space_id = %s", space)) == {(done["kek_id"],)}
    vault.owner("DELETE FROM space_keys WHERE space_id = %s", lost)


def test_keys_move_from_one_provider_to_another(vault, worker, space):
    key = worker.put(space, b"x")
    there = vault.side("worker", key_provider="env", encryption_keys=json.dumps({"one": "A" * 43 + "="}))
    rotation.rotate_kek(there.keyring, space)
    assert set(vault.owner("SELECT provider, kek_id FROM space_keys WHERE space_id = %s", space)) == {("env", "one")}
    assert there.store.read(space, key) == b"x"


def test_after_a_new_data_key_nothing_is_published_under_the_old_one(vault, worker, api, space):
    worker.put(space, b"before")
    api.keyring(space)  # knows the old key, for up to a minute
    new = rotation.rotate_data_key(worker.keyring, space)
    api.store.save_upload(space, "a.txt", io.BytesIO(b"after"))
    [upload] = [file for file in vault.files(space) if "uploads" in str(file)]
    assert Header.unpack(upload.read_bytes()[:HEADER_BYTES]).key_id == new
    with api.store.open_upload(space, "a.txt") as file:
        assert file.read() == b"after"


def test_a_reader_with_an_old_view_of_the_keys_reads_what_lies_under_a_new_one(worker, api, space):
    api.keyring(space)
    rotation.rotate_data_key(worker.keyring, space)
    key = worker.put(space, b"new")
    assert api.store.read(space, key) == b"new"


def test_reencryption_puts_everything_under_the_newest_key_and_keeps_the_names(vault, worker, api, space):
    keys = [worker.put(space, os.urandom(n * 1000)) for n in range(5)]
    api.store.save_upload(space, "a.txt", io.BytesIO(b"upload"))
    names = {str(file) for file in vault.files(space)}
    new = rotation.rotate_data_key(worker.keyring, space)
    done = rotation.reencrypt(worker.keyring, worker.store, space)
    assert (done.rewritten, done.kept, done.failed, done.retired) == (6, 0, [], 1)
    assert key_ids(vault, space) == {new} and {str(file) for file in vault.files(space)} == names
    assert [sha(api.store.read(space, key)) for key in keys] == keys
    again = rotation.reencrypt(worker.keyring, worker.store, space)
    assert (again.rewritten, again.kept) == (0, 6)


def test_a_broken_file_is_named_and_its_key_is_not_retired(vault, worker, space):
    worker.put(space, b"good")
    key = worker.put(space, b"bad")
    tree = worker.store.encrypted(space)
    file = tree.full(tree.object_path(key))
    with open(file, "r+b") as handle:
        handle.seek(-1, io.SEEK_END)
        handle.write(b"\0\0")
    rotation.rotate_data_key(worker.keyring, space)
    done = rotation.reencrypt(worker.keyring, worker.store, space)
    assert done.rewritten == 1 and done.failed == [tree.object_path(key)] and done.retired == 0


def test_what_is_deleted_while_it_is_reencrypted_does_not_come_back(vault, worker, api, space, monkeypatch):
    key = worker.put(space, b"x")
    rotation.rotate_data_key(worker.keyring, space)
    tree = worker.store.encrypted(space)
    prepare = tree._prepare

    def prepared(path, content):
        made = prepare(path, content)
        api.store.delete(space, key)
        return made

    monkeypatch.setattr(tree, "_prepare", prepared)
    assert not tree.renew(tree.object_path(key))
    assert not vault.files(space) and not worker.store.exists(space, key)


def test_a_newer_upload_is_not_overwritten_by_the_reencrypted_older_one(worker, api, space, monkeypatch):
    api.store.save_upload(space, "a.txt", io.BytesIO(b"old"))
    rotation.rotate_data_key(worker.keyring, space)
    tree = worker.store.encrypted(space)
    prepare = tree._prepare

    def prepared(path, content):
        made = prepare(path, content)
        api.store.save_upload(space, "a.txt", io.BytesIO(b"new"))
        return made

    monkeypatch.setattr(tree, "_prepare", prepared)
    assert not tree.renew(tree.upload_path("a.txt"))
    with api.store.open_upload(space, "a.txt") as file:
        assert file.read() == b"new"


def test_a_stream_goes_on_where_it_is_when_the_file_is_replaced_under_its_hands(worker, api, space, monkeypatch):
    """As on a store whose open files see the new bytes: the old file is overwritten in place, not renamed over."""
    content = os.urandom(3 * CHUNK)
    key = worker.put(space, content)
    pieces = api.store.stream(space, key)
    got = [next(pieces)]
    rotation.rotate_data_key(worker.keyring, space)

    def overwrite(source, target):
        with open(source, "rb") as new, open(target, "r+b") as old:
            old.write(new.read())
        os.remove(source)

    monkeypatch.setattr(worker.store.fs, "mv", overwrite)
    assert rotation.reencrypt(worker.keyring, worker.store, space).rewritten == 1
    assert b"".join(got + list(pieces)) == content


def test_no_read_fails_while_keys_are_rotated_again_and_again(vault, worker, space):
    contents = {worker.put(space, content): content for content in (os.urandom(n) for n in (10, CHUNK, 3 * CHUNK))}
    stop, failures, reads = threading.Event(), [], []

    def read(side):
        while not stop.is_set():
            for key, content in contents.items():
                try:
                    assert side.store.read(space, key) == content
                    reads.append(1)
                except Exception as error:
                    failures.append(repr(error))

    def write(side):
        while not stop.is_set():
            try:
                side.store.save_upload(space, "u.txt", io.BytesIO(os.urandom(1000)))
                with side.store.open_upload(space, "u.txt") as file:
                    assert len(file.read()) == 1000
            except Exception as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=read, args=(vault.side("api"),)) for _ in range(2)]
    threads.append(threading.Thread(target=write, args=(vault.side("api"),)))
    for thread in threads:
        thread.start()
    end = time.monotonic() + 6
    rounds = 0
    while time.monotonic() < end:
        rotation.rotate_kek(worker.keyring, space)
        rotation.rotate_data_key(worker.keyring, space)
        assert not rotation.reencrypt(worker.keyring, worker.store, space).failed
        rounds += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    assert rounds >= 3 and len(reads) >= 20


KILLED = """
import sys, time
from pathlib import Path
from uuid import UUID
from resources.encryption import rotation
from resources.encryption.keyring import Keyring
from resources.encryption.providers import Providers
from resources.objects.store import ObjectStore, default_url
from resources.platform import Platform
from resources.postgres.space_keys import SpaceKeys
from resources.settings import Settings
home, space = Path(sys.argv[1]), UUID(sys.argv[2])
platform = Platform(Settings(home=home), "worker")
keyring = Keyring(SpaceKeys(lambda: platform.database), Providers(platform.settings))
store = ObjectStore(default_url(home), keyring)
def progress(stage, done, total):
    print(done, flush=True)
    time.sleep(0.02)
rotation.reencrypt(keyring, store, space, progress)
"""


@pytest.mark.parametrize("after", [1, 7, 19])
def test_reencryption_killed_in_the_middle_loses_nothing_and_goes_on(vault, worker, api, space, after):
    keys = [worker.put(space, os.urandom(50_000)) for _ in range(30)]
    old = worker.keyring(space).newest
    new = rotation.rotate_data_key(worker.keyring, space)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(vault.home.path), str(space)], stdout=subprocess.PIPE, text=True
    )
    for _ in range(after):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    in_the_middle = key_ids(vault, space)
    assert in_the_middle == {old, new}
    assert [sha(api.store.read(space, key)) for key in keys] == keys
    done = rotation.reencrypt(worker.keyring, worker.store, space)
    assert done.rewritten <= 30 - after and done.rewritten + done.kept == 30 and done.retired == 1
    whole = [file for file in vault.files(space) if not file.name.endswith(".part")]
    assert {Header.unpack(file.read_bytes()[:HEADER_BYTES]).key_id for file in whole} == {new}
    assert [sha(api.store.read(space, key)) for key in keys] == keys


def test_old_leftovers_of_killed_writers_are_swept_and_new_ones_left(vault, worker, space):
    worker.put(space, b"x")
    [file] = vault.files(space)
    old, new = (file.with_name(f"{file.name}.{n}.part") for n in ("aa", "bb"))
    for each in (old, new):
        each.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    rotation.reencrypt(worker.keyring, worker.store, space)
    assert not old.exists() and new.exists()


def test_rotation_passes_over_destroyed_spaces(worker, space):
    worker.keyring(space)
    rotation.destroy(worker.keyring, worker.store, space)
    assert space not in rotation.rotate_kek(worker.keyring)["failed"]

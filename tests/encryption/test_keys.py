"""Keys of spaces in PostgreSQL: who sees them, and what happens when one is withdrawn."""

import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from resources.domain import Isolation
from resources.encryption.errors import KeyUnavailable
from resources.encryption.keyring import CACHE_S, FAILED_S
from tests.conftest import CALLER
from tests.encryption.conftest import sha


def later(side, seconds=CACHE_S + 1):
    side.clock.now += seconds


@pytest.fixture
def hidden_keys(vault):
    """The key file taken away, brought back at the end."""
    aside = vault.keys.with_suffix(".aside")

    def hide():
        os.rename(vault.keys, aside)

    yield hide
    if aside.exists():
        os.replace(aside, vault.keys)


def test_a_space_gets_its_keys_on_first_use_and_once(vault, space):
    sides = [vault.side(role) for role in ("worker", "api", "worker", "api")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda side: side.keyring(space), sides))
    rows = vault.owner("SELECT purpose FROM space_keys WHERE space_id = %s ORDER BY purpose", space)
    assert rows == [("data",), ("names",)]
    assert len({side.keyring(space).newest for side in sides}) == 1


def test_no_key_lies_in_the_database_in_the_clear(vault, worker, space):
    cipher = worker.keyring(space)
    rows = vault.owner("SELECT wrapped FROM space_keys WHERE space_id = %s", space)
    assert all(cipher.key(cipher.newest) not in bytes(row[0]) for row in rows)


def test_a_transaction_that_names_no_one_sees_no_key(vault, worker, space):
    worker.keyring(space)
    for platform in vault.platforms[:2]:
        with platform.database.transaction() as connection:
            assert connection.execute("SELECT count(*) AS n FROM space_keys").fetchone()["n"] == 0


def test_the_pipeline_sees_the_keys_of_its_space_only(vault, worker, space):
    other = vault.space("x" + uuid4().hex[:8])
    worker.keyring(space)
    worker.keyring(other)
    rows = vault.home.rows("SELECT space_id FROM space_keys", space=space)
    assert {row["space_id"] for row in rows} == {space}


def test_a_caller_sees_only_keys_of_spaces_that_they_may_read(vault, worker, space):
    from resources.access import Caller

    worker.keyring(space)
    query = "SELECT space_id FROM space_keys WHERE space_id = %s"
    assert vault.home.rows(query, space, caller=CALLER)
    assert not vault.home.rows(query, space, caller=Caller("user:stranger"))


@pytest.mark.parametrize("role", ["worker", "api"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE space_keys SET wrapped = '' WHERE space_id = %s",
        "DELETE FROM space_keys WHERE space_id = %s",
        "INSERT INTO space_keys (id, space_id, purpose, wrapped, provider, kek_id) "
        "VALUES (gen_random_uuid(), %s, 'data', '', '', '')",
    ],
)
def test_no_service_changes_a_key_by_hand(vault, worker, api, space, role, change):
    worker.keyring(space)
    database = (worker if role == "worker" else api).keyring.vault._database()

    def attempt():
        with database.transaction(space=space) as connection:
            connection.execute("SELECT set_config('rage.readable', %s, true)", (str(space),))
            connection.execute(change, (space,))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        attempt()


@pytest.mark.parametrize(
    "call",
    [
        "rage_destroy_space_keys(%(s)s)",
        "rage_retire_space_keys(%(s)s, gen_random_uuid())",
        "rage_add_space_key(gen_random_uuid(), %(s)s, '', '', '')",
        "rage_rewrap_space_key(gen_random_uuid(), %(s)s, '', '', '', '')",
    ],
)
def test_keys_change_only_in_a_worker_that_names_their_space(vault, worker, api, space, call):
    worker.keyring(space)
    for database, named in ((worker.keyring.vault._database(), uuid4()), (api.keyring.vault._database(), space)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(space=named) as connection:
            connection.execute(f"SELECT {call}", {"s": space})
    assert vault.owner("SELECT count(*) FROM space_keys WHERE space_id = %s AND wrapped IS NOT NULL", space) == [(2,)]


def test_a_shared_space_is_given_no_keys(vault, worker):
    shared = vault.space("nokeys-" + uuid4().hex[:8], Isolation.SHARED)
    with worker.keyring.vault.wrapping():
        worker.keyring.vault.add_first(shared, [worker.keyring.new_key(shared, "data")])
    assert not vault.owner("SELECT 1 FROM space_keys WHERE space_id = %s", shared)


def test_a_withdrawn_key_makes_the_space_unreadable_within_a_minute(vault, worker, api, space, hidden_keys):
    key = worker.put(space, b"x")
    assert api.store.read(space, key) == b"x"
    hidden_keys()
    later(api, CACHE_S)
    for use in (
        lambda: api.keyring.check(space),
        lambda: api.store.read(space, key),
        lambda: api.store.stream(space, key),
        lambda: api.store.exists(space, key),
        lambda: api.store.save_upload(space, "a", io.BytesIO(b"a")),
        lambda: list(api.store.uploads(space)),
    ):
        with pytest.raises(KeyUnavailable) as caught:
            use()
        assert caught.value.http_status == 503 and caught.value.hint


def test_withdrawn_spaces_are_named_and_come_back_with_their_key(vault, api, space, hidden_keys):
    api.keyring.check(space)
    assert space not in api.keyring.withdrawn()
    hidden_keys()
    later(api)
    assert space in api.keyring.withdrawn()
    os.replace(vault.keys.with_suffix(".aside"), vault.keys)
    later(api, FAILED_S)
    assert space not in api.keyring.withdrawn()
    api.keyring.check(space)


def test_a_new_space_gets_no_new_key_file_while_the_old_one_is_away(vault, worker, space, hidden_keys):
    worker.keyring(vault.space("before-" + uuid4().hex[:8]))
    hidden_keys()
    with pytest.raises(KeyUnavailable, match="not there"):
        worker.keyring(space)
    assert not vault.keys.exists()


def test_another_key_of_the_same_name_is_no_key(vault, api, worker, space, hidden_keys):
    worker.keyring(space)
    kept = json.loads(vault.keys.read_text())
    hidden_keys()
    other = {"keys": dict.fromkeys(kept["keys"], "A" * 43 + "=")}
    vault.keys.touch(0o600)
    vault.keys.write_text(json.dumps(other))
    later(api)
    with pytest.raises(KeyUnavailable, match="does not open"):
        api.keyring.check(space)


def test_a_provider_that_fails_is_not_asked_for_every_request(vault, api, worker, space, hidden_keys, monkeypatch):
    worker.keyring(space)
    hidden_keys()
    later(api)
    asked = []
    load = api.keyring.vault.load
    monkeypatch.setattr(api.keyring.vault, "load", lambda space: asked.append(1) or load(space))
    for _ in range(20):
        with pytest.raises(KeyUnavailable):
            api.keyring.check(space)
    assert len(asked) == 1


def test_wrapped_keys_swapped_between_spaces_open_nothing(vault, worker, api, space):
    other = vault.space("swap-" + uuid4().hex[:8])
    worker.keyring(space)
    worker.keyring(other)
    vault.owner(
        "UPDATE space_keys a SET wrapped = b.wrapped FROM space_keys b "
        "WHERE a.space_id = %s AND b.space_id = %s AND a.purpose = b.purpose",
        space,
        other,
    )
    with pytest.raises(KeyUnavailable):
        api.keyring.fresh(space)


def test_deleting_a_space_deletes_its_keys(vault, worker, space):
    worker.keyring(space)
    with worker.keyring.vault._database().transaction(space=space) as connection:
        connection.execute("SELECT rage_delete_space(%s)", (space,))
    assert not vault.owner("SELECT 1 FROM space_keys WHERE space_id = %s", space)


def test_keys_from_the_environment_serve_as_well(vault, space):
    given = {"key_provider": "env", "encryption_keys": json.dumps({"one": "A" * 43 + "="})}
    key = vault.side("worker", **given).put(space, b"x")
    assert vault.side("api", **given).store.read(space, key) == b"x"
    # the provider that wrapped is asked, whichever wraps now; without its keys it is out of reach
    with pytest.raises(KeyUnavailable, match="env"):
        vault.side("api").store.read(space, key)
    assert sha(b"x") == key

"""`rage space rotate-key` and `destroy-key` by hand."""

import json
import os
from functools import cached_property

import pytest
from click.testing import CliRunner

from cli.encryption import destroy_key, rotate_key
from resources.encryption.errors import KeyDestroyed
from resources.encryption.keyring import Keyring
from resources.encryption.providers import Providers
from resources.errors import InvalidInput, NotFound
from resources.objects.store import ObjectStore, default_url
from resources.platform import Platform
from resources.postgres.space_keys import SpaceKeys
from tests.encryption.conftest import sha


@pytest.fixture(autouse=True)
def wired(monkeypatch):
    """A platform with a keyring, where it has none of its own."""
    if hasattr(Platform, "keyring"):
        return
    keyring = cached_property(lambda self: Keyring(SpaceKeys(lambda: self.database), Providers(self.settings)))
    objects = cached_property(lambda self: ObjectStore(default_url(self.settings.home), self.keyring))
    for name, part in {"keyring": keyring, "objects": objects}.items():
        part.__set_name__(Platform, name)
        monkeypatch.setattr(Platform, name, part, raising=False)


@pytest.fixture
def run(vault, monkeypatch):
    from resources.settings import settings

    def invoke(command, *arguments, **given):
        settings.cache_clear()
        monkeypatch.setenv("RAGE_HOME", str(vault.home.path))
        done = CliRunner().invoke(command, arguments, **given)
        settings.cache_clear()
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return invoke


def name_of(vault, space):
    return vault.owner("SELECT name FROM spaces WHERE id = %s", space)[0][0]


def test_the_keys_of_one_space_are_wrapped_anew(vault, worker, api, space, run):
    key = worker.put(space, b"x")
    done = run(rotate_key, name_of(vault, space))
    assert done.exit_code == 0 and "2 keys are wrapped" in done.output
    assert api.keyring.fresh(space) and api.store.read(space, key) == b"x"


def test_all_spaces_and_the_files_of_one(vault, worker, api, space, run):
    keys = [worker.put(space, os.urandom(100)) for _ in range(3)]
    assert json.loads(run(rotate_key, "--json").stdout)["failed"] == []
    done = json.loads(run(rotate_key, name_of(vault, space), "--data", "--json").stdout)
    assert done["files"] == {"rewritten": 3, "kept": 0, "failed": []}
    assert [sha(api.store.read(space, key)) for key in keys] == keys


def test_a_new_data_key_needs_a_space(run):
    with pytest.raises(InvalidInput, match="NAME"):
        run(rotate_key, "--data")


def test_an_unknown_space_is_not_found(run):
    for command in (rotate_key, destroy_key):
        with pytest.raises(NotFound):
            run(command, "nowhere")


def test_destroying_asks_first(vault, worker, space, run):
    key = worker.put(space, b"x")
    assert run(destroy_key, name_of(vault, space), input="n\n").exit_code == 1
    assert worker.keyring.fresh(space) and worker.store.read(space, key) == b"x"


def test_destroying_prints_the_receipt(vault, worker, space, run):
    key = worker.put(space, b"x")
    receipt = json.loads(run(destroy_key, name_of(vault, space), "--yes", "--json").stdout)
    assert (receipt["keys"], receipt["objects_unreadable"]) == (2, 1) and receipt["destroyed_at"]
    worker.keyring.forget(space)
    with pytest.raises(KeyDestroyed):
        worker.store.read(space, key)

"""Providers of wrapping keys: file, environment, plug-in."""

import base64
import json
import os
import stat
import subprocess
import sys
from uuid import uuid4

import pytest

from resources.encryption.errors import KeyUnavailable
from resources.encryption.key_file import KeyFile
from resources.encryption.named_keys import EnvironmentKeys
from resources.encryption.providers import Providers
from resources.errors import InvalidSettings
from resources.settings import Settings

KEY, CONTEXT = os.urandom(32), b"space and key"


def b64(key):
    return base64.b64encode(key).decode()


@pytest.fixture
def key_file(tmp_path):
    made = KeyFile(tmp_path / "keys" / "encryption.json")
    made.prepare(set())
    return made


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "encryption.json"


def test_a_wrapped_key_comes_back(key_file):
    wrapped = key_file.wrap(KEY, CONTEXT)
    assert KEY not in wrapped.blob and key_file.unwrap(wrapped, CONTEXT) == KEY


def test_a_wrapped_key_opens_only_where_it_belongs(key_file):
    with pytest.raises(KeyUnavailable):
        key_file.unwrap(key_file.wrap(KEY, CONTEXT), b"another space")


def test_the_key_file_is_for_its_owner_only(key_file, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    key_file.rotate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_that_everyone_reads_is_refused(key_file, path):
    path.chmod(0o644)
    with pytest.raises(KeyUnavailable, match="everyone"):
        key_file.current_id()


def test_a_lost_key_file_is_not_replaced_by_a_new_one(key_file, path):
    wrapped = key_file.wrap(KEY, CONTEXT)
    path.unlink()
    key_file.prepare({wrapped.kek_id})
    assert not path.exists()
    for use in (lambda: key_file.unwrap(wrapped, CONTEXT), lambda: key_file.wrap(KEY, CONTEXT), key_file.rotate):
        with pytest.raises(KeyUnavailable, match="not there"):
            use()
    assert not key_file.available(wrapped.kek_id)


def test_a_broken_key_file_says_so_and_shows_nothing_of_it(key_file, path):
    path.write_text('{"keys": {"a": "SECRETCANARY"}}')
    with pytest.raises(KeyUnavailable, match="broken") as caught:
        key_file.current_id()
    assert "SECRETCANARY" not in str(caught.value)


def test_after_rotation_the_new_key_wraps_and_the_older_still_opens(key_file):
    old = key_file.wrap(KEY, CONTEXT)
    new_id = key_file.rotate()
    assert key_file.wrap(KEY, CONTEXT).kek_id == new_id != old.kek_id
    assert key_file.unwrap(old, CONTEXT) == KEY


def test_only_older_keys_that_wrap_nothing_are_taken_out(key_file):
    first = key_file.current_id()
    second, third = key_file.rotate(), key_file.rotate()
    assert key_file.prune({first}) == [second]
    assert list(key_file.keys()) == [first, third]


def test_a_key_taken_out_of_the_file_is_out(key_file, path):
    wrapped = key_file.wrap(KEY, CONTEXT)
    path.write_text(json.dumps({"keys": {"other": b64(os.urandom(32))}}))
    with pytest.raises(KeyUnavailable, match=wrapped.kek_id):
        key_file.unwrap(wrapped, CONTEXT)


def test_processes_that_create_and_rotate_at_once_lose_no_key(path):
    code = (
        "import sys, pathlib, fasteners; from resources.encryption.key_file import KeyFile\n"
        "print(flush=True); sys.stdin.readline()\n"  # all begin together
        "k = KeyFile(pathlib.Path(sys.argv[1])); k.prepare(set()); first = k.current_id()\n"
        "print(first, *[k.rotate() for _ in range(25)])"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) for _ in range(4)]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    seen = {name for process in running for name in process.communicate(timeout=60)[0].split()}
    kept = KeyFile(path).keys()
    assert seen <= set(kept) and len(kept) == 4 * 25 + 1


def test_of_the_keys_in_the_environment_the_last_wraps_and_all_open():
    first, second = os.urandom(32), os.urandom(32)
    before = EnvironmentKeys(Settings(encryption_keys=json.dumps({"a": b64(first)})))
    after = EnvironmentKeys(Settings(encryption_keys=json.dumps({"a": b64(first), "b": b64(second)})))
    assert after.unwrap(before.wrap(KEY, CONTEXT), CONTEXT) == KEY
    assert after.wrap(KEY, CONTEXT).kek_id == "b"
    with pytest.raises(KeyUnavailable):
        before.unwrap(after.wrap(KEY, CONTEXT), CONTEXT)


@pytest.mark.parametrize("given", ["[]", "{}", "CANARY", '{"a": "CANARY"}', '{"a": 1}', json.dumps({"a": b64(b"short")})])
def test_malformed_keys_in_the_environment_are_named_and_not_shown(given):
    with pytest.raises(InvalidSettings, match="RAGE_ENCRYPTION_KEYS") as caught:
        EnvironmentKeys(Settings(encryption_keys=given))
    assert "CANARY" not in str(caught.value)


def test_an_unknown_provider_is_an_error_of_configuration(tmp_path):
    with pytest.raises(InvalidSettings, match="nobody"):
        _ = Providers(Settings(home=tmp_path, key_provider="nobody")).current


PLUG_IN = '''
from resources.encryption.providers import KeyProvider, Wrapped

class Vault(KeyProvider):
    """Stands for a key server: what it wraps it remembers, and gives out only a number."""
    name = "vault"
    def __init__(self, settings):
        self.home = settings.home
        self.held = {}
    def wrap(self, key, context):
        self.held[len(self.held)] = (key, context)
        return Wrapped(self.name, "master", str(len(self.held) - 1).encode())
    def unwrap(self, wrapped, context):
        key, bound = self.held[int(wrapped.blob)]
        if bound != context:
            raise PermissionError("the server says no")
        return key
    def current_id(self):
        return "master"
    def available(self, kek_id):
        return kek_id == "master"
'''


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """A distribution, as pip would leave it, with an entry point."""
    site = tmp_path / "site"
    info = site / "rage_vault-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rage-vault\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rage.key_providers]\nmyvault = rage_vault_plug_in:Vault\nbad = no_such_module:X\n"
    )
    (site / "rage_vault_plug_in.py").write_text(PLUG_IN)
    monkeypatch.syspath_prepend(str(site))
    return Settings(home=tmp_path, key_provider="myvault")


def test_a_plug_in_is_found_by_its_entry_point(plug_in):
    provider = Providers(plug_in).current
    wrapped = provider.wrap(KEY, CONTEXT)
    assert provider.name == "myvault" and provider.unwrap(wrapped, CONTEXT) == KEY and provider.home == plug_in.home


def test_a_plug_in_that_cannot_be_loaded_is_a_key_out_of_reach(plug_in):
    with pytest.raises(KeyUnavailable, match="bad"):
        Providers(plug_in).named("bad")


def test_what_a_plug_in_raises_is_a_key_out_of_reach(plug_in):
    from resources.encryption.keyring import Keyring
    from resources.postgres.space_keys import KeyRow

    ring = Keyring(None, Providers(plug_in))
    space = uuid4()
    row = ring.wrap(space, KeyRow(uuid4(), "data", b"", "myvault", ""), KEY)
    assert ring.unwrap(space, row) == KEY
    with pytest.raises(KeyUnavailable, match="PermissionError"):
        ring.unwrap(uuid4(), row)

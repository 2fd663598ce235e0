"""An encrypted space from its creation to the destruction of its keys, through the whole pipeline."""

import os
import signal
import subprocess
import sys

import pytest

from resources import space_administration
from resources.access import LOCAL_ADMIN, Role
from resources.domain import Isolation
from resources.encryption import keyring
from resources.encryption.errors import KeyDestroyed, KeyUnavailable
from resources.encryption.rotation import destroy
from resources.errors import NotFound
from resources.postgres import reading, sources
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from resources.space_moving import move

pytestmark = pytest.mark.real
CANARY = "nightingale-7731"


def nothing(*_):
    """Progress that nobody sees."""


@pytest.fixture(scope="module")
def vault(shared_home, tmp_path_factory):
    """The encrypted space `vault` with one document."""
    folder = tmp_path_factory.mktemp("vault")
    (folder / "secret.md").write_text(f"# Secret\n\nThe word is {CANARY}.\n")
    platform = shared_home.platform()
    created = space_administration.create(platform, LOCAL_ADMIN, "vault", isolation=Isolation.ENCRYPTED)
    with platform.enter(LOCAL_ADMIN, "vault", Role.INGESTOR) as (connection, row):
        sources.add(connection, row["id"], name="files", kind="folder", location=str(folder))
    assert shared_home.ingest("vault").documents.new == 1
    yield shared_home, platform, created.id
    platform.close()


def stored(home):
    return [file for file in (home.path / "store").rglob("*") if file.is_file()]


def found(platform, space="vault"):
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    return retriever.search(LOCAL_ADMIN, SearchRequest(space=space, query="the secret word")).results


def raw(platform, space="vault"):
    with platform.enter(LOCAL_ADMIN, space) as (connection, row):
        document = connection.execute("SELECT id FROM documents WHERE space_id = %s", (row["id"],)).fetchone()["id"]
        place = reading.raw(connection, document)
    return b"".join(platform.objects.stream(place["space_id"], place["sha256"]))


def test_its_bytes_are_nowhere_in_the_clear_and_come_back_whole(vault):
    home, platform, _ = vault
    assert stored(home)
    assert not [file for file in stored(home) if CANARY.encode() in file.read_bytes()]
    assert CANARY.encode() in raw(platform)


def test_it_is_searched_like_any_other(vault):
    _, platform, _ = vault
    assert CANARY in found(platform)[0].block.text


def test_without_the_wrapping_key_nothing_of_it_is_there(vault):
    home, _, _ = vault
    keys = home.path / "keys" / "encryption.json"
    keys.rename(keys.with_suffix(".away"))
    other = home.platform()  # a process that has nothing in memory yet
    try:
        with pytest.raises(KeyUnavailable), other.enter(LOCAL_ADMIN, "vault"):
            pass
        with pytest.raises(NotFound):
            other.look(LOCAL_ADMIN, lambda connection: reading.block(connection, _any_block(home)))
    finally:
        keys.with_suffix(".away").rename(keys)
        other.close()


def _any_block(home):
    return home.rows("SELECT id FROM blocks LIMIT 1")[0]["id"]


def test_a_space_moves_into_encryption_and_out_again_killed_in_between(vault, tmp_path, monkeypatch):
    home, _, _ = vault
    monkeypatch.setattr(keyring, "CACHE_S", 0.0)  # this process alone holds keys
    (tmp_path / "a.md").write_text("# Open\n\nThe secret word is owl-4410.\n")
    home.space("open", folder=tmp_path)
    home.ingest("open")
    code = (
        "import os, signal\nfrom resources.domain import Isolation\nfrom resources.platform import Platform\n"
        "from resources.postgres import moving\nfrom resources.settings import settings\n"
        "from resources.space_moving import move\n"
        "moving.switch_over = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "move(Platform(settings(), 'worker'), 'open', Isolation.ENCRYPTED, None, lambda *_: None)\n"
    )
    environment = {**os.environ, "RAGE_HOME": str(home.path)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    worker, fresh = home.platform("worker"), home.platform()
    assert b"owl-4410" in raw(fresh, "open")
    move(worker, "open", Isolation.ENCRYPTED, None, nothing)
    assert not [file for file in stored(home) if b"owl-4410" in file.read_bytes()]
    for isolation in (Isolation.SHARED, None):
        reader = home.platform()
        assert b"owl-4410" in raw(reader, "open")
        assert home.ingest("open").documents.unchanged == 1
        reader.close()
        if isolation:
            move(worker, "open", isolation, None, nothing)
    worker.close()
    fresh.close()


def test_destroying_the_keys_makes_it_unreadable_and_says_so(vault):
    home, _, space = vault
    worker = home.platform("worker")
    receipt = destroy(worker.keyring, worker.objects, space)
    worker.close()
    assert receipt["keys"] >= 1
    assert receipt["objects_unreadable"] == 1
    fresh = home.platform()
    with pytest.raises(KeyDestroyed), fresh.enter(LOCAL_ADMIN, "vault"):
        pass
    with pytest.raises(KeyDestroyed):
        found(fresh)
    fresh.close()

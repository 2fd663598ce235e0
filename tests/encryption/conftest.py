"""Encrypted spaces on a real database, as two processes see them: the pipeline and the query layer."""

import hashlib
import io
from dataclasses import dataclass
from uuid import UUID

import pytest

from resources.domain import Isolation
from resources.encryption.keyring import Keyring
from resources.encryption.providers import Providers
from resources.objects.store import ObjectStore, default_url
from resources.postgres import spaces
from resources.postgres.space_keys import SpaceKeys
from tests.conftest import CALLER, Home

CANARY = b"CANARY-7f3a"


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self):
        return self.now


def sha(content):
    return hashlib.sha256(content).digest()


@dataclass
class Side:
    """What one process has open."""

    keyring: Keyring
    store: ObjectStore
    clock: Clock

    def put(self, space, content):
        self.store.put(space, sha(content), io.BytesIO(content))
        return sha(content)


class Vault:
    """A home with its two sides."""

    def __init__(self, home: Home):
        self.home = home
        self.keys = home.path / "keys" / "encryption.json"
        self.platforms = []

    def side(self, role="worker", **given):
        platform = self.home.platform(role, **given)
        self.platforms.append(platform)
        clock = Clock()
        keyring = Keyring(SpaceKeys(lambda: platform.database), Providers(platform.settings), clock)
        url = platform.settings.object_store_url or default_url(self.home.path)
        return Side(keyring, ObjectStore(url, keyring), clock)

    def space(self, name, isolation=Isolation.ENCRYPTED) -> UUID:
        platform = self.home.platform()
        try:
            with platform.database.transaction(caller=CALLER) as connection:
                return spaces.create(
                    connection, name, shards=1, model="m", dimension=3, creator=CALLER.principal, isolation=isolation
                )
        finally:
            platform.close()

    def files(self, space=None):
        root = self.home.path / "store"
        return [f for f in root.rglob("*") if f.is_file() and (space is None or str(space) in str(f))]

    def owner(self, query, *parameters):
        import psycopg

        platform = self.home.platform()
        try:
            with psycopg.connect(platform.url("owner"), options="-c search_path=rage,public") as connection:
                done = connection.execute(query, parameters)
                return done.fetchall() if done.description else []
        finally:
            platform.close()


@pytest.fixture(scope="module")
def vault(shared_home):
    made = Vault(shared_home)
    yield made
    for platform in made.platforms:
        platform.close()


@pytest.fixture(scope="module")
def worker(vault):
    return vault.side("worker")


@pytest.fixture(scope="module")
def api(vault):
    return vault.side("api")


@pytest.fixture
def space(vault, request):
    return vault.space("s" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20])

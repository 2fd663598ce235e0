"""A query layer over a real database, people who may sign in to it, and clients at addresses of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from resources.access import Role
from resources.postgres import users
from resources.postgres.database import Database
from resources.postgres.users import User
from resources.sign_in.local import issue_token
from resources.sign_in.passwords import hash_password
from tests.api.conftest import RecordingLauncher
from tests.conftest import Home, _new_home

PASSWORD = "correct horse battery staple"
_numbers = count(1)


@cache
def known_hash() -> str:
    """The hash of `PASSWORD`, made once."""
    return hash_password(PASSWORD)


@pytest.fixture(scope="session")
def sign_in_home(models) -> Iterator[Home]:
    with _new_home(models) as created:
        yield created


@pytest.fixture(scope="session")
def owner(sign_in_home: Home):
    """Transactions of the schema's owner."""
    platform = sign_in_home.platform()
    database = Database(platform.url("owner"), "none", (1, 2)).open()
    yield database.transaction
    database.close()
    platform.close()


@pytest.fixture
def person(owner) -> Callable[..., User]:
    """Adds a user with `PASSWORD`, of a name that nobody has."""

    def add(role: Role | None = None, groups: tuple[str, ...] = (), name: str = "") -> User:
        with owner() as connection:
            return users.add(connection, name or f"person-{uuid4().hex[:8]}", known_hash(), role, groups)

    return add


@pytest.fixture(scope="session")
def platform(sign_in_home: Home):
    opened = sign_in_home.platform()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def app(platform) -> FastAPI:
    from api.app import create_app

    return create_app(platform, RecordingLauncher())


@pytest.fixture
def at(app: FastAPI) -> Iterator[Callable[..., TestClient]]:
    """A client at an address, by default one that nobody used before; with a token if one is given."""
    opened = []

    def client(address: str = "", token: str = "") -> TestClient:
        number = next(_numbers)
        place = address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        opened.append(TestClient(app, raise_server_exceptions=False, client=(place, 50000), headers=headers))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture
def admin(at, sign_in_home: Home) -> TestClient:
    """The local administrator's client."""
    return at(token=issue_token(sign_in_home.path)[0])


@contextmanager
def configured(home: Home, **settings) -> Iterator[TestClient]:
    """A client of a query layer with other settings."""
    from api.app import create_app

    platform = home.platform(**settings)
    try:
        yield TestClient(create_app(platform, RecordingLauncher()), raise_server_exceptions=False)
    finally:
        platform.close()


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Asks for tokens with a password."""
    return client.post("/auth/token", data={"grant_type": "password", "username": name, "password": password})


def refresh(client: TestClient, token: str) -> httpx.Response:
    """Asks for the next tokens."""
    return client.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})


def me(client: TestClient, token: str) -> httpx.Response:
    """Asks who a token speaks for."""
    return client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})

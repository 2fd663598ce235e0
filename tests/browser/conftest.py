"""The API as a process, the real Keycloak behind a way that can be cut, and people who sign in with or without a browser."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from cli.ports import answers, free_port
from resources.access import LOCAL_ADMIN, Role
from resources.postgres import members
from resources.postgres.database import Database
from resources.sign_in.local import issue_token
from tests.browser.forwarder import Forwarder
from tests.conftest import Home, _new_home
from tests.sign_in.keycloak import Keycloak

SHORT_S = 4
TEXTS = {
    "leave.md": "# Leave\n\nEveryone may take 30 days of leave a year. Ask your lead two weeks before.\n",
    "travel.md": "# Travel\n\nTrains are booked by the office. Claims with `<b>bold</b>` need a receipt & a signature.\n",
}


@dataclass
class Site:
    """The API, where people sign in to it, and what is behind it."""

    home: Home
    url: str
    keycloak: Keycloak
    forwarder: Forwarder
    log: Path
    environment: dict[str, str] = field(repr=False)

    def visitor(self, url: str = "", **headers: str) -> httpx.Client:
        """Somebody who has not signed in."""
        return httpx.Client(base_url=url or self.url, headers=headers, timeout=60)

    def away(self, visitor: httpx.Client, user: str, following: str = "/") -> str:
        """Begins a sign-in and does the issuer's part; gives the address at which the browser comes back."""
        answer = visitor.get("/auth/login", params={"next": following})
        assert answer.status_code == 302, answer.text
        return self.keycloak.browser().sign_in(answer.headers["location"], user)

    def signed_in(self, user: str) -> httpx.Client:
        """Somebody who has; changes carry the CSRF token."""
        visitor = self.visitor()
        answer = visitor.get(self.away(visitor, user))
        assert answer.status_code == 303, answer.text
        visitor.headers["X-CSRF-Token"] = visitor.get("/auth/me").json()["csrf_token"]
        return visitor

    def rows(self, query: str, *values) -> list[dict]:
        """What a query of the schema's owner gives."""
        platform = self.home.platform()
        database = Database(platform.url("owner"), "none", (1, 1)).open()
        try:
            with database.transaction() as connection:
                cursor = connection.execute(query, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            database.close()
            platform.close()

    def rage(self, *arguments: str) -> subprocess.CompletedProcess:
        """A command of the operator."""
        rage = Path(sys.executable).with_name("rage")
        return subprocess.run([rage, *arguments], env=self.environment, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="session")
def forwarder() -> Iterator[Forwarder]:
    url = os.environ.get("RAGE_TEST_KEYCLOAK_URL")
    if not url:
        pytest.skip("no Keycloak is there (RAGE_TEST_KEYCLOAK_URL)")
    parts = urlsplit(url)
    made = Forwarder(parts.hostname or "", parts.port or 80)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def keycloak(forwarder: Forwarder) -> Iterator[Keycloak]:
    """The shipped realm, reached through the forwarder; it notes every renewal."""
    admin = os.environ.get("RAGE_TEST_KEYCLOAK_ADMIN", "admin")
    realm = Keycloak(forwarder.url, admin, os.environ.get("RAGE_TEST_KEYCLOAK_ADMIN_PASSWORD", "admin"))
    try:
        realm.admin.update_realm(realm.realm, {"enabledEventTypes": ["REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"]})
        realm.user("ann", groups=["/engineering/search"])
        realm.user("boss", roles=["admin"])
        yield realm
    finally:
        realm.close()


@contextmanager
def served(home: Home, log: Path, **environment: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The API of a home as a process; gives its address."""
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}"
    whole = {**os.environ, "RAGE_HOME": str(home.path), "RAGE_SIGN_IN_LIMIT": "100000 per minute"} | environment
    whole = {name: value.replace("{url}", url) for name, value in whole.items()}
    with log.open("w") as file:
        process = subprocess.Popen([sys.executable, "-m", "api", "--port", str(port)], env=whole, stderr=file)
        try:
            deadline = time.monotonic() + 60
            while not answers(f"{url}/health"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield url, whole
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def site(keycloak: Keycloak, forwarder: Forwarder, models: Path, tmp_path_factory) -> Iterator[Site]:
    """One API for all tests; the group `engineering` reads its space `handbook`."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    log = tmp_path_factory.mktemp("log") / "api.log"
    with _new_home(models) as home:
        space = home.space("handbook", folder)
        home.ingest("handbook")
        grant(home, space, "group:engineering", Role.READER)
        secret = keycloak.client_secret()
        with served(home, log, RAGE_OIDC_ISSUER=keycloak.issuer, RAGE_OIDC_CLIENT_SECRET=secret) as (url, environment):
            keycloak.configure_client(
                "rage-portal",
                redirectUris=[f"{url}/auth/callback"],
                attributes={
                    "post.logout.redirect.uris": f"{url}/",
                    "backchannel.logout.url": f"{url}/auth/backchannel-logout",
                },
            )
            yield Site(home, url, keycloak, forwarder, log, environment)


def grant(home: Home, space: UUID, principal: str, role: Role) -> None:
    platform = home.platform()
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        members.grant(connection, space, principal, role, "user:local-admin")
    platform.close()


@pytest.fixture
def person(keycloak: Keycloak) -> Callable[..., str]:
    """Makes a user for one test alone, by default in `engineering`."""

    def make(groups=("/engineering",), roles=()) -> str:
        name = f"user-{uuid4().hex[:8]}"
        keycloak.user(name, groups=groups, roles=roles)
        return name

    return make


@pytest.fixture
def ann(site: Site) -> Iterator[httpx.Client]:
    """A reader who is signed in."""
    client = site.signed_in("ann")
    yield client
    client.close()


@pytest.fixture
def boss(site: Site) -> Iterator[httpx.Client]:
    """An administrator of the platform who is signed in."""
    client = site.signed_in("boss")
    yield client
    client.close()


@pytest.fixture
def short_tokens(keycloak: Keycloak) -> Iterator[float]:
    """Access tokens of browsers live for some seconds only; gives the time after which one has to be renewed."""
    keycloak.configure_client("rage-portal", attributes={"access.token.lifespan": str(SHORT_S)})
    yield SHORT_S + 0.5
    keycloak.configure_client("rage-portal", attributes={"access.token.lifespan": ""})


@pytest.fixture
def local_site(models: Path, tmp_path: Path) -> Iterator[str]:
    """An API without an issuer."""
    with _new_home(models) as home, served(home, tmp_path / "api.log") as (url, _):
        yield url


def admin_token(site: Site) -> str:
    return issue_token(site.home.path)[0]


def error_of(response: httpx.Response, status: int, code: str) -> dict:
    """The error in an envelope, with its status and code as they should be."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    return error


def set_cookies(response: httpx.Response) -> dict[str, str]:
    """Name: everything after it, of the cookies that an answer sets."""
    return dict(header.split("=", 1) for header in response.headers.get_list("set-cookie"))

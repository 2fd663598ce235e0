"""Who may name which location through the API."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from resources.access import Caller, Role
from tests.api.conftest import api_home, error_of, launcher, memory  # noqa: F401

URL = "/api/v1/memory/ingest"


@pytest.fixture
def ask(memory, launcher):  # noqa: F811
    """Asks for a location as someone with a role, on a platform with these settings."""
    platforms = []

    def _ask(location, role, **settings):
        platforms.append(memory.home.platform("api", **settings))
        caller = Caller("user:somebody", platform_role=role)
        app = create_app(platforms[-1], launcher, verify=lambda token: caller)
        with TestClient(app, raise_server_exceptions=False, headers={"Authorization": "Bearer x"}) as client:
            return client.post(URL, json={"space": memory.name, "location": str(location)})

    yield _ask
    for platform in platforms:
        platform.close()


def test_without_roots_only_administrators_name_folders(ask, tmp_path):
    assert ask(tmp_path, Role.ADMIN).status_code == 202
    for location in (tmp_path, "/none/such", "/etc/passwd"):
        error = error_of(ask(location, Role.INGESTOR), 403, "forbidden")
        assert "RAGE_SOURCE_ROOTS" in error["message"]
        assert str(location) not in error["message"]


def test_roots_bind_everyone(ask, tmp_path):
    (tmp_path / "in").mkdir()
    for role in (Role.INGESTOR, Role.ADMIN):
        assert ask(tmp_path / "in", role, source_roots=[tmp_path / "in"]).status_code == 202
        error_of(ask(tmp_path, role, source_roots=[tmp_path / "in"]), 403, "forbidden")


def test_the_folder_with_the_keys_is_nobodys_source(ask, memory):  # noqa: F811
    for location in (memory.home.path, memory.home.path / "keys", "/"):
        error_of(ask(location, Role.ADMIN), 403, "forbidden")


@pytest.mark.parametrize(
    "location", ["git@localhost:a/b", "https://127.0.0.1/a.git", "sftp://169.254.169.254/x", "ftp://2130706433/x"]
)
def test_private_servers_are_named_by_the_operator_alone(ask, location):
    error_of(ask(location, Role.ADMIN), 422, "egress_refused")


def test_a_private_server_that_the_operator_names_becomes_a_source(ask):
    assert ask("git@localhost:a/b", Role.INGESTOR, allowed_hosts=["localhost"]).status_code == 202

"""Who may name which location through the API."""

import pytest

from api.ingest import IngestLocation, _ingest_location
from resources.access import Caller, Role
from resources.egress import EgressRefused
from resources.errors import Forbidden
from tests.api.conftest import api_home, launcher, memory  # noqa: F401


@pytest.fixture
def ask(memory, launcher):  # noqa: F811
    """Asks for a location as someone with a role, on a platform with these settings."""
    platforms = []

    def _ask(location, role, **settings):
        platforms.append(memory.home.platform("api", **settings))
        body = IngestLocation(space=memory.name, location=str(location))
        return _ingest_location(platforms[-1], launcher, Caller("user:somebody", platform_role=role), body)

    yield _ask
    for platform in platforms:
        platform.close()


def test_without_roots_only_administrators_name_folders(ask, tmp_path):
    assert ask(tmp_path, Role.ADMIN)
    for location in (tmp_path, "/none/such", "/etc/passwd"):
        with pytest.raises(Forbidden, match="RAGE_SOURCE_ROOTS") as error:
            ask(location, Role.INGESTOR)
        assert str(location) not in str(error.value)


def test_roots_bind_everyone(ask, tmp_path):
    (tmp_path / "in").mkdir()
    for role in (Role.INGESTOR, Role.ADMIN):
        assert ask(tmp_path / "in", role, source_roots=[tmp_path / "in"])
        with pytest.raises(Forbidden):
            ask(tmp_path, role, source_roots=[tmp_path / "in"])


def test_the_folder_with_the_keys_is_nobodys_source(ask, memory):  # noqa: F811
    for location in (memory.home.path, memory.home.path / "keys"):
        with pytest.raises(Forbidden):
            ask(location, Role.ADMIN)


@pytest.mark.parametrize(
    "location",
    [
        "git@localhost:a/b",
        "https://127.0.0.1/a.git",
        "sftp://169.254.169.254/x",
        "ftp://2130706433/x",
        "http://127.0.0.1/docs",
        "https://metadata.google.internal/",
    ],
)
def test_private_servers_are_named_by_the_operator_alone(ask, location):
    with pytest.raises(EgressRefused):
        ask(location, Role.ADMIN)


def test_a_private_server_that_the_operator_names_becomes_a_source(ask):
    assert ask("git@localhost:a/b", Role.ADMIN, allowed_hosts=["localhost"])


@pytest.mark.parametrize(
    "location", ["git@localhost:a/b", "ssh://localhost/a.git", "s3://bucket/folder", "sftp://localhost/x"]
)
def test_what_is_read_with_the_servers_own_credentials_is_named_by_platform_administrators_alone(ask, location):
    with pytest.raises(Forbidden):
        ask(location, Role.INGESTOR, allowed_hosts=["localhost"])

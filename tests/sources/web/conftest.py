"""A web server on this machine, and a reader that crawls it without waiting."""

import pytest

from rage_assets.raw.sources.web import WebReader, fetcher
from resources.selection import Selection
from resources.settings import Settings
from tests.sources.web.server import serving


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(fetcher, "_FIRST_WAIT_S", 0.01)


@pytest.fixture
def server():
    with serving() as told:
        yield told


@pytest.fixture
def reader(server, tmp_path):
    def _reader(path="/", *, exclude=(), allowed=True, **given):
        is_first = given.pop("is_first", not (tmp_path / "web" / "x.sqlite").exists())
        hosts = [f"127.0.0.1:{server.port}"] if allowed else []
        settings = Settings(**{"home": tmp_path, "allowed_hosts": hosts, "web_delay_s": 0} | given)
        excludes = Selection(exclude=exclude).excludes
        return WebReader(server.url(path), tmp_path / "web" / "x.sqlite", settings, excludes, is_first=is_first)

    return _reader

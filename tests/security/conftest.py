"""One company full of canaries for all tests of this folder; each of them leaves it as it found it."""

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from resources.logs import configure_logs
from tests.conftest import _new_home
from tests.security.issuer import LocalOidc
from tests.security.world import World


@pytest.fixture(scope="session")
def issuer() -> Iterator[LocalOidc]:
    """An issuer whose private key the tests have."""
    server = LocalOidc()
    yield server
    server.close()


@pytest.fixture(scope="session")
def world(models, issuer: LocalOidc, tmp_path_factory) -> Iterator[World]:
    """The company."""
    with _new_home(models) as home:
        made = World(home, issuer, tmp_path_factory.mktemp("sources"))
        yield made
        made.close()


@pytest.fixture(scope="module")
def log() -> Iterator[io.StringIO]:
    """Everything that the platform logs in this process, to the last detail."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    with redirect_stderr(written):
        configure_logs("DEBUG")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # that of the test's own client
    yield written
    structlog.configure(**configured)
    root.handlers[:] = handlers
    root.setLevel(level)

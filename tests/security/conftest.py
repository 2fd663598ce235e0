"""One company full of canaries for all tests of this folder; each of them leaves it as it found it."""

from collections.abc import Iterator

import pytest

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

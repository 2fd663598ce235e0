"""Dagster's storage: few connections, and none that a restart of the database leaves broken."""

import psycopg
import pytest

from rage_assets.instance import open_instance

pytestmark = pytest.mark.real


@pytest.fixture
def worker(home):
    platform = home.platform("worker")
    yield platform
    platform.close()


def _one(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchone()[0]


def test_a_run_opens_few_connections_and_leaves_none(home, write, worker):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}))
    # another database: whoever asks in Dagster's own would be counted
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname LIKE '%dagster%'"
    before = _one(worker.url("owner"), sessions)
    assert home.ingest().state == "succeeded"
    assert _one(worker.url("owner"), sessions) - before <= 20
    assert _one(worker.url("owner"), "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '%dagster%'") == 0


def test_a_connection_that_was_lost_while_it_rested_is_replaced(worker):
    with open_instance(worker) as instance:
        instance.add_dynamic_partitions("kept", ["a"])
        own = "datname = current_database() AND pid <> pg_backend_pid()"
        lost = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {own}"
        assert _one(worker.url("dagster"), lost) >= 1
        assert instance.has_dynamic_partition("kept", "a")

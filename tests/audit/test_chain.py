"""Writing: every entry is in the chain once, whoever writes at the same time, and nothing is written half."""

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from resources.audit.acts import audited, record, record_run
from resources.audit.anchor import AnchorBroken, anchor_file
from resources.audit.anchor import read as read_anchor
from resources.audit.chain import Head, link, row_hash
from resources.audit.entry import Entry, Outcome
from resources.audit.key import KeyRing, add_key, key_file
from resources.audit.writer import AuditWriter
from resources.errors import InvalidSettings, NotFound, ServiceUnavailable

OTHER_PROCESS = """
import sys, threading
from resources.audit.entry import Entry, Outcome
from resources.audit.writer import AuditWriter
from resources.platform import Platform
from resources.settings import Settings

platform = Platform(Settings(home=sys.argv[1]), "worker")
writer = AuditWriter(platform, wait_s=30)
def work():
    for number in range(50):
        writer.append(Entry("other", Outcome.ALLOWED, actor="user:other", details={"number": number}))
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
writer.close()
platform.close()
"""


def test_the_chain_holds_after_a_thousand_entries_of_threads_and_processes(log):
    others = [subprocess.Popen([sys.executable, "-c", OTHER_PROCESS, str(log.home.path)]) for _ in range(2)]
    writer = AuditWriter(log.platform, wait_s=30)

    def work(name):
        for number in range(75):
            writer.append(Entry("here", Outcome.ALLOWED, actor=f"user:{name}", details={"number": number}))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(120) for other in others] == [0, 0]
    writer.close()
    report = log.verify()
    assert report.whole, report.problems
    assert (report.rows, report.last_seq, report.anchored_seq) == (1000, 1000, 1000)
    with log.owner(guarded=True) as connection:
        counted = connection.execute("SELECT action, count(*) FROM audit_log GROUP BY 1 ORDER BY 1").fetchall()
    assert counted == [("here", 600), ("other", 400)]


def test_many_waiters_share_a_transaction(log):
    writer = AuditWriter(log.platform)
    writer.append(Entry("first", Outcome.ALLOWED))
    futures = [writer.submit(Entry("many", Outcome.ALLOWED)) for _ in range(300)]
    for future in futures:
        future.result(10)
    writer.close()
    with log.owner(guarded=True) as connection:
        row = connection.execute("SELECT count(DISTINCT xmin::text) FROM audit_log WHERE action = 'many'").fetchone()
    assert row[0] < 100


def test_it_starts_again_where_it_ended(log):
    log.write("a", "b")
    log.write("c")
    assert [row[:2] for row in log.rows()] == [(1, "a"), (2, "b"), (3, "c")]
    assert log.verify().whole


def test_a_lost_connection_loses_and_doubles_nothing(log):
    writer = AuditWriter(log.platform)
    writer.append(Entry("before", Outcome.ALLOWED))
    with psycopg.connect(log.superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rage_api'")
    writer.append(Entry("after", Outcome.ALLOWED))
    writer.close()
    assert [row[1] for row in log.rows()] == ["before", "after"]
    assert log.verify().whole


def test_an_entry_that_cannot_be_written_is_refused_in_time(log):
    writer = AuditWriter(log.platform, wait_s=1.0)
    writer.append(Entry("before", Outcome.ALLOWED))
    with log.owner(guarded=True) as connection, connection.transaction():
        connection.execute("SELECT rage_audit_head()")  # somebody sits on the chain
        with pytest.raises(ServiceUnavailable, match="takes too long"):
            writer.append(Entry("refused", Outcome.ALLOWED))
    writer.append(Entry("after", Outcome.ALLOWED))
    writer.close()
    assert log.rows()[-1][1] == "after"
    assert log.verify().whole


def test_a_closed_writer_refuses(log):
    writer = AuditWriter(log.platform)
    writer.append(Entry("a", Outcome.ALLOWED))
    writer.close()
    with pytest.raises(ServiceUnavailable):
        writer.append(Entry("b", Outcome.ALLOWED))


def test_an_entry_in_a_transaction_stands_and_falls_with_it(log):
    with log.platform.database.transaction() as connection:
        record(connection, log.platform, Entry("kept", Outcome.ALLOWED))
    with suppress(ZeroDivisionError), log.platform.database.transaction() as connection:
        record(connection, log.platform, Entry("lost", Outcome.ALLOWED))
        raise ZeroDivisionError
    log.write("next")
    assert [row[1] for row in log.rows()] == ["kept", "next"]
    assert log.verify().whole


def test_the_pipeline_writes_down_its_runs(log):
    worker = log.home.platform("worker")
    space = uuid4()
    with worker.database.transaction(space=space) as connection:
        record_run(
            connection,
            worker,
            run_id="dagster-1",
            job="ingest",
            space_id=space,
            space="handbook",
            state="partly",
            counts={"new": 3},
            request_id="r-1",
        )
    worker.close()
    assert log.rows() == [(1, "run.ingest", "allowed", "service:pipeline")]
    assert log.verify().whole


@pytest.mark.parametrize("role", ["api", "worker"])
def test_commands_are_written_down_before_and_after_a_change(log, role):
    platform = log.home.platform(role)
    with audited(platform, "spaces.create", target="handbook") as facts:
        assert [row[2] for row in log.rows()] == ["begun"]
        facts["space_id"] = uuid4()
    with pytest.raises(NotFound), audited(platform, "spaces.delete"):
        raise NotFound("There is no such space.")
    with pytest.raises(KeyboardInterrupt), audited(platform, "ingest"):
        raise KeyboardInterrupt
    with audited(platform, "memory.search", change=False, query="secret plans"):
        pass
    platform.close()
    assert [row[1:3] for row in log.rows()] == [
        ("spaces.create", "begun"),
        ("spaces.create", "allowed"),
        ("spaces.delete", "begun"),
        ("spaces.delete", "denied"),
        ("ingest", "begun"),
        ("ingest", "failed"),
        ("memory.search", "allowed"),
    ]
    with log.owner(guarded=True) as connection:
        stored = str(connection.execute("SELECT actor, space_id, details::text FROM audit_log").fetchall())
    assert "user:local-admin" in stored
    assert "os_user" in stored
    assert "secret plans" not in stored
    assert log.verify().anchored_seq == 7


def test_details_hold_no_secrets_and_nothing_that_cannot_be_stored(log):
    details = {
        "password": "hunter2",
        "nested": {"access_token": "abc", "client_secret": "def"},
        "url": "postgresql://ann:hunter2@db/x",
        "nul\0": "a\0b\ud800c",
        "endless": "x" * 50_000,
        "many": list(range(5_000)),
        "float": float("nan"),
        "id": uuid4(),
    }
    writer = AuditWriter(log.platform)
    writer.append(Entry("a\0", Outcome.ALLOWED, target="x" * 5_000, details=details))
    writer.append(Entry("huge", Outcome.ALLOWED, details={str(n): ["y" * 9_000] for n in range(50)}))
    writer.close()
    with log.owner(guarded=True) as connection:
        stored, huge = connection.execute("SELECT details FROM audit_log ORDER BY seq").fetchall()
    assert "hunter2" not in str(stored) and "abc" not in str(stored) and "def" not in str(stored)
    assert len(stored[0]["endless"]) == 10_000 and len(stored[0]["many"]) == 100
    assert huge[0] == {"left_out_bytes": pytest.approx(450_000, rel=0.1)}
    assert log.verify().whole


def test_every_column_is_covered_by_the_hash(tmp_path):
    ring = KeyRing([b"k" * 32])
    row = link(ring, Head(), [Entry("a", Outcome.ALLOWED, at=datetime(2026, 1, 1, tzinfo=UTC))])[0]
    other = {
        "at": datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        "status": 200,
        "space_id": uuid4(),
        "seq": 2,
        "details": "{} ",
        "previous": b"p" * 32,
    }
    for column in set(row._fields) - {"hash", "key_id"}:
        assert row_hash(ring, row._replace(**{column: other.get(column, "another")})) != row.hash, column
    assert row_hash(ring, row._replace(key_id="another")) is None
    assert replace(Entry("a", Outcome.ALLOWED), action="b").action == "b"


def test_the_key_is_made_once_and_for_its_owner_only(log):
    log.write("a")
    path = key_file(log.home.path)
    made = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    log.write("b")
    assert path.read_bytes() == made


@pytest.mark.parametrize("key", ["short", "AAAA", "not base64!", ","])
def test_a_key_that_is_none_is_named_and_not_shown(home_settings, key):
    with pytest.raises(InvalidSettings, match="RAGE_AUDIT_KEY") as error:
        KeyRing.load(home_settings(key))
    assert key == "," or key not in str(error.value)


@pytest.fixture
def home_settings(tmp_path):
    from resources.settings import Settings

    return lambda key: Settings(home=tmp_path, audit_key=key)


def test_after_a_rotation_the_old_rows_still_count(log):
    log.write("old")
    key_id = add_key(log.home.path)
    assert add_key(log.home.path) != key_id
    log.write("new")
    assert log.verify().whole
    with log.owner(guarded=True) as connection:
        used = connection.execute("SELECT count(DISTINCT key_id) FROM audit_log").fetchone()
    assert used == (2,)


def test_a_process_with_another_key_does_not_write_into_the_chain(log):
    log.write("a")
    key_file(log.home.path).unlink()
    with pytest.raises(ServiceUnavailable, match="written with the key"):
        log.write("b")
    assert len(log.rows()) == 1


def test_the_anchor_follows_and_does_not_go_back(log):
    log.write("a", "b", "c")
    path = anchor_file(log.home.path)
    assert read_anchor(path, log.ring).seq == 3
    with log.owner() as connection:
        connection.execute("TRUNCATE audit_log")
    log.write("d")
    assert read_anchor(path, log.ring).seq == 3
    path.write_text(path.read_text().replace('"seq": 3', '"seq": 1'))
    with pytest.raises(AnchorBroken):
        read_anchor(path, log.ring)

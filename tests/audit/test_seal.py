"""Sealing and exporting: rows leave the log for files that prove themselves, whatever kills the process meanwhile."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from resources.audit.entry import Entry, Outcome
from resources.audit.export import verify_file
from resources.audit.key import KeyRing
from resources.audit.segments import seal
from resources.audit.writer import AuditWriter
from resources.errors import Conflict, InvalidInput, RageError

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from resources.audit import segments
from resources.audit.key import KeyRing
from resources.platform import Platform
from resources.postgres import audit_log
from resources.settings import Settings

home, to, step, when = sys.argv[1:]
def killing(function):
    def wrapped(*arguments, **given):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments, **given)
        os.kill(os.getpid(), signal.SIGKILL)
    return wrapped
if step == "delete_half":
    real = audit_log.delete_sealed
    half = lambda c, s: real(c, s._replace(last_seq=(s.first_seq + s.last_seq) // 2))
    audit_log.delete_sealed = killing(half)
elif step in ("seal", "delete_sealed"):
    setattr(audit_log, step, killing(getattr(audit_log, step)))
else:
    setattr(segments, step, killing(getattr(segments, step)))
platform = Platform(Settings(home=home), "api")
segments.seal(platform, KeyRing.load(platform.settings), datetime(2026, 1, 1, tzinfo=UTC), Path(to))
"""


@pytest.fixture
def old(log):
    """Twenty entries of 2025, and ten of now."""
    writer = AuditWriter(log.platform)
    for number in range(20):
        at = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(days=number)
        writer.append(Entry("old", Outcome.ALLOWED, actor="user:ann", at=at, details={"zürich": number * 0.1}))
    for _ in range(10):
        writer.append(Entry("new", Outcome.ALLOWED, actor="user:bob"))
    writer.close()
    return log


def do_seal(log, to, moment=NEW_YEAR):
    return seal(log.platform, log.ring, moment, to)


def test_old_rows_leave_and_the_chain_goes_on(old, tmp_path):
    done = do_seal(old, tmp_path / "2025.jsonl")
    assert (done.segment.first_seq, done.segment.last_seq) == (1, 20)
    assert [row[0] for row in old.rows()] == list(range(21, 31))
    assert (tmp_path / "2025.jsonl").stat().st_mode & 0o777 == 0o600
    old.write("after")
    report = old.verify(segment_files=tmp_path)
    assert report.whole, report.problems
    assert (report.rows, report.sealed, report.segments, report.files) == (11, 20, 1, 1)
    assert report.unfinished is None


def test_everything_can_be_sealed_and_the_numbers_go_on(old, tmp_path):
    do_seal(old, tmp_path / "a.jsonl")
    do_seal(old, tmp_path / "b.jsonl", datetime.now(UTC) + timedelta(days=1))
    assert old.rows() == []
    assert old.verify(segment_files=tmp_path).whole
    old.write("first after")
    assert [row[:2] for row in old.rows()] == [(31, "first after")]
    report = old.verify(segment_files=tmp_path)
    assert report.whole, report.problems
    assert (report.segments, report.sealed, report.rows) == (2, 30, 1)


def test_nothing_old_is_nothing_to_seal(old, tmp_path):
    assert do_seal(old, tmp_path / "x.jsonl", datetime(2020, 1, 1, tzinfo=UTC)).segment is None
    assert list(tmp_path.iterdir()) == []


def test_it_overwrites_nothing(old, tmp_path):
    (tmp_path / "x.jsonl").write_text("mine")
    with pytest.raises(Conflict):
        do_seal(old, tmp_path / "x.jsonl")
    with pytest.raises(InvalidInput):
        do_seal(old, tmp_path / "nowhere" / "x.jsonl")
    assert (tmp_path / "x.jsonl").read_text() == "mine"
    assert len(old.rows()) == 30


def test_a_broken_chain_is_not_sealed(old, tmp_path):
    with old.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'user:bob' WHERE seq = 12")
    with pytest.raises(RageError, match="Row 12 is not what was written"):
        do_seal(old, tmp_path / "x.jsonl")
    assert len(old.rows()) == 30
    assert old.found() == [(12, "changed")]


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("_write", "before"),
        ("_write", "after"),
        ("seal", "before"),
        ("seal", "after"),
        ("_place", "before"),
        ("_place", "after"),
        ("delete_half", "after"),
        ("delete_sealed", "after"),
    ],
)
def test_a_kill_loses_nothing_and_a_second_run_finishes(old, tmp_path, step, when):
    to = tmp_path / "2025.jsonl"
    command = [sys.executable, "-c", KILLED, str(old.home.path), str(to), step, when]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert old.verify().whole, old.verify().problems
    if step != "delete_sealed":
        done = do_seal(old, to)
        assert (done.segment.first_seq, done.segment.last_seq) == (1, 20)
    assert [row[0] for row in old.rows()] == list(range(21, 31))
    report = old.verify(segment_files=tmp_path)
    assert report.whole, report.problems
    assert (report.rows, report.sealed, report.unfinished) == (10, 20, None)
    assert [path.name for path in tmp_path.iterdir()] == ["2025.jsonl"]


def test_an_interrupted_sealing_is_finished_by_the_next_one(old, tmp_path):
    command = [sys.executable, "-c", KILLED, str(old.home.path), str(tmp_path / "a.jsonl"), "seal", "after"]
    subprocess.run(command, timeout=60)
    (tmp_path / ".a.jsonl.partial").unlink()
    assert old.verify().unfinished == "a.jsonl"
    done = do_seal(old, tmp_path / "b.jsonl", datetime.now(UTC) + timedelta(days=1))
    assert [each.file for each in done.finished] == ["a.jsonl"]
    assert done.segment.first_seq == 21
    assert old.verify(segment_files=tmp_path).whole


def test_rows_are_not_deleted_where_their_file_is_gone(old, tmp_path):
    command = [sys.executable, "-c", KILLED, str(old.home.path), str(tmp_path / "a.jsonl"), "delete_half", "after"]
    subprocess.run(command, timeout=60)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(Conflict, match=r"a\.jsonl"):
        do_seal(old, tmp_path / "elsewhere" / "a.jsonl")
    assert len(old.rows()) == 20


def test_a_deleted_record_of_a_segment_is_missed(old, tmp_path):
    do_seal(old, tmp_path / "a.jsonl")
    with old.owner() as connection:
        connection.execute("DELETE FROM audit_segments")
    assert old.found() == [(1, "removed")]


def test_a_record_of_a_segment_that_was_changed_is_named(old, tmp_path):
    do_seal(old, tmp_path / "a.jsonl")
    with old.owner() as connection:
        connection.execute("UPDATE audit_segments SET last_at = now()")
    assert old.found() == [(1, "segment_changed")]


def test_rows_cannot_be_passed_off_as_sealed(old):
    with old.owner() as connection:
        connection.execute(
            "INSERT INTO audit_segments SELECT 1, 20, min(at), max(at), 'x', '\\x00', now(), max(key_id), "
            "decode(repeat('00', 32), 'hex'), (SELECT hash FROM audit_log WHERE seq = 20), sha256('x') "
            "FROM audit_log WHERE seq <= 20"
        )
        connection.execute("DELETE FROM audit_log WHERE seq <= 20")
    assert old.found() == [(1, "segment_changed")]


def test_a_changed_or_missing_file_is_named(old, tmp_path):
    to = tmp_path / "a.jsonl"
    do_seal(old, to)
    kept = to.read_bytes()
    to.write_bytes(kept.replace(b"user:ann", b"user:eve", 1))
    assert old.found(segment_files=tmp_path) == [(1, "changed"), (1, "file_changed")]
    to.unlink()
    assert old.found(segment_files=tmp_path) == [(1, "file_missing")]
    assert old.verify().whole


def test_only_sealed_rows_can_be_deleted_by_the_owner(old, tmp_path):
    import psycopg

    do_seal(old, tmp_path / "a.jsonl")
    with old.owner(guarded=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit_log WHERE seq = 25")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit_segments")


@pytest.fixture
def exported(old, tmp_path):
    from resources.audit.export import write_export
    from resources.postgres import audit_log

    def export(**filters):
        path = tmp_path / "export.jsonl"
        with audit_log.owner(old.platform.url("owner")) as connection, path.open("wb") as file:
            write_export(file, audit_log.rows(connection, audit_log.Filters(**filters)), old.ring, filters)
        return path

    return export


def test_an_export_proves_itself_to_whoever_has_the_key(old, exported):
    report = verify_file(exported(), old.ring)
    assert report.whole, report.problems
    assert (report.rows, report.first_seq, report.last_seq) == (30, 1, 30)
    assert not verify_file(exported(), KeyRing([b"x" * 32])).whole


def test_an_export_of_some_rows_proves_itself(old, exported):
    report = verify_file(exported(actor="user:bob"), old.ring)
    assert report.whole, report.problems
    assert (report.rows, report.first_seq, report.filters) == (10, 21, {"actor": "user:bob"})


@pytest.mark.parametrize("filters", [{}, {"actor": "user:ann"}])
@pytest.mark.parametrize("harm", ["change", "delete", "swap", "cut", "cut_lines", "garble", "double"])
def test_a_harmed_export_is_told(old, exported, filters, harm):
    path = exported(**filters)
    lines = path.read_bytes().splitlines(keepends=True)
    if harm == "change":
        lines[4] = json.dumps(json.loads(lines[4]) | {"outcome": "denied"}).encode() + b"\n"
    elif harm == "delete":
        del lines[4]
    elif harm == "swap":
        lines[4], lines[5] = lines[5], lines[4]
    elif harm == "cut":
        del lines[-1]
    elif harm == "cut_lines":
        del lines[-3:-1]
    elif harm == "garble":
        lines[4] = b"{}\n"
    else:
        lines.insert(4, lines[4])
    path.write_bytes(b"".join(lines))
    assert not verify_file(path, old.ring).whole


def test_an_empty_file_is_no_export(old, tmp_path):
    (tmp_path / "x").write_bytes(b"")
    assert [each.problem for each in verify_file(tmp_path / "x", old.ring).problems] == ["cut"]

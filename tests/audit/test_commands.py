"""`rage audit` as people run it."""

import json

import pytest

from resources.audit.entry import Entry, Outcome
from resources.audit.writer import AuditWriter
from tests.cli.conftest import cli_home, rage  # noqa: F401 (fixtures)


@pytest.fixture
def command(rage, log):  # noqa: F811
    """Runs `rage audit …` on the audit of this test."""

    def run(*arguments, **environment):
        return rage("audit", *arguments, RAGE_HOME=str(log.home.path), **environment)

    return run


def test_verify_says_that_it_is_whole(filled, command):
    done = command("verify", "--json")
    assert done.status == 0
    assert (done.json["whole"], done.json["rows"], done.json["problems"]) == (True, 30, [])
    assert "The audit is whole: 30 entries" in command("verify").out


def test_verify_names_the_place_and_fails(filled, command):
    with filled.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'user:bob' WHERE seq = 12")
    done = command("verify", "--json")
    assert done.status == 1
    (problem,) = done.json["problems"]
    assert (problem["seq"], problem["problem"]) == (12, "changed")
    assert problem["at"].endswith("Z")
    told = command("verify")
    assert told.status == 1
    assert "Row 12 is not what was written" in told.out


def test_list_shows_the_latest_and_filters(log, command):
    log.write("spaces.create", space_id=None, details={"space": "handbook"})
    log.write("memory.search", "memory.query", details={"space": "other"})
    assert [row["action"] for row in command("list", "--json", "-n", "2").json] == ["memory.search", "memory.query"]
    assert [row["action"] for row in command("list", "--json", "--space", "handbook").json] == ["spaces.create"]
    found = command("list", "--json", "--actor", "user:ann", "--action", "memory", "--since", "1h").json
    assert [row["action"] for row in found] == ["memory.search", "memory.query"]
    assert "memory.search" in command("list").out
    assert command("list", "--until", "yesterday").status == 2


def test_reading_the_audit_is_audited(log, command):
    log.write("a")
    command("list")
    command("export", "--actor", "user:ann")
    assert [row[1] for row in log.rows()] == ["a", "audit.list", "audit.export"]
    assert log.verify().whole


def test_an_export_goes_to_a_file_and_proves_itself(filled, command, tmp_path):
    to = tmp_path / "export.jsonl"
    done = command("export", "--to", str(to), "--json")
    assert done.json["rows"] == 30
    assert to.stat().st_mode & 0o777 == 0o600
    assert command("verify", "--file", str(to), "--json").json["whole"]
    assert command("export", "--to", str(to)).status == 2
    lines = [json.loads(line) for line in command("export").out.splitlines()]
    assert [line["seq"] for line in lines[:30]] == list(range(1, 31))
    assert lines[0]["details"] == {"number": 0}
    to.write_bytes(to.read_bytes().replace(b'"number": 7', b'"number": 8', 1))
    assert command("verify", "--file", str(to)).status == 1


def test_seal_moves_the_old_into_a_file(log, command, tmp_path):
    from datetime import UTC, datetime

    writer = AuditWriter(log.platform)
    writer.append(*[Entry("old", Outcome.ALLOWED, at=datetime(2025, 1, n, tzinfo=UTC)) for n in range(1, 6)])
    writer.close()
    to = tmp_path / "2025.jsonl"
    done = command("seal", "--before", "2026-01-01", "--to", str(to), "--json")
    assert done.json == {"file": str(to), "rows": 5, "finished": []}
    assert [row[1:3] for row in log.rows()] == [("audit.seal", "begun"), ("audit.seal", "allowed")]
    assert command("verify", "--segments", str(tmp_path)).status == 0
    assert command("verify", "--file", str(to)).status == 0
    assert "Nothing is older" in command("seal", "--before", "2025-12-01", "--to", str(tmp_path / "x")).out


def test_rotate_key_adds_one(log, command):
    log.write("a")
    assert command("rotate-key", "--json").json["key_id"] == log.ring.writing
    log.write("b")
    assert command("verify").status == 0
    key = (log.home.path / "keys" / "audit.key").read_text().replace("\n", ",")
    assert command("verify", RAGE_AUDIT_KEY=key).status == 0
    assert command("rotate-key", RAGE_AUDIT_KEY=key).status == 2

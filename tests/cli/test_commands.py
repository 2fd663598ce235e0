"""Commands: what they print, how they end, and that an expected error is one plain line."""

import os
import subprocess
import sys
from uuid import uuid4

import pytest

from cli.main import COMMANDS

HEAVY = {"dagster", "torch", "fastapi", "psycopg", "pydantic", "rich", "numpy", "openvino", "resources.platform"}


def test_help_imports_nothing_heavy_and_names_every_command():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli.main", "--help"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not {name for name in imported if name in HEAVY or name.split(".")[0] in HEAVY}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    import click

    from cli.main import rage

    context = click.Context(rage)
    command = rage.get_command(context, name)
    assert command is not None
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    for leaf in leaves:
        assert leaf.help
        assert any("--json" in parameter.opts for parameter in leaf.params), leaf.name


def test_spaces_and_sources_come_and_go(rage, tmp_path):
    (tmp_path / "notes").mkdir()
    created = rage("space", "create", "notes", "--json")
    assert (created.status, created.json["name"], created.json["documents"]) == (0, "notes", 0)
    assert rage("space", "create", "notes", "--json").json["error"]["code"] == "conflict"
    added = rage("source", "add", "notes", str(tmp_path / "notes"), "--every", "10m", "--json")
    assert (added.json["name"], added.json["kind"], added.json["every_seconds"]) == ("notes", "folder", 600)
    assert [source["name"] for source in rage("source", "list", "notes", "--json").json] == ["notes"]
    assert "10m" not in rage("source", "list", "notes").out
    given = ("--include", "*.md", "--include", "*.txt", "--exclude", "drafts/**")
    (tmp_path / "more").mkdir()
    assert rage("source", "add", "notes", str(tmp_path / "more"), *given, "--json").json["include"] == ["*.md", "*.txt"]
    assert rage("source", "list", "notes", "--json").json[0]["exclude"] == ["drafts/**"]
    assert "not:drafts/**" in rage("source", "list", "notes").out
    assert rage("source", "select", "notes", "more", "--exclude", "old/", "--json").json["exclude"] == ["old/"]
    cleared = rage("source", "select", "notes", "more", "--clear", "--json").json
    assert (cleared["include"], cleared["exclude"]) == ([], [])
    assert rage("quarantine", "list", "notes", "--json").json == []
    assert "notes" in rage("space", "list").out
    assert rage("space", "delete", "notes", "--json", "--yes").json == {"name": "notes", "deleted": True}
    assert rage("space", "list", "--json").json == []


def test_wrong_use_is_status_2_and_one_plain_line(rage):
    for arguments in (
        ("nonsense",),
        ("search", "s"),
        ("search", "s", "q", "-k", "0"),
        ("search", "nowhere", "q"),
        ("ask", "nowhere", " "),
        ("ingest", "nowhere"),
        ("space", "create", "a|b"),
        ("source", "add", "nowhere", "/no/such/folder"),
        ("lineage", str(uuid4())),
        ("lineage", "nonsense"),
        ("up", "--host", "0.0.0.0"),
    ):
        done = rage(*arguments)
        assert done.status == 2, (arguments, done)
        assert done.out == "", arguments
        assert done.err.strip(), arguments


def test_an_expected_error_has_no_traceback_and_says_what_to_do(rage_process):
    done = rage_process("ingest", "nowhere")
    assert (done.status, done.out) == (2, "")
    assert done.err == "rage: There is no space 'nowhere'. Create it with `rage space create nowhere`.\n"


def test_errors_are_json_where_json_was_asked_for(rage):
    done = rage("ingest", "nowhere", "--json")
    assert done.json["error"]["code"] == "not_found"
    assert rage("search", "s", "--json").json["error"]["code"] == "wrong_use"


def test_wrong_settings_name_the_variable_and_not_the_secret(rage):
    done = rage("space", "list", RAGE_BATCH_DOCUMENTS="many")
    assert (done.status, "RAGE_BATCH_DOCUMENTS" in done.err) == (2, True)
    assert "RAGE_NONSENSE" in rage("token", RAGE_NONSENSE="1").err


def test_a_missing_service_is_status_3_and_its_password_stays_secret(rage):
    done = rage("space", "list", RAGE_DATABASE_URL="postgresql://u:pass-word@127.0.0.1:1/x")
    assert done.status == 3
    assert "pass-word" not in done.err


def test_a_home_that_cannot_be_used_is_status_2(rage, tmp_path):
    (tmp_path / "file").write_text("")
    done = rage("space", "list", RAGE_HOME=str(tmp_path / "file"))
    assert (done.status, "RAGE_HOME" in done.err) == (2, True)


def test_a_token_is_one_word_and_counts(rage, cli_home):
    from resources.sign_in.local import LocalIssuer

    token = rage("token").out.strip()
    assert LocalIssuer(cli_home.path).verify(token).principal == "user:local-admin"
    assert rage("token", "--json").json["expires_in"] == 900


def test_parse_prints_a_line_for_each_file(rage, tmp_path):
    import json

    (tmp_path / "a.md").write_text("# Title\n\nText.\n")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    done = rage("parse", str(tmp_path / "a.md"), str(tmp_path / "bad.pdf"), str(tmp_path / "none.md"), "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 1
    assert [block["type"] for block in rows[0]["blocks"]] == ["heading", "paragraph"]
    assert [row["error"]["reason"] for row in rows[1:]] == ["broken", "unreadable"]
    assert rage("parse", str(tmp_path / "a.md")).status == 0


def test_the_doctor_finds_what_is_wrong_and_says_how_to_mend_it(rage):
    done = rage("doctor", "--json", RAGE_LLM_BASE_URL="http://127.0.0.1:1/v1")
    checks = {check["name"]: check for check in done.json["checks"]}
    assert checks["database"]["ok"]
    assert checks["embedder"]["ok"]
    assert checks["object_store"]["ok"]
    assert not checks["generator"]["ok"]
    assert checks["generator"]["hint"]
    assert (done.status, done.json["ok"]) == (3, False)


def test_output_for_people_has_no_control_characters():
    from cli.output import plain

    assert plain("a\x1b[31mb\x07\nc") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}\nc"


def test_a_reader_that_leaves_is_no_error():
    command = f"{sys.executable} -m cli.main parse --json {' '.join([__file__] * 50)} | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=dict(os.environ), timeout=30)
    assert "Traceback" not in done.stderr

"""The operator's commands about who may do what: members, access rules, quotas, isolation."""

import pytest


@pytest.fixture
def empty(rage):
    """The space `empty`."""
    assert rage("space", "create", "empty").status == 0
    yield "empty"
    assert rage("space", "delete", "empty", "--yes").status == 0


@pytest.fixture
def notes(rage, tmp_path):
    """The space `notes` with a document and a closed one."""
    folder = tmp_path / "notes"
    (folder / "hr").mkdir(parents=True)
    (folder / "open.md").write_text("# Open\n\nFor everybody.\n")
    (folder / "hr" / "pay.md").write_text("# Pay\n\nFor few.\n")
    assert rage("space", "create", "notes").status == 0
    assert rage("ingest", "notes", str(folder)).status == 0
    yield "notes"
    assert rage("space", "delete", "notes", "--yes").status == 0


def test_members_come_and_go(rage, empty):
    assert rage("member", "add", empty, "group:/engineering", "reader", "--json").json["principal"] == "group:engineering"
    assert rage("member", "add", empty, "group:engineering", "ingestor").status == 0
    listed = {each["principal"]: each["role"] for each in rage("member", "list", empty, "--json").json}
    assert listed == {"group:engineering": "ingestor", "user:local-admin": "admin"}
    assert "group:engineering" in rage("member", "list", empty).out
    assert rage("member", "remove", empty, "group:engineering").status == 0
    again = rage("member", "remove", empty, "group:engineering", "--json")
    assert (again.status, again.json["error"]["code"]) == (2, "not_found")


@pytest.mark.parametrize("principal", ["engineering", "user:nobody-of-that-name", "team:x", "group:", "group:\n"])
def test_what_names_no_member_is_refused_with_a_word(rage, empty, principal):
    refused = rage("member", "add", empty, principal, "reader")
    assert refused.status == 2
    assert "group:NAME" in refused.err or "signed in" in refused.err


def test_access_rules_are_set_shown_and_cleared(rage, notes):
    given = rage("source", "access", notes, "notes", "--rule", "hr/** = hr, /board", "--json")
    assert given.json == {"rules": [{"pattern": "hr/**", "groups": ["hr", "/board"]}], "changed": 1}
    assert "hr/**" in rage("source", "access", notes, "notes").out
    assert rage("source", "access", notes, "notes", "--clear", "--json").json == {"rules": [], "changed": 1}
    assert "all members" in rage("source", "access", notes, "notes").out


@pytest.mark.parametrize("rule", ["hr/**", "!hr/** = hr", " = hr"])
def test_a_rule_that_cannot_be_used_is_refused(rage, empty, rule):
    assert rage("source", "access", empty, "any", "--rule", rule).status == 2


def test_a_quota_keeps_more_documents_out_and_says_why(rage, notes, tmp_path):
    assert rage("space", "quota", notes, "--documents", "2", "--json").json["max_documents"] == 2
    (tmp_path / "notes" / "third.md").write_text("# Third\n\nOne too many.\n")
    report = rage("ingest", notes, "--json")
    assert (report.status, report.json["documents"]["quarantined"]) == (1, 1)
    assert [row["reason"] for row in rage("quarantine", "list", notes, "--json").json] == ["quota_exceeded"]
    assert rage("space", "quota", notes).status == 0
    retried = rage("quarantine", "retry", notes, "--json")
    assert (retried.status, retried.json["documents"]["new"]) == (0, 1)


def test_a_space_is_made_dedicated_moved_and_deleted(rage, notes):
    assert rage("space", "create", "apart", "--isolation", "dedicated", "--json").json["isolation"] == "dedicated"
    assert rage("space", "move", notes, "--isolation", "dedicated", "--json").json["moved"]["documents"] == 2
    assert {each["isolation"] for each in rage("space", "list", "--json").json} == {"dedicated"}
    assert rage("search", notes, "everybody", "--json").json["results"]
    refused = rage("space", "move", notes, "--isolation", "dedicated")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert rage("space", "delete", "apart", "--yes").status == 0


def test_every_change_by_hand_is_in_the_audit(rage, empty):
    rage("member", "add", empty, "group:engineering", "reader")
    actions = [each["action"] for each in rage("audit", "list", "--json").json]
    assert {"members.grant", "spaces.create"} <= set(actions)
    assert rage("audit", "verify").status == 0

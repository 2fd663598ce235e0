"""The commands that set runs going, as a person types them."""

import json

import pytest

from tests.pipeline.test_together import rage

pytestmark = pytest.mark.real
TEXT = "# Holidays\n\nEveryone has thirty days of paid leave each year.\n"


def told(home, *arguments, status=0):
    process = rage(home, *arguments, "--json")
    output, errors = process.communicate(timeout=180)
    assert process.returncode == status, errors
    return json.loads(output)


def test_a_space_is_filled_searched_and_deleted_by_hand(home, write):
    folder = write({"a.md": TEXT, "bad.txt": b""})
    assert told(home, "space", "create", "team")["name"] == "team"
    report = told(home, "ingest", "team", str(folder), status=1)  # done, with a failure that it names
    assert (report["documents"]["new"], report["documents"]["quarantined"]) == (2, 1)
    assert report["errors"][0]["path"] == "bad.txt"
    found = told(home, "search", "team", "paid leave")["results"]
    assert found[0]["document"]["path"] == "a.md"
    answer = told(home, "ask", "team", "How many days of paid leave does everyone have?")
    assert "thirty days" in answer["answer"]
    lineage = told(home, "lineage", answer["citations"][0]["block_id"])
    assert lineage["run"]["id"] == report["run_id"] or lineage["run"]["id"]
    assert told(home, "space", "delete", "team", "--yes")["deleted"]
    assert told(home, "space", "list") == []
    assert not any((home.path / "store" / "objects").iterdir())
    assert not any((home.path / "lexical").iterdir())


def test_a_source_goes_with_its_documents_and_their_receipts(home, write, tmp_path):
    space = home.space(folder=write({"a.md": TEXT}))
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text("# Travel\n\nEmployees travel in economy class.\n")
    told(home, "ingest", "demo", str(other))
    told(home, "source", "remove", "demo", "files")
    assert [source["name"] for source in told(home, "source", "list", "demo")] == ["other"]
    assert [row["path"] for row in home.rows("SELECT path FROM documents", space=space)] == ["b.md"]
    assert home.rows("SELECT path, complete FROM receipts", space=space) == [{"path": "a.md", "complete": True}]


def test_a_source_whose_folder_is_gone_can_be_removed(home, write):
    folder = write({"a.md": TEXT})
    space = home.space(folder=folder)
    home.ingest()
    folder.rename(folder.with_name("gone"))
    told(home, "source", "remove", "demo", "files")
    assert home.rows("SELECT 1 FROM documents", space=space) == []


def test_quarantine_is_listed_with_reasons_and_tried_again_on_request(home, write):
    home.space(folder=write({"good.md": TEXT, "bad.txt": b""}))
    home.ingest()
    (row,) = told(home, "quarantine", "list", "demo")
    assert (row["path"], row["reason"], row["attempts"]) == ("bad.txt", "empty", 1)
    told(home, "quarantine", "retry", "demo", row["document_id"], status=1)
    assert told(home, "quarantine", "list", "demo")[0]["attempts"] == 2


def test_a_folder_that_is_not_there_is_named_and_nothing_is_added(home):
    home.space()
    error = told(home, "ingest", "demo", "/no/such/folder", status=2)
    assert "/no/such/folder" in error["error"]["message"]
    assert told(home, "source", "list", "demo") == []


def test_names_that_cannot_name_a_space_are_refused(home):
    for name in ("..", "a|b", "a,b", "x; DROP TABLE spaces", "../../etc", "", "a" * 65):
        assert "error" in told(home, "space", "create", name, status=2)

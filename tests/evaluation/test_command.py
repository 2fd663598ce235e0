"""`rage evaluate` as people and programs run it."""

import json

import pytest

from resources.access import LOCAL_ADMIN
from tests.evaluation.conftest import QUESTIONS

pytestmark = pytest.mark.real
MEASURES = ["ndcg@10", "recall@100", "mrr@10", "p50_ms", "p95_ms"]


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    lines = [json.dumps({"_id": each, "text": text}) for each, (text, _) in QUESTIONS.items()]
    (folder / "queries.jsonl").write_text("\n".join(lines) + "\n")
    judged = [f"{each}\t{path}\t1" for each, (_, path) in QUESTIONS.items()]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    return folder


def test_a_folder_is_measured_in_every_mode_and_leaves_nothing_behind(rage, garden, dataset):
    done = rage("evaluate", garden.name, str(dataset), "--json")
    assert done.status == 0, done.err
    assert list(done.json) == ["hybrid", "vector", "lexical"]
    assert all(list(found) == MEASURES for found in done.json.values())
    assert all(found["ndcg@10"] > 0.8 and found["recall@100"] == 1 for found in done.json.values()), done.out
    assert garden.home.rows("SELECT name FROM evaluation_sets WHERE space_id = %s", garden.id) == []


def test_a_person_gets_a_table(rage, garden, dataset):
    done = rage("evaluate", garden.name, str(dataset), "--modes", "lexical,hybrid")
    assert done.status == 0, done.err
    lines = [line.split() for line in done.out.splitlines() if line.strip()]
    assert lines[0] == ["mode", *MEASURES]
    assert [line[0] for line in lines if line[0] in ("hybrid", "vector", "lexical")] == ["hybrid", "lexical"]


def test_a_saved_set_is_measured_by_its_name_and_keeps_its_history(rage, garden, dataset):
    assert rage("evaluate", garden.name, str(dataset), "--save", "kept", "--modes", "lexical", "--json").status == 0
    again = rage("evaluate", garden.name, "kept", "--modes", "lexical", "--json")
    assert again.status == 0, again.err
    query = "SELECT metrics FROM evaluation_results r JOIN evaluation_sets s ON s.id = r.set_id WHERE s.name = 'kept'"
    kept = garden.home.rows(query + " ORDER BY measured_at")
    assert len(kept) == 2 and kept[1]["metrics"] == again.json["lexical"]
    refused = rage("evaluate", garden.name, str(dataset), "--save", "kept")
    assert refused.status == 2 and "--replace" in refused.err
    replaced = rage("evaluate", garden.name, str(dataset), "--save", "kept", "--replace", "--modes", "lexical")
    assert replaced.status == 0 and len(garden.home.rows(query)) == 1
    assert rage("evaluate", garden.name, str(dataset), "--save", "a/b").status == 2


def test_documents_that_are_not_there_are_counted_and_count_as_not_found(rage, garden, dataset):
    with (dataset / "qrels.tsv").open("a") as qrels:
        qrels.write("roses\tgone/for/good.md\t1\n")
    done = rage("evaluate", garden.name, str(dataset), "--modes", "lexical", "--json")
    assert done.status == 0
    assert done.json["lexical"]["recall@100"] == pytest.approx(1 - 0.5 / len(QUESTIONS), abs=1e-4)
    assert "1 of the documents to be found" in done.err


def test_a_part_that_does_not_help_is_named_and_the_status_tells(rage, garden, dataset):
    lexical = garden.home.path / "lexical" / str(garden.id)
    away = lexical.with_name("away")
    lexical.rename(away)
    try:
        done = rage("evaluate", garden.name, str(dataset), "--modes", "hybrid", "--json")
    finally:
        away.rename(lexical)
    assert done.status == 1 and "lexical_unavailable" in done.err and done.json["hybrid"]["ndcg@10"] > 0.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SPACE", "nothing-of-that-name"), "no evaluation set"),
        (("SPACE", "./no/folder"), "no folder"),
        (("no-such-space", "FOLDER"), "rage space create"),
        (("SPACE", "FOLDER", "--modes", "pattern"), "no mode"),
        (("SPACE", "FOLDER", "--replace"), "--save"),
        (("SPACE", "stored", "--save", "x"), "no folder"),
    ],
)
def test_wrong_use_is_said_in_one_line(rage, garden, dataset, arguments, said):
    given = [{"SPACE": garden.name, "FOLDER": str(dataset)}.get(each, each) for each in arguments]
    done = rage("evaluate", *given)
    assert done.status == 2 and said in done.err and "Traceback" not in done.err


def test_a_malformed_dataset_names_file_and_line(rage, garden, dataset):
    (dataset / "qrels.tsv").write_text("roses\troses.md\n")
    done = rage("evaluate", garden.name, str(dataset), "--json")
    assert done.status == 2
    assert "qrels.tsv, line 1" in done.json["error"]["message"] and done.json["error"]["details"]["line"] == 1


def test_what_was_measured_is_in_the_audit(rage, garden, dataset):
    assert rage("evaluate", garden.name, str(dataset), "--modes", "lexical").status == 0
    entries = rage("audit", "list", "--json").json
    found = [each for each in entries if each["action"] == "evaluation.run"]
    assert {each["outcome"] for each in found} >= {"begun", "allowed"}
    assert found[0]["actor"] == LOCAL_ADMIN.principal

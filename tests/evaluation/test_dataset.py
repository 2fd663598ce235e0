"""Datasets in folders: what is read, and what is said of those that are malformed."""

import pytest

from resources.errors import InvalidInput
from resources.evaluation.dataset import read_dataset

QUERIES = '{"_id": "q1", "text": "first"}\n{"_id": "q2", "text": "second"}\n{"_id": "q3", "text": "never judged"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\ta.md\t2\nq1\tb/c d.md\t1\nq2\ta.md\t1\n"


@pytest.fixture
def dataset(tmp_path):
    def _write(queries: str | bytes | None = QUERIES, qrels: str | bytes | None = QRELS):
        for name, content in {"queries.jsonl": queries, "qrels.tsv": qrels}.items():
            if content is not None:
                (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return _write


def test_queries_with_judgements_are_read_in_order(dataset):
    found = read_dataset(dataset())
    assert [(each.id, each.text, each.grades) for each in found] == [
        ("q1", "first", {"a.md": 2, "b/c d.md": 1}),
        ("q2", "second", {"a.md": 1}),
    ]


@pytest.mark.parametrize(
    "qrels",
    [
        "q1\ta.md\t2\nq1\tb/c d.md\t1\nq2\ta.md\t1",
        QRELS.replace("\n", "\r\n"),
        "\ufeff" + QRELS,
        QRELS.replace("\nq2", "\n\n\nq2"),
    ],
    ids=["without a header", "from Windows", "with a byte order mark", "with blank lines"],
)
def test_the_same_is_read_however_it_is_written(dataset, qrels):
    found = read_dataset(dataset(qrels=qrels))
    assert [each.grades for each in found] == [{"a.md": 2, "b/c d.md": 1}, {"a.md": 1}]


def test_a_query_with_nothing_to_be_found_is_left_out(dataset):
    assert [each.id for each in read_dataset(dataset(qrels="q1\ta.md\t1\nq2\ta.md\t0\n"))] == ["q1"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"qrels": "q1\ta.md\n"}, "qrels.tsv, line 1: 2 columns"),
        ({"qrels": "q1 0 a.md 1\n"}, "qrels.tsv, line 1: 1 columns"),
        ({"qrels": QRELS + "q1\tz.md\tmany\n"}, "qrels.tsv, line 5: the grade 'many'"),
        ({"qrels": QRELS + "q1\tz.md\t-1\n"}, "qrels.tsv, line 5: the grade '-1'"),
        ({"qrels": QRELS + "q1\tz.md\t9999\n"}, "qrels.tsv, line 5: grade"),
        ({"qrels": QRELS + "q1\t\t1\n"}, "qrels.tsv, line 5: path"),
        ({"qrels": QRELS + "\ta.md\t1\n"}, "qrels.tsv, line 5: the query has no id"),
        ({"qrels": QRELS + "q1\ta.md\t1\n"}, "qrels.tsv, line 5: 'a.md' is judged twice"),
        ({"qrels": QRELS + "q9\ta.md\t1\n"}, "qrels.tsv, line 5: the query 'q9' is not in queries.jsonl"),
        ({"qrels": QRELS.encode() + b"q1\t\xff\t1\n"}, "qrels.tsv, line 5: no UTF-8"),
        ({"qrels": QRELS + "q1\tnul\0.md\t1\n"}, "qrels.tsv, line 5: path"),
        ({"qrels": QRELS + "q1\t" + "x" * 200_000 + "\t1\n"}, "qrels.tsv, line 5: more than"),
        ({"qrels": ""}, "judges nothing"),
        ({"qrels": "q1\ta.md\t0\n"}, "no query with a judged document"),
        ({"qrels": None}, "qrels.tsv cannot be read"),
        ({"queries": None}, "queries.jsonl cannot be read"),
        ({"queries": "{}\n"}, "queries.jsonl, line 1: no object with the strings"),
        ({"queries": QUERIES + "[1]\n"}, "queries.jsonl, line 4: no object"),
        ({"queries": QUERIES + "{broken\n"}, "queries.jsonl, line 4: no JSON"),
        ({"queries": "[" * 50_000}, "queries.jsonl, line 1: no JSON"),
        ({"queries": QUERIES + '{"_id": "q1", "text": "again"}\n'}, "queries.jsonl, line 4: the query 'q1' comes twice"),
        ({"queries": QUERIES.replace("second", " ")}, "queries.jsonl, line 2: text"),
        ({"queries": QUERIES.replace("second", "\\ud800")}, "queries.jsonl, line 2: text"),
        ({"queries": QUERIES.replace("second", "x" * 20_000)}, "queries.jsonl, line 2: text"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(dataset, given, said):
    with pytest.raises(InvalidInput) as refused:
        read_dataset(dataset(**given))
    assert said in str(refused.value)


def test_a_set_has_a_most_of_judgements(dataset, monkeypatch):
    monkeypatch.setattr("resources.evaluation.dataset.MOST_JUDGEMENTS", 2)
    with pytest.raises(InvalidInput, match="more than 2 judgements"):
        read_dataset(dataset())


def test_a_set_has_a_most_of_queries(dataset, monkeypatch):
    monkeypatch.setattr("resources.evaluation.models.MOST_QUERIES", 1)
    with pytest.raises(InvalidInput, match="2 queries with 3 judgements are too many"):
        read_dataset(dataset())

"""Retrieval quality on judged collections, one file for each record, through the HTTP API."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import ir_measures
import pytest
from ir_measures import nDCG

from resources.sign_in.local import issue_token
from tests.end_to_end.conftest import served

pytestmark = pytest.mark.real
# nDCG@10 of the same model over title and text cut at 256 tokens, and of BM25 with English stemming; of the fusion, what it
# reached offline with weights chosen on the other collections (see docs/architecture.md).
REFERENCE = {
    "medline": {"vector": 0.7875, "lexical": 0.7038, "hybrid": 0.8164},
    "scifact": {"vector": 0.6451, "lexical": 0.6868, "hybrid": 0.7380},
    "cosqa_code": {"vector": 0.5979, "lexical": 0.3850, "hybrid": 0.6006},
}
TOLERANCE = 0.01
COLLECTIONS = [name for name in os.environ.get("RAGE_TEST_COLLECTIONS", ",".join(REFERENCE)).split(",") if name in REFERENCE]


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def collections(shared_home, data, tmp_path_factory):
    """Each collection in a space of its own, and a server that answers on them."""
    for name in COLLECTIONS:
        folder = tmp_path_factory.mktemp(name)
        for record in read(data / "ir" / name / "corpus.jsonl"):
            title = f"{record['title']}\n\n" if record.get("title") else ""
            suffix = "py" if name == "cosqa_code" else "txt"
            file = folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', record['_id'])}.{suffix}"
            assert not file.exists()
            file.write_text(title + record["text"])
        shared_home.space(name.replace("_", "-"), folder=folder)
        shared_home.ingest(name.replace("_", "-"))
    with served(shared_home) as client:
        yield client, shared_home


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name in COLLECTIONS for mode in REFERENCE[name]])
def test_no_mode_is_worse_than_its_reference(collections, data, name, mode):
    client, home = collections
    folder = data / "ir" / name
    judged = {}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, record, grade = line.split("\t")
        judged.setdefault(query, {})[re.sub(r"[^A-Za-z0-9_-]", "_", record)] = int(grade)
    queries = {row["_id"]: row["text"] for row in read(folder / "queries.jsonl") if row["_id"] in judged}
    client.headers["Authorization"] = f"Bearer {issue_token(home.path)[0]}"

    def ranked(text):
        body = {"space": name.replace("_", "-"), "query": text, "mode": mode, "k": 30}
        answer = client.post("/api/v1/memory/search", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["degraded"] == []
        paths = dict.fromkeys(r["document"]["path"].rsplit(".", 1)[0] for r in answer.json()["results"])
        return {path: 1.0 / rank for rank, path in enumerate(paths, 1)}

    with ThreadPoolExecutor(4) as pool:
        run = dict(zip(queries, pool.map(ranked, queries.values()), strict=True))
    score = ir_measures.calc_aggregate([nDCG @ 10], judged, run)[nDCG @ 10]
    print(f"{name} {mode}: {score:.4f} (reference {REFERENCE[name][mode]:.4f})")
    assert score >= REFERENCE[name][mode] - TOLERANCE

"""From an answer to its bytes, and what happens to both when documents come and go."""

import hashlib
import time

import pytest

from tests.end_to_end.conftest import served

pytestmark = pytest.mark.real
TEXT = (
    "# Warranty\n\n## Coverage\n\nThe warranty covers manufacturing defects for twenty-four months after delivery.\n\n"
    "## Returns\n\nReturned devices are repaired or replaced within ten working days.\n"
)


@pytest.fixture(scope="module")
def client(shared_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    (folder / "warranty.md").write_text(TEXT)
    (folder / "travel.md").write_text("# Travel\n\nEmployees travel in economy class on every flight.\n")
    shared_home.space(folder=folder)
    shared_home.ingest()
    with served(shared_home) as client:
        yield client


def ask(client, question):
    return client.post("/api/v1/memory/query", json={"space": "demo", "query": question}).json()


def test_a_citation_walks_back_to_the_bytes(client):
    answer = ask(client, "How long does the warranty cover manufacturing defects?")
    assert not answer["abstained"]
    citation = answer["citations"][0]
    assert f"[{citation['n']}]" in answer["answer"]
    block = client.get(f"/api/v1/memory/blocks/{citation['block_id']}").json()
    assert citation["quote"] in block["text"]
    lineage = client.get(f"/api/v1/memory/blocks/{citation['block_id']}/lineage").json()
    assert lineage["document"]["path"] == citation["path"] == "warranty.md"
    raw = client.get(lineage["raw_url"])
    assert raw.content == TEXT.encode()
    assert hashlib.sha256(raw.content).hexdigest() == lineage["document"]["sha256"]
    assert citation["quote"] in raw.text
    assert lineage["run"]["code_version"] and lineage["run"]["id"] and lineage["source"]["kind"] == "folder"


def test_without_evidence_it_says_so_and_cites_nothing(client):
    answer = ask(client, "Who won the football world cup in 1954?")
    assert (answer["answer"], answer["abstained"], answer["citations"]) == ("I don't know.", True, [])


def test_an_upload_becomes_an_answer_and_its_deletion_a_complete_receipt(client):
    files = {"file": ("parking.md", b"# Parking\n\nBicycles are parked in the blue garage behind building seven.\n")}
    queued = client.post("/api/v1/memory/ingest", data={"space": "demo"}, files=files)
    assert queued.status_code == 202
    job = wait(client, queued.json()["status_url"])
    assert job["state"] == "succeeded" and job["documents"]["new"] == 1
    answer = ask(client, "Where are bicycles parked?")
    assert "blue garage" in answer["answer"]
    removed = client.delete(f"/api/v1/memory/file/{answer['sources'][0]['document_id']}")
    assert removed.status_code == 202
    assert "blue garage" not in ask(client, "Where are bicycles parked?")["answer"]  # at once, before any run
    receipt = wait(client, f"/api/v1/memory/receipts/{removed.json()['receipt_id']}", "complete", (True,))
    assert {store: found["remaining"] for store, found in receipt["stores"].items()} == dict.fromkeys(receipt["stores"], 0)
    for mode in ("hybrid", "vector", "lexical", "pattern"):
        body = {"space": "demo", "query": '"blue garage"', "mode": mode}
        found = client.post("/api/v1/memory/search", json=body).json()["results"]
        assert "parking.md" not in [result["document"]["path"] for result in found]


def wait(client, url, field="state", wanted=("succeeded", "partly", "failed"), within_s=90):
    deadline = time.monotonic() + within_s
    while (found := client.get(url).json())[field] not in wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found

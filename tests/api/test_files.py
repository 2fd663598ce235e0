"""Documents, blocks, lineage and removal."""

import hashlib
from uuid import uuid4

import pytest

from resources.access import Caller
from tests.api.conftest import error_of

FILES = "/api/v1/memory/files"
FILE = "/api/v1/memory/file"


def listed(client, space, **query):
    return client.get(FILES, params={"space": space, **query}).json()


def test_files_are_listed_by_path_with_those_in_quarantine(client, memory):
    memory.add("b.md", "B")
    memory.quarantine("a.pdf")
    memory.add("gone.md", "G", state="removing")
    items = listed(client, memory.name)["items"]
    assert [(item["path"], item["state"], item["reason"]) for item in items] == [
        ("a.pdf", "quarantined", "encrypted"),
        ("b.md", "live", None),
    ]
    assert items[1]["source"] == "files"
    assert items[1]["version"] == hashlib.sha256(b"B").hexdigest()


def test_files_and_blocks_are_paged(client, memory):
    for n in range(5):
        memory.add(f"{n}.md", *(f"Text {m}" for m in range(3)))
    first = listed(client, memory.name, limit=3)
    second = listed(client, memory.name, limit=3, cursor=first["next_cursor"])
    assert [item["path"] for item in first["items"] + second["items"]] == [f"{n}.md" for n in range(5)]
    assert second["next_cursor"] is None
    url = f"{FILE}/{first['items'][0]['id']}"
    page = client.get(url, params={"limit": 2}).json()
    rest = client.get(url, params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [block["text"] for block in page["blocks"] + rest["blocks"]] == ["Text 0", "Text 1", "Text 2"]
    assert rest["next_cursor"] is None


def test_the_bytes_come_back_as_an_attachment(client, memory):
    document = memory.add("dir/näme;x.md", "Hello")
    response = client.get(f"{FILE}/{document}/raw")
    assert response.content == b"Hello"
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''n%C3%A4me%3Bx.md"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_block_leads_back_to_its_bytes_and_its_run(client, memory):
    document = memory.add("a.md", "Hello")
    block = client.get(f"{FILE}/{document}").json()["blocks"][0]
    assert client.get(f"/api/v1/memory/blocks/{block['id']}").json() == block
    lineage = client.get(f"/api/v1/memory/blocks/{block['id']}/lineage").json()
    assert lineage["block"] == block
    assert lineage["document"]["path"] == "a.md"
    assert lineage["source"] == {"id": str(memory.source), "name": "files", "kind": "folder", "location": "/srv/files"}
    assert lineage["run"]["job"] == "ingest"
    assert lineage["run"]["url"] == f"http://dagster.example/runs/dagster-{memory.run}"
    assert lineage["index_version"]
    assert hashlib.sha256(client.get(lineage["raw_url"]).content).hexdigest() == lineage["document"]["sha256"]


def test_a_deleted_document_is_gone_at_once_and_has_a_receipt(client, memory, launcher):
    document = memory.add("a.md", "Hello needle")
    block = client.get(f"{FILE}/{document}").json()["blocks"][0]["id"]
    found = {"space": memory.name, "query": "needle*", "mode": "pattern"}
    assert len(client.post("/api/v1/memory/search", json=found).json()["results"]) == 1
    response = client.delete(f"{FILE}/{document}")
    assert response.status_code == 202
    assert [space for space, _, _ in launcher.launched] == [memory.name]
    assert listed(client, memory.name)["items"] == []
    for url in (f"{FILE}/{document}", f"{FILE}/{document}/raw", f"/api/v1/memory/blocks/{block}"):
        error_of(client.get(url), 404, "not_found")
    assert client.post("/api/v1/memory/search", json=found).json()["results"] == []
    error_of(client.delete(f"{FILE}/{document}"), 404, "not_found")
    receipt = client.get(f"/api/v1/memory/receipts/{response.json()['receipt_id']}").json()
    assert (receipt["path"], receipt["complete"], receipt["deleted_at"]) == ("a.md", False, None)
    assert set(receipt["stores"]) == {"postgres", "vectors", "lexical", "objects", "cache"}


def test_a_document_in_quarantine_can_be_deleted_once(client, memory):
    document = memory.quarantine("a.pdf")
    assert client.delete(f"{FILE}/{document}").status_code == 202
    error_of(client.delete(f"{FILE}/{document}"), 404, "not_found")


@pytest.mark.parametrize("url", [FILE + "/{}", FILE + "/{}/raw", "/api/v1/memory/blocks/{}", "/api/v1/memory/receipts/{}"])
def test_what_is_not_there_is_a_404_and_what_cannot_be_a_422(client, url):
    error_of(client.get(url.format(uuid4())), 404, "not_found")
    error_of(client.get(url.format("nonsense")), 422, "invalid")


def test_another_callers_documents_are_not_there(app, client, memory, api_platform):
    from fastapi.testclient import TestClient

    from api.app import create_app

    document = memory.add("a.md", "Hello")
    stranger = create_app(api_platform, app.state.launcher, authenticate=lambda token, address: Caller("user:somebody-else"))
    with TestClient(stranger, headers={"Authorization": "Bearer x"}) as other:
        error_of(other.get(f"{FILE}/{document}"), 404, "not_found")
        error_of(other.delete(f"{FILE}/{document}"), 404, "not_found")
        error_of(other.get(FILES, params={"space": memory.name}), 404, "not_found")
        assert other.get("/api/v1/spaces").json()["items"] == []
    assert client.get(f"{FILE}/{document}").status_code == 200

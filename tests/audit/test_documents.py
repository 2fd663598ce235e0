"""Who saw a document: every way to it is found in the audit by its id."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from resources.postgres import audit_log
from resources.postgres.audit_log import Filters
from resources.sign_in.local import issue_token
from tests.api.conftest import RecordingLauncher


@pytest.fixture
def found(log, write):
    """What the audit has of one document after somebody has looked at it by every way there is."""
    home = log.home
    home.space("demo", write({"leave.md": "# Leave\n\nThirty days of leave a year.\n"}))
    home.ingest()
    token, _ = issue_token(home.path)
    app = create_app(log.platform, RecordingLauncher())
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        (document,) = client.get("/api/v1/memory/files", params={"space": "demo"}).json()["items"]
        identity = document["id"]
        block = client.get(f"/api/v1/memory/file/{identity}").json()["blocks"][0]["id"]
        client.get(f"/api/v1/memory/file/{identity}/raw")
        client.get(f"/api/v1/memory/blocks/{block}")
        client.get(f"/api/v1/memory/blocks/{block}/lineage")
        client.post("/api/v1/memory/search", json={"space": "demo", "query": "leave"})
        client.post("/api/v1/memory/query", json={"space": "demo", "query": "How many days of leave?"})
        receipt = client.delete(f"/api/v1/memory/file/{identity}").json()["receipt_id"]
        client.get(f"/api/v1/memory/receipts/{receipt}")
        client.get("/api/v1/spaces/demo/members")

    def rows(**given):
        with audit_log.owner(log.platform.url("owner")) as connection:
            return [row for row in audit_log.rows(connection, Filters(**given)) if row.outcome != "begun"]

    rows.document = identity
    return rows


def test_every_way_to_a_document_is_found_by_its_id_and_its_space(found):
    assert [row.action for row in found(document=found.document)] == [
        "memory.files.list",
        "memory.file.read",
        "memory.file.raw",
        "memory.block.read",
        "memory.block.lineage",
        "memory.search",
        "memory.query",
        "memory.file.delete",
        "memory.receipt.read",
    ]
    wanted = {"memory.files.list", "memory.file.read", "memory.file.raw", "memory.receipt.read", "members.list"}
    assert wanted <= {row.action for row in found(space="demo")}

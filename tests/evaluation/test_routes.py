"""Evaluation sets over HTTP."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from resources.access import LOCAL_ADMIN, Role
from resources.evaluation.measurement import evaluate
from resources.sign_in.local import LocalIssuer, Person, issue_token
from tests.api.conftest import RecordingLauncher, error_of

pytestmark = pytest.mark.real

ASKED = {"text": "when are roses cut back", "judgements": [{"path": "roses.md", "grade": 2}, {"path": "tools.md"}]}


@pytest.fixture(scope="module")
def platform(garden):
    opened = garden.home.platform()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(garden, platform) -> Iterator[TestClient]:
    token, _ = issue_token(garden.home.path)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(platform, RecordingLauncher()), raise_server_exceptions=False, headers=headers) as made:
        yield made


@pytest.fixture
def sets(garden) -> str:
    return f"/api/v1/spaces/{garden.name}/evaluation-sets"


def bearer(garden, *groups: str) -> dict[str, str]:
    person = Person(str(uuid4()), "somebody", groups=groups)
    return {"Authorization": f"Bearer {LocalIssuer(garden.home.path).issue(person, str(uuid4()))[0]}"}


def test_a_set_is_created_listed_and_deleted(client, sets):
    made = client.post(sets, json={"name": "one", "queries": [ASKED]})
    assert made.status_code == 201
    info = made.json()
    assert {key: info[key] for key in ("name", "origin", "queries", "judgements", "created_by")} == {
        "name": "one",
        "origin": "given",
        "queries": 1,
        "judgements": 2,
        "created_by": LOCAL_ADMIN.principal,
    }
    assert client.get(sets).json() == {"items": [info], "next_cursor": None}
    assert client.delete(f"{sets}/one").status_code == 204
    error_of(client.delete(f"{sets}/one"), 404, "not_found")
    error_of(client.get(f"{sets}/one"), 404, "not_found")


def test_a_name_that_is_taken_is_refused(client, sets):
    assert client.post(sets, json={"name": "taken", "queries": [ASKED]}).status_code == 201
    error = error_of(client.post(sets, json={"name": "taken", "queries": [ASKED]}), 409, "conflict")
    assert "does not change" in error["message"]
    client.delete(f"{sets}/taken")


def test_sets_are_paged_by_name(client, sets):
    for name in ("p3", "p1", "p2"):
        client.post(sets, json={"name": name, "queries": [ASKED]})
    first = client.get(sets, params={"limit": 2}).json()
    assert [each["name"] for each in first["items"]] == ["p1", "p2"]
    second = client.get(sets, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert ([each["name"] for each in second["items"]], second["next_cursor"]) == (["p3"], None)
    for name in ("p1", "p2", "p3"):
        client.delete(f"{sets}/{name}")


def test_a_set_shows_its_latest_results_and_their_history(client, sets, garden, platform):
    client.post(sets, json={"name": "measured", "queries": [ASKED]})
    assert client.get(f"{sets}/measured").json()["latest"] == {}
    runs = [evaluate(platform, LOCAL_ADMIN, garden.name, "measured", ["lexical"], run_id=run) for run in ("r1", "r2")]
    found = client.get(f"{sets}/measured").json()
    assert found["latest"] == {"lexical": runs[1][0].metrics.model_dump()}
    assert set(found["latest"]["lexical"]) == {"ndcg@10", "recall@100", "mrr@10", "p50_ms", "p95_ms"}
    assert [each["run_id"] for each in found["history"]] == ["r2", "r1"]
    assert found["history"][0]["was_live"] and "per_query" not in found["history"][0]
    assert len(client.get(f"{sets}/measured", params={"results": 1}).json()["history"]) == 1
    client.delete(f"{sets}/measured")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a/b"},
        {"queries": []},
        {"queries": [ASKED | {"text": " "}]},
        {"queries": [ASKED | {"judgements": []}]},
        {"queries": [ASKED | {"judgements": [{"path": "a.md", "grade": 0}]}]},
        {"queries": [ASKED | {"judgements": [{"path": "a.md", "grade": -1}]}]},
        {"queries": [ASKED | {"judgements": [{"path": "nul\0.md"}]}]},
        {"queries": [ASKED | {"id": "x"}, ASKED | {"id": "x"}]},
        {"queries": [ASKED, ASKED | {"id": "1"}]},
        {"queries": [ASKED | {"surprise": 1}]},
        {"origin": "feedback"},
    ],
)
def test_a_set_that_makes_no_sense_is_refused(client, sets, change):
    error_of(client.post(sets, json={"name": "bad", "queries": [ASKED]} | change), 422, "invalid")
    assert client.get(sets).json()["items"] == []


def test_only_administrators_of_the_space_reach_its_sets(client, sets, garden):
    client.post(sets, json={"name": "secret", "queries": [ASKED]})
    calls = [("GET", sets), ("POST", sets), ("GET", f"{sets}/secret"), ("DELETE", f"{sets}/secret")]
    for role in (Role.READER, Role.INGESTOR):
        headers = bearer(garden, *garden.member(role).groups)
        for method, url in calls:
            body = {"name": "new", "queries": [ASKED]} if method == "POST" else None
            error_of(client.request(method, url, headers=headers, json=body), 403, "forbidden")
    for method, url in calls:
        body = {"name": "new", "queries": [ASKED]} if method == "POST" else None
        error_of(client.request(method, url, headers=bearer(garden), json=body), 404, "not_found")
    headers = bearer(garden, *garden.member(Role.ADMIN).groups)
    assert client.get(f"{sets}/secret", headers=headers).status_code == 200
    assert client.delete(f"{sets}/secret", headers=headers).status_code == 204

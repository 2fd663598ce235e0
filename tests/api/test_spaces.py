"""Spaces over HTTP."""

import pytest

from tests.api.conftest import error_of


def test_a_space_is_created_once_and_found(client):
    created = client.post("/api/v1/spaces", json={"name": "handbook"})
    assert created.status_code == 201
    assert created.json()["live_index_version"]
    assert client.get("/api/v1/spaces/handbook").json()["id"] == created.json()["id"]
    error_of(client.post("/api/v1/spaces", json={"name": "handbook"}), 409, "conflict")


@pytest.mark.parametrize("name", ["", "..", "a|b", "a/b", "x" * 65, "a\u0000b", "\ud800", "-a"])
def test_names_that_cannot_be_are_refused(client, name):
    import json

    headers = {"Content-Type": "application/json"}
    error_of(client.post("/api/v1/spaces", content=json.dumps({"name": name}), headers=headers), 422, "invalid")


def test_lists_are_paged_without_gaps_or_repeats(client, memory, api_home):
    names = {memory.name} | {f"paged-{n}" for n in range(4)}
    for name in names - {memory.name}:
        api_home.space(name)
    found, cursor = [], None
    while True:
        page = client.get("/api/v1/spaces", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names <= set(found)
    assert found == sorted(set(found))


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"cursor": "nonsense"}, {"cursor": "WzFd"}, {"limit": "x"}])
def test_a_page_that_cannot_be_is_refused(client, query):
    error_of(client.get("/api/v1/spaces", params=query), 422, "invalid")

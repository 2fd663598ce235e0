"""A thousand requests at once through the application, and what its metrics say of the caches."""

import asyncio
from collections import Counter

import httpx
import pytest

from api.app import create_app
from resources.access import Caller
from tests.api.conftest import RecordingLauncher
from tests.retrieval.conftest import MALLORY, OWNER

CROWD = 1_000


def serve(shelf, act):
    """What `act` gives with a client of an application over the shelf; tokens are the names of callers."""
    callers = {"ada": OWNER, "mallory": MALLORY}

    def authenticate(token: str, address: str) -> Caller:
        return callers[token]

    app = create_app(shelf.platform, RecordingLauncher(), authenticate, retriever=shelf.retriever())

    async def run():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=120) as client:
            return await act(client)

    try:
        return asyncio.run(run())
    finally:
        app.state.audit.close()


def body(shelf, query="warranty"):
    return {"space": shelf.name, "query": query}


@pytest.fixture
def unlimited(shelf, monkeypatch):
    monkeypatch.setattr(
        shelf.platform, "settings", shelf.platform.settings.model_copy(update={"search_limit": "9999/second"})
    )


def test_a_thousand_requests_cause_one_embedding_and_one_store_query(shelf, work, unlimited):
    async def crowd(client):
        async def one(number):
            name = "mallory" if number % 50 == 0 else "ada"
            answer = await client.post(
                "/api/v1/memory/search", json=body(shelf), headers={"Authorization": f"Bearer {name}"}
            )
            return name, answer.status_code, tuple(each["document"]["path"] for each in answer.json().get("results", ()))

        return Counter(await asyncio.gather(*(one(number) for number in range(CROWD))))

    counted = serve(shelf, crowd)
    assert {(name, status) for name, status, _ in counted} == {("ada", 200), ("mallory", 404)}
    assert len(counted) == 2
    assert {name: work[name] for name in ("embedded", "nearest", "lexical", "passages", "blocks")} == {
        "embedded": 1,
        "nearest": 1,
        "lexical": 1,
        "passages": 1,
        "blocks": 1,
    }


def test_metrics_tell_hits_and_misses_of_each_layer_and_kind(shelf):
    async def twice(client):
        headers = {"Authorization": "Bearer ada"}
        for query in ("warranty", "warranty", "car"):
            await client.post("/api/v1/memory/search", json=body(shelf, query), headers=headers)
        return (await client.get("/metrics", headers=headers)).text

    text = serve(shelf, twice)
    said = {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("rage_cache")
    }
    assert said['rage_cache_requests_total{kind="result",layer="L0",outcome="hit"}'] == 1
    assert said['rage_cache_requests_total{kind="result",layer="L0",outcome="miss"}'] == 2
    assert said['rage_cache_requests_total{kind="embedding",layer="L0",outcome="miss"}'] == 2
    assert said["rage_cache_memory_bytes"] > 0

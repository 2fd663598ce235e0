"""Search and query over HTTP; how well they find is tested with the retriever."""

import json

import pytest

from resources.retrieval.answer import Event
from tests.api.conftest import error_of

SEARCH, QUERY = "/api/v1/memory/search", "/api/v1/memory/query"


def test_a_search_answers_with_blocks_passages_and_documents(client, memory):
    document = memory.add("a.md", "Thirty days of leave", "Something else")
    body = {"space": memory.name, "query": '"days of leave"', "mode": "pattern"}
    response = client.post(SEARCH, json=body).json()
    assert response["mode"] == "pattern"
    (result,) = response["results"]
    assert result["document"] == {"id": str(document), "path": "a.md", "title": "A title", "source": "files"}
    assert result["block"]["text"] == result["passage"]["text"] == "Thirty days of leave"


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0},
        {"k": 101},
        {"mode": "magic"},
        {"query": ""},
        {"query": "x" * 10_001},
        {"query": "a\u0000b"},
        {"space": "a|b"},
        {"surprise": 1},
        {"query": "/(/", "mode": "pattern"},
    ],
)
def test_searches_that_cannot_be_are_refused(client, memory, wrong):
    error_of(client.post(SEARCH, json={"space": memory.name, "query": "q"} | wrong), 422, "invalid")


def test_a_space_that_is_not_there_is_a_404_for_every_way_of_asking(client):
    for url, extra in ((SEARCH, {}), (QUERY, {}), (QUERY, {"stream": True})):
        error_of(client.post(url, json={"space": "nowhere", "query": "q"} | extra), 404, "not_found")


def test_without_evidence_the_answer_is_that_it_does_not_know(client, memory):
    answer = client.post(QUERY, json={"space": memory.name, "query": "Who?"}).json()
    assert (answer["answer"], answer["abstained"], answer["citations"]) == ("I don't know.", True, [])


def events(text):
    for part in text.strip().split("\n\n"):
        name, data = part.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_stream_ends_with_the_whole_answer(client, memory):
    response = client.post(QUERY, json={"space": memory.name, "query": "Who?", "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    told = list(events(response.text))
    assert "".join(data["text"] for name, data in told if name == "token") == "I don't know."
    assert told[-1][0] == "done"
    assert told[-1][1]["answer"] == "I don't know."


def test_a_stream_that_breaks_says_so(app, client, memory):
    class Breaking:
        def stream(self, caller, request):
            yield Event("token", {"text": "so "})
            raise RuntimeError("secret")

    app.state.answerer = Breaking()
    response = client.post(QUERY, json={"space": memory.name, "query": "Who?", "stream": True})
    told = list(events(response.text))
    assert [name for name, _ in told] == ["token", "error"]
    assert told[1][1]["code"] == "internal"
    assert told[1][1]["request_id"] == response.headers["x-request-id"]
    assert "secret" not in response.text

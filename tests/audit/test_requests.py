"""The audit of requests on a small application: what is written, when, and that nothing is answered without it."""

import asyncio
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.auditing import Announce, Audit, note_audit
from api.refusals import Refusals
from resources.audit.entry import Entry, Outcome
from resources.audit.writer import AuditWriter

SPACE = UUID(int=7)
SHOWN = [str(UUID(int=n)) for n in range(3)]


class SignIn:
    """Stands where callers are found out: `Bearer NAME` is user NAME, anybody else is refused."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        given = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        if scope["type"] == "http" and not given and scope["path"] not in ("/health", "/auth/token"):
            await JSONResponse({"error": "no"}, 401)(scope, receive, send)
            return
        if given:
            scope["state"]["caller"] = SimpleNamespace(principal=f"user:{given}", name=given.title())
        await self.app(scope, receive, send)


class Server:
    """The small application with its audit."""

    def __init__(self, log, **settings):
        self.log = log
        self.changed = []
        self.shown = SHOWN
        self.platform = log.home.platform("api", **settings)
        self.writer = AuditWriter(self.platform, wait_s=2.0)
        app = Starlette(
            routes=[
                Route("/api/v1/memory/search", self.search, methods=["POST"]),
                Route("/api/v1/memory/query", self.query, methods=["POST"]),
                Route("/api/v1/memory/file/{document_id}", self.read, methods=["GET"]),
                Route("/api/v1/memory/file/{document_id}", self.delete, methods=["DELETE"]),
                Route("/api/v1/new/{thing}", self.read, methods=["PUT"]),
                Route("/crash", self.crash),
                Route("/health", self.health),
                Route("/auth/token", self.token, methods=["POST"]),
            ]
        )
        settings = self.platform.settings
        app.add_middleware(Announce, writer=self.writer, settings=settings)
        app.add_middleware(SignIn)
        app.add_middleware(Audit, writer=self.writer, settings=settings)
        self.client = TestClient(app, raise_server_exceptions=False, headers={"Authorization": "Bearer ann"})

    async def search(self, request: Request):
        body = await request.json()
        if body["space"] == "theirs":
            return JSONResponse({"error": "not there"}, 404)
        if body["space"] == "closed":
            return JSONResponse({"error": "no"}, 403)
        note_audit(request, space=body["space"], space_id=SPACE, query=body["query"], documents=self.shown)
        return JSONResponse({"results": ["the text"]})

    async def query(self, request: Request):
        note_audit(request, space="ours", query="who?", stream=True)

        async def events():
            yield "first "
            rows = await asyncio.to_thread(self.log.rows)
            assert rows[-1][1] == "memory.query"
            for document in SHOWN[:2]:
                note_audit(request, documents=[document])
            yield "second "
            await asyncio.sleep(0)
            if request.headers.get("break"):
                raise ValueError
            yield "third"

        return StreamingResponse(events())

    async def read(self, request: Request):
        return PlainTextResponse("text")

    async def delete(self, request: Request):
        self.changed.append(request.path_params["document_id"])
        return JSONResponse({}, 202)

    async def crash(self, request: Request):
        raise ValueError

    async def health(self, request: Request):
        return PlainTextResponse("ok")

    async def token(self, request: Request):
        form = (await request.body()).decode()
        if form == "right":
            note_audit(request, actor="user:bob", actor_name="Bob")
            return JSONResponse({"access_token": "t"})
        return JSONResponse({}, int(form))

    def entries(self, columns="action, outcome, status, actor"):
        with self.log.owner(guarded=True) as connection:
            return connection.execute(f"SELECT {columns} FROM audit_log ORDER BY seq").fetchall()

    def details(self):
        return [row[0] for row in self.entries("details")]

    def close(self):
        self.writer.close()
        self.platform.close()


@pytest.fixture
def serve(log):
    started = []

    def start(**settings):
        started.append(Server(log, **settings))
        return started[-1]

    yield start
    for server in started:
        server.close()


def search(server, space="ours", query="how?"):
    return server.client.post("/api/v1/memory/search", json={"space": space, "query": query})


def test_a_search_says_who_saw_what_from_where(serve):
    server = serve(audit_queries="text")
    assert search(server).status_code == 200
    ((actor, name, action, outcome, status, space, address, details),) = server.entries(
        "actor, actor_name, action, outcome, status, space_id, address, details"
    )
    assert (actor, name, action, outcome, status) == ("user:ann", "Ann", "memory.search", "allowed", 200)
    assert (space, address) == (SPACE, "testclient")
    assert details == {"space": "ours", "query": "how?", "documents": SHOWN, "documents_shown": 3}
    assert server.log.verify().whole


def test_of_many_documents_the_first_hundred_are_named(serve):
    server = serve()
    server.shown = [str(uuid4()) for _ in range(150)]
    search(server)
    (details,) = server.details()
    assert (len(details["documents"]), details["documents_shown"]) == (100, 150)


def test_queries_are_kept_as_text_code_or_not_at_all(serve):
    for kept in ("text", "hash", "none"):
        server = serve(audit_queries=kept)
        search(server, query="layoffs in spring")
        search(server, query="layoffs in spring")
        search(server, query="something else")
    text, hashed, none = (server.details()[start : start + 3] for start in (0, 3, 6))
    assert [each["query"] for each in text] == ["layoffs in spring"] * 2 + ["something else"]
    codes = [each["query_code"] for each in hashed]
    assert codes[0] == codes[1] != codes[2]
    assert "layoffs" not in str(hashed + none)
    assert not any("query" in name for each in none for name in each)


def test_refusals_are_written_down(serve):
    server = serve()
    assert search(server, "theirs").status_code == 404
    assert search(server, "closed").status_code == 403
    assert server.client.get("/nothing/here").status_code == 404
    del server.client.headers["Authorization"]
    assert search(server).status_code == 401
    assert server.client.post("/auth/token", content="401").status_code == 401
    assert server.client.post("/auth/token", content="429").status_code == 429
    assert server.entries() == [
        ("memory.search", "denied", 404, "user:ann"),
        ("memory.search", "denied", 403, "user:ann"),
        ("GET unmatched", "denied", 404, "user:ann"),
        ("memory.search", "denied", 401, ""),
        ("auth.token", "denied", 401, ""),
        ("auth.token", "denied", 429, ""),
    ]


def test_a_sign_in_names_who_signed_in(serve):
    server = serve()
    del server.client.headers["Authorization"]
    server.client.post("/auth/token", content="right")
    assert server.entries("action, outcome, actor, actor_name") == [("auth.token", "allowed", "user:bob", "Bob")]
    assert "access_token" not in str(server.details())


def test_a_path_names_its_target(serve):
    server = serve()
    document = uuid4()
    server.client.get(f"/api/v1/memory/file/{document}")
    assert server.entries("action, target") == [("memory.file.read", f"document_id={document}")]


def test_a_new_route_is_written_down_by_its_template(serve):
    server = serve()
    server.client.put("/api/v1/new/thing-1")
    assert server.entries("action, outcome, target") == [
        ("PUT /api/v1/new/{thing}", "begun", "thing=thing-1"),
        ("PUT /api/v1/new/{thing}", "allowed", "thing=thing-1"),
    ]


def test_health_is_not_written_down(serve):
    server = serve()
    assert server.client.get("/health").text == "ok"
    del server.client.headers["Authorization"]
    assert server.client.get("/health").text == "ok"
    assert server.entries() == []


def test_a_crash_is_written_down(serve):
    server = serve()
    assert server.client.get("/crash").status_code == 500
    server.writer.append(Entry("later", Outcome.ALLOWED))
    assert server.entries()[0] == ("GET /crash", "failed", 500, "user:ann")
    assert server.details()[0] == {"error": "ValueError"}


def test_a_stream_is_written_down_before_it_begins_and_at_its_end(serve):
    server = serve()
    assert server.client.post("/api/v1/memory/query").text == "first second third"
    assert [row[0] for row in server.entries()] == ["memory.query", "memory.query.finished"]
    first, last = server.details()
    assert "documents" not in first
    assert last["documents"] == SHOWN[:2]


def test_a_stream_that_breaks_is_written_down_too(serve):
    server = serve()
    server.client.post("/api/v1/memory/query", headers={"break": "yes"})
    server.writer.append(Entry("later", Outcome.ALLOWED))
    assert [row[0] for row in server.entries()] == ["memory.query", "memory.query.finished", "later"]
    assert server.details()[1]["documents"] == SHOWN[:2]


def test_a_change_is_announced_before_it_is_made(serve):
    server = serve()
    assert server.client.delete(f"/api/v1/memory/file/{SPACE}").status_code == 202
    assert [row[:2] for row in server.entries()] == [("memory.file.delete", "begun"), ("memory.file.delete", "allowed")]


def test_without_the_audit_nothing_is_answered(serve):
    server = serve()
    with server.log.owner(guarded=True) as connection, connection.transaction():
        connection.execute("SELECT rage_audit_head()")
        response = search(server)
    assert response.status_code == 503
    assert "the text" not in response.text
    assert response.headers["retry-after"]
    assert response.json()["error"]["code"] == "unavailable"


def test_without_the_audit_nothing_is_changed(serve):
    server = serve()
    with server.log.owner(guarded=True) as connection, connection.transaction():
        connection.execute("SELECT rage_audit_head()")
        response = server.client.delete(f"/api/v1/memory/file/{SPACE}")
    assert response.status_code == 503
    assert server.changed == []


def test_without_the_audit_no_stream_begins(serve):
    server = serve()
    with server.log.owner(guarded=True) as connection, connection.transaction():
        connection.execute("SELECT rage_audit_head()")
        response = server.client.post("/api/v1/memory/query")
    assert response.status_code == 503
    assert "first" not in response.text


def test_a_flood_of_refusals_is_counted_and_not_kept():
    now = [0.0]
    refusals = Refusals(most=3, window_s=60, remembered=2, clock=lambda: now[0])
    refusal = Entry("memory.search", Outcome.DENIED, address="10.0.0.1")
    assert [len(refusals.admit(refusal)) for _ in range(5)] == [1, 1, 1, 0, 0]
    other = Entry("memory.search", Outcome.DENIED, address="10.0.0.2")
    assert refusals.admit(other) == [other]
    now[0] = 61.0
    summed, first = refusals.admit(refusal)
    assert first is refusal
    assert (summed.action, summed.address, summed.details["refusals"]) == ("auth.refusals", "10.0.0.1", 2)

"""The audit of the platform's own query layer."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from api.app import create_app
from api.auditing import UNWATCHED, Announce, Audit
from api.authentication import BearerToken
from api.middleware import RequestContext
from resources.audit.writer import AuditWriter
from resources.sign_in.local import issue_token
from tests.api.conftest import RecordingLauncher


@pytest.fixture
def served(log):
    """A client of the application, with the audit in it."""
    app = create_app(log.platform, RecordingLauncher())
    writer = AuditWriter(log.platform)
    given = {"writer": writer, "settings": log.platform.settings}
    stack = [each.cls for each in app.user_middleware]
    if Audit not in stack:
        app.user_middleware.insert(stack.index(BearerToken) + 1, Middleware(Announce, **given))
        app.user_middleware.insert(stack.index(RequestContext) + 1, Middleware(Audit, **given))
    token, _ = issue_token(log.home.path)
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "the-request"}
    with TestClient(app, raise_server_exceptions=False, headers=headers) as client:
        yield client
    writer.close()


def written(log, *, of: str = ""):
    with log.owner(guarded=True) as connection:
        return connection.execute(
            "SELECT action, outcome, status, actor, request_id FROM audit_log WHERE starts_with(action, %s) ORDER BY seq",
            (of,),
        ).fetchall()


@pytest.fixture
def space(log):
    name = f"space-{uuid4().hex[:8]}"
    log.home.space(name)
    return name


def test_a_search_is_written_down(log, served, space):
    assert served.post("/api/v1/memory/search", json={"space": space, "query": "leave"}).status_code == 200
    assert written(log) == [("memory.search", "allowed", 200, "user:local-admin", "the-request")]


def test_a_space_that_is_not_there_is_written_down(log, served):
    assert served.post("/api/v1/memory/search", json={"space": "nobodys", "query": "leave"}).status_code == 404
    assert written(log) == [("memory.search", "denied", 404, "user:local-admin", "the-request")]


def test_a_stranger_is_written_down(log, served):
    for header in ("", "Bearer a.b.c"):
        response = served.post("/api/v1/memory/search", headers={"Authorization": header}, json={})
        assert response.status_code == 401
    assert written(log) == [("memory.search", "denied", 401, "", "the-request")] * 2


def test_a_failed_sign_in_is_written_down(log, served):
    form = {"grant_type": "password", "username": "nobody", "password": "hunter2hunter2"}
    response = served.post("/auth/token", data=form, headers={"Authorization": ""})
    assert response.status_code == 401
    assert [row[:3] for row in written(log)] == [("auth.token", "denied", 401)]
    with log.owner(guarded=True) as connection:
        assert "hunter2" not in str(connection.execute("SELECT * FROM audit_log").fetchall())


def test_a_question_is_written_down_whole_or_as_a_stream(log, served, space):
    for stream in (False, True):
        body = {"space": space, "query": "who?", "stream": stream}
        assert served.post("/api/v1/memory/query", json=body).status_code == 200
    assert [row[:3] for row in written(log) if row[0] == "memory.query"] == [("memory.query", "allowed", 200)] * 2


def test_every_route_is_written_down(log, served):
    """A new route is audited by construction: with its own word, or by method and template."""
    import re

    paths = served.app.openapi()["paths"]
    asked = [(method.upper(), path) for path, methods in paths.items() for method in methods if path not in UNWATCHED]
    for method, path in asked:
        served.request(method, re.sub(r"\{\w+\}", str(uuid4()), path), content=b"not JSON")
    with log.owner(guarded=True) as connection:
        found = connection.execute("SELECT action FROM audit_log WHERE outcome <> 'begun' ORDER BY seq").fetchall()
    assert len(found) == len(asked) - 1  # a stranger's malformed form, at the sign-in
    assert not [action for (action,) in found if "unmatched" in action]
    assert log.verify().whole


def test_the_body_of_an_answer_waits_for_its_entry(log, served, space):
    with log.owner(guarded=True) as connection, connection.transaction():
        connection.execute("SELECT rage_audit_head()")
        response = served.get("/api/v1/spaces")
    assert response.status_code == 503
    assert space not in response.text

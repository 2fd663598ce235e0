"""Who may call, how a refusal looks, and what every response carries."""

import re
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from resources.retrieval.search import Retriever
from resources.sign_in.local import issue_token
from tests.api.conftest import error_of

OPEN = {"/health", "/ready", "/auth/token", "/auth/login", "/auth/callback", "/auth/backchannel-logout"}


def routes(app):
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), re.sub(r"\{\w+\}", "00000000-0000-0000-0000-000000000000", path)


def test_every_route_but_the_open_ones_needs_a_token(app, anonymous):
    seen = {path for _, path in routes(app)}
    assert seen > OPEN
    for method, path in routes(app):
        if path not in OPEN:
            response = anonymous.request(method, path, content=b"not even JSON")
            error_of(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json"])
def test_open_routes_need_none(anonymous, path):
    assert anonymous.get(path).status_code == 200


def test_a_route_that_does_not_exist_is_not_told_to_strangers(anonymous, client):
    error_of(anonymous.get("/api/v1/nothing"), 401, "unauthorized")
    error_of(client.get("/api/v1/nothing"), 404, "not_found")
    error_of(client.put("/api/v1/spaces"), 405, "method_not_allowed")


def forged(home, **claims):
    key = OctKey.import_key((home / "keys" / "token.key").read_bytes())
    good = jwt.decode(issue_token(home)[0], key, ["HS256"]).claims
    return jwt.encode({"alg": "HS256"}, {**good, **claims}, key, ["HS256"])


def test_a_token_counts_only_as_it_was_issued(api_home, anonymous):
    issue_token(api_home.path)
    key = OctKey.import_key(b"x" * 32)
    tokens = {
        "expired": forged(api_home.path, exp=time.time() - 1),
        "not yet": forged(api_home.path, nbf=time.time() + 3600),
        "another audience": forged(api_home.path, aud="elsewhere"),
        "another issuer": forged(api_home.path, iss="elsewhere"),
        "no signature": jwt.encode({"alg": "none"}, {"sub": "local-admin"}, key, ["none"]),
        "another key": jwt.encode({"alg": "HS256"}, {"sub": "local-admin"}, key, ["HS256"]),
        "garbage": "a.b.c",
        "not ASCII": "é",
    }
    for why, token in tokens.items():
        header = b"Bearer " + token.encode("latin-1")
        response = anonymous.get("/api/v1/spaces", headers={"Authorization": header})
        assert response.status_code == 401, why
    good = forged(api_home.path)
    assert anonymous.get("/api/v1/spaces", headers={"Authorization": f"bearer {good}"}).status_code == 200
    assert anonymous.get("/api/v1/spaces", headers={"Authorization": f"Basic {good}"}).status_code == 401


def test_the_key_is_readable_by_its_owner_only(api_home):
    issue_token(api_home.path)
    assert (api_home.path / "keys" / "token.key").stat().st_mode & 0o777 == 0o600


def test_a_sane_request_id_comes_back_and_others_are_replaced(anonymous):
    assert anonymous.get("/health", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for insane in ("", "with space", "x" * 65, "<script>"):
        given = anonymous.get("/health", headers={"X-Request-ID": insane}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", given)


def test_readiness_names_every_part(anonymous):
    parts = anonymous.get("/ready").json()["parts"]
    assert set(parts) == {"database", "lexical", "cache", "embedder", "generator"}
    assert parts["database"]["ok"]
    assert "pgvector" in parts["database"]["detail"]


def test_metrics_count_by_route_template(client, memory):
    client.get(f"/api/v1/spaces/{memory.name}")
    text = client.get("/metrics").text
    assert 'rage_http_requests_total{method="GET",route="/api/v1/spaces/{name}",status="200"}' in text
    assert memory.name not in text


def test_a_crash_is_an_envelope_too_and_says_nothing_of_its_cause(client, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret text of a document")

    monkeypatch.setattr(Retriever, "attempt", broken)
    response = client.post("/api/v1/memory/search", json={"space": "s", "query": "q"})
    error_of(response, 500, "internal")
    assert "secret" not in response.text


def test_the_documentation_has_examples_errors_and_the_scheme(app):
    spec = app.openapi()
    assert spec["components"]["securitySchemes"]
    search = spec["paths"]["/api/v1/memory/search"]["post"]
    assert search["requestBody"]["content"]["application/json"]["examples"]
    assert search["security"]
    assert "ErrorEnvelope" in str(search["responses"]["422"])
    ingest = spec["paths"]["/api/v1/memory/ingest"]["post"]["requestBody"]["content"]
    assert set(ingest) == {"application/json", "multipart/form-data"}
    assert "HTTPValidationError" not in str(spec)
    for path, methods in spec["paths"].items():
        for method, route in methods.items():
            assert route.get("description"), (method, path)
            assert route["tags"], (method, path)


def test_bodies_have_a_limit(client):
    big = {"space": "s", "query": "x" * (1 << 20)}
    error_of(client.post("/api/v1/memory/search", json=big), 413, "too_large")

    def pieces():
        for _ in range(40):
            yield b"x" * 65536

    response = client.post("/api/v1/memory/search", content=pieces(), headers={"Content-Type": "application/json"})
    error_of(response, 413, "too_large")

"""What browsers are told with every response, and under which names the server answers."""

import pytest

from tests.conftest import ROOT
from tests.server.conftest import Server

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}


def check(answer, **other):
    expected = EVERYWHERE | {name.replace("_", "-"): value for name, value in other.items()}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("status", "method", "path", "signed_in"),
    [
        (200, "GET", "/health", False),
        (200, "GET", "/openapi.json", False),
        (401, "GET", "/api/v1/spaces", False),
        (200, "GET", "/api/v1/spaces", True),
        (404, "GET", "/api/v1/nowhere", True),
        (405, "DELETE", "/api/v1/spaces", True),
        (422, "GET", "/api/v1/memory/blocks/1", True),
    ],
)
def test_every_response_carries_the_policies(server: Server, status, method, path, signed_in):
    answer = server.ask(method, path, signed_in=signed_in)
    assert answer.status == status
    check(answer)
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    "data",
    [
        b"NOT HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\nab",
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nab",
        b"POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX : a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 80,
    ],
    ids=[
        "line",
        "no host",
        "two hosts",
        "large",
        "two lengths",
        "no length",
        "encoding",
        "length and encoding",
        "name",
        "tls",
    ],
)
def test_what_is_no_request_gets_the_envelope_once_and_the_connection_ends(server: Server, data):
    received = server.send(data + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert status in {400, 431}
    assert received.count(b"HTTP/1.1 ") == 1
    assert b'"request_id"' in body
    assert b"Traceback" not in received and b"uvicorn" not in received and b"h11" not in received
    for name, value in EVERYWHERE.items():
        assert f"{name}: {value}".encode() in head
    assert b"connection: close" in head.lower()
    assert server.ask("GET", "/health").status == 200


def test_long_targets_and_many_headers_are_refused(server: Server):
    assert server.ask("GET", "/health?" + "a" * 20_000).status == 414
    assert server.ask("GET", "/health", headers={f"X-{n}": "a" for n in range(150)}).status == 431


def test_a_page_has_a_policy_without_inline_code(server: Server):
    page = server.ask("GET", "/docs", signed_in=False)
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    check(page, content_security_policy=policy)
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe" not in scripts
    assert b"<script>" not in page.body
    assert page.body.count(b"integrity=") == 2
    assert server.ask("GET", "/docs/start.js", signed_in=False).headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1", "localhost."])
def test_a_local_server_answers_to_local_names(server: Server, host):
    assert server.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "10.0.0.1", "localhost@evil.example", "localhost:x", "", "[::1"],
)
def test_a_local_server_answers_to_no_other_name(server: Server, host):
    answer = server.ask("GET", "/health", headers={"Host": host})
    assert answer.status == 421
    assert answer.error["code"] == "misdirected"
    check(answer)


def test_the_public_name_counts_too(serve):
    server = serve(public_url="https://rage.example.com/")
    assert server.ask("GET", "/health", headers={"Host": "rage.example.com"}).status == 200
    assert server.ask("GET", "/health", headers={"Host": "other.example.com"}).status == 421


def test_other_sites_may_not_call(server: Server):
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    preflight = server.ask("OPTIONS", "/api/v1/memory/search", headers=headers, signed_in=False)
    assert preflight.status == 401
    answer = server.ask("GET", "/api/v1/spaces", headers=headers)
    assert not [name for name in {**preflight.headers, **answer.headers} if name.startswith("access-control")]


def test_a_listed_site_may_call_with_a_token_and_never_with_cookies(serve):
    server = serve(cors_origins="https://app.example.com")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    ours, other = ({"Origin": f"https://{name}.example.com"} for name in ("app", "other"))
    preflight = server.ask("OPTIONS", "/api/v1/memory/search", headers=ours | asked, signed_in=False)
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "access-control-allow-credentials" not in preflight.headers
    for answer in (
        server.ask("GET", "/api/v1/spaces", headers=ours),
        server.ask("GET", "/x", headers=ours, signed_in=False),
    ):
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    refused = server.ask("OPTIONS", "/api/v1/memory/search", headers=other | asked, signed_in=False)
    assert refused.status == 400
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in server.ask("GET", "/api/v1/spaces", headers=other).headers


def test_errors_show_nothing_of_the_inside(server: Server):
    for method, path in (("GET", "/api/v1/nowhere"), ("DELETE", "/api/v1/spaces"), ("PUT", "/health"), ("GET", "/docs/x")):
        answer = server.ask(method, path)
        assert set(answer.error) <= {"code", "message", "request_id"}
        for inside in (b"Traceback", b".py", b"starlette", b"psycopg", str(server.home.path).encode()):
            assert inside not in answer.body


def test_the_openapi_document_holds_no_secret_and_no_path_of_this_machine(server: Server):
    document = server.ask("GET", "/openapi.json", signed_in=False).body.decode()
    home = server.home.path
    secrets = [file.read_text("latin-1").strip() for file in (home / "keys").glob("*") if file.stat().st_size > 8]
    assert secrets
    for inside in (str(home), str(ROOT), "/tmp/", "site-packages", "postgresql://", "rage_api", "rage_owner", *secrets):
        assert inside not in document

"""What is data stays data: SQL, headers, paths, patterns, templates and log lines in everything that a caller can send.

Each case looks at the status, at the answer, at how long it took, and at what is there afterwards.
"""

import socket
import time
from contextlib import contextmanager
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from api.browser_sign_in import own_path
from api.paging import encode
from resources.access.rules import AccessRule, clauses_of, read_access_file
from resources.errors import InvalidInput
from tests.fuzzing.conftest import CANARY, SPACE, Target

_SOON_S = 4.0
_TABLES = ("spaces", "entitlements", "sources", "documents", "exclusions", "api_keys", "users", "runs", "receipts")
SQL = [
    "'; DROP TABLE rage.documents; --",
    "' OR '1'='1",
    "x' UNION SELECT text FROM rage.passages --",
    "1; SELECT pg_sleep(9); --",
    "') OR pg_sleep(9) IS NOT NULL --",
    "\\'; SELECT pg_sleep(9); --",
    "$$; SELECT pg_sleep(9); $$",
    "%s %(space)s %% {0} :space",
    "x', true); SELECT set_config('rage.platform', 'admin', true); --",
]


@pytest.fixture(scope="module")
def owner(target: Target):
    platform = target.home.platform()
    with psycopg.connect(platform.url("owner"), autocommit=True, options="-c search_path=rage,public") as connection:
        yield connection
    platform.close()


@pytest.fixture
def unchanged(target: Target, owner):
    """Makes sure that nothing came or went: no row, no file, and no run was started; and that it took no time."""

    def state():
        rows = {name: owner.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _TABLES}
        files = {str(path) for folder in ("store", "keys") for path in (target.home.path / folder).rglob("*")}
        return rows, files, len(target.launcher.launched)

    @contextmanager
    def watch():
        before, began = state(), time.monotonic()
        yield
        assert time.monotonic() - began < _SOON_S
        assert state() == before

    return watch


def harmless(response, *statuses: int) -> None:
    """The status, and that neither another space nor the inside shows."""
    assert response.status_code in statuses, (response.status_code, response.text[:500])
    assert CANARY not in response.text
    shown = response.text.lower()
    assert not any(sign in shown for sign in ("traceback", "psycopg", "site-packages", "syntax error", 'relation "'))


def files_under(root):
    """The files there but for those that the database writes at any time, and the audit's anchor on its way into place."""
    found = {path for path in root.rglob("*") if path.is_file() and "postgres" not in path.parts}
    return {path for path in found if (path.parent.name, path.name) != ("audit", ".anchor")}


def search(client, **body):
    return client.post("/api/v1/memory/search", json={"space": SPACE, "query": "otter", **body})


ASKED = {  # who asks, what, and what they get
    "space in a path": ("reader", lambda c, x: c.get(f"/api/v1/spaces/{quote(x, safe='')}"), (404, 422)),
    "space to create": ("platform admin", lambda c, x: c.post("/api/v1/spaces", json={"name": x}), (422,)),
    "space to search": ("reader", lambda c, x: search(c, space=x), (422,)),
    "space to ask": ("reader", lambda c, x: c.post("/api/v1/memory/query", json={"space": x, "query": "y"}), (422,)),
    "space to list": ("reader", lambda c, x: c.get("/api/v1/memory/files", params={"space": x}), (422,)),
    "space to fill": ("ingestor", lambda c, x: c.post("/api/v1/memory/ingest", json={"space": x, "location": "/"}), (422,)),
    "space of a form": (
        "ingestor",
        lambda c, x: c.post("/api/v1/memory/ingest", data={"space": x}, files={"file": b"x"}),
        (422,),
    ),
    "space of a key": (
        "platform admin",
        lambda c, x: c.post("/api/v1/keys", json={"name": "k", "spaces": [x], "role": "reader"}),
        (404, 422),
    ),
    "words": ("reader", lambda c, x: search(c, query=x, mode="lexical"), (200,)),
    "meaning": ("reader", lambda c, x: search(c, query=x, mode="vector"), (200,)),
    "pattern": ("reader", lambda c, x: search(c, query=x, mode="pattern"), (200, 422)),
    "expression": ("reader", lambda c, x: search(c, query=f"/{x}/", mode="pattern"), (200, 422)),
    "mode": ("reader", lambda c, x: search(c, mode=x), (422,)),
    "types": ("reader", lambda c, x: search(c, filters={"types": [x]}), (422,)),
    "cursor": ("reader", lambda c, x: c.get("/api/v1/memory/files", params={"space": SPACE, "cursor": x}), (422,)),
    "cursor of files": (
        "reader",
        lambda c, x: c.get("/api/v1/memory/files", params={"space": SPACE, "cursor": encode([x, uuid4()])}),
        (200,),
    ),
    "cursor's id": (
        "reader",
        lambda c, x: c.get("/api/v1/memory/files", params={"space": SPACE, "cursor": encode(["a", x])}),
        (422,),
    ),
    "cursor of spaces": ("reader", lambda c, x: c.get("/api/v1/spaces", params={"cursor": encode([x])}), (200,)),
    "cursor of keys": ("space admin", lambda c, x: c.get("/api/v1/keys", params={"cursor": encode([x, x])}), (422,)),
    "cursor of sessions": ("reader", lambda c, x: c.get("/api/v1/sessions", params={"cursor": encode([x, x])}), (422,)),
    "limit": ("reader", lambda c, x: c.get("/api/v1/spaces", params={"limit": x}), (422,)),
    "member": (
        "space admin",
        lambda c, x: c.put(f"/api/v1/spaces/{SPACE}/members/{quote(x, safe='')}", json={"role": "admin"}),
        (404, 422),
    ),
    "group": (
        "space admin",
        lambda c, x: c.delete(f"/api/v1/spaces/{SPACE}/members/{quote('group:' + x, safe='')}"),
        (404, 422),
    ),
    "role": ("space admin", lambda c, x: c.put(f"/api/v1/spaces/{SPACE}/members/group:x", json={"role": x}), (422,)),
    "source": ("space admin", lambda c, x: c.get(f"/api/v1/spaces/{SPACE}/sources/{quote(x, safe='')}/access"), (404,)),
    "quota": ("platform admin", lambda c, x: c.put(f"/api/v1/spaces/{SPACE}/quota", json={"max_bytes": x}), (422,)),
    "key": ("space admin", lambda c, x: c.delete(f"/api/v1/keys/{quote(x, safe='')}"), (404, 422)),
    "document": ("ingestor", lambda c, x: c.delete(f"/api/v1/memory/file/{quote(x, safe='')}"), (404, 422)),
    "block": ("reader", lambda c, x: c.get(f"/api/v1/memory/blocks/{quote(x, safe='')}/lineage"), (404, 422)),
    "receipt": ("reader", lambda c, x: c.get(f"/api/v1/memory/receipts/{quote(x, safe='')}"), (404, 422)),
    "job": ("reader", lambda c, x: c.get(f"/api/v1/memory/ingest/{quote(x, safe='')}"), (404, 422)),
    "session": ("reader", lambda c, x: c.delete(f"/api/v1/sessions/{quote(x, safe='')}"), (404, 422)),
    "location": ("ingestor", lambda c, x: c.post("/api/v1/memory/ingest", json={"space": SPACE, "location": x}), (403, 422)),
    "token": ("no token", lambda c, x: c.get("/api/v1/spaces", headers={"Authorization": f"Bearer {x}"}), (401,)),
    "key's text": ("no token", lambda c, x: c.get("/auth/me", headers={"Authorization": f"Bearer rage_key_{x}"}), (401,)),
    "refresh token": (
        "no token",
        lambda c, x: c.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": x}),
        (401,),
    ),
}


@pytest.mark.parametrize("place", ASKED)
def test_sql_is_data(target: Target, unchanged, place: str):
    role, ask, statuses = ASKED[place]
    with target.client(role) as client, unchanged():
        for payload in SQL:
            harmless(ask(client, payload), *statuses)


@pytest.mark.parametrize("name", ["languages", "sources", "labels", "path_prefix"])
def test_sql_in_a_filter_finds_nothing(target: Target, unchanged, name: str):
    with target.client("reader") as client, unchanged():
        for payload in SQL:
            found = search(client, filters={name: payload if name == "path_prefix" else [payload]})
            harmless(found, 200)
            assert found.json()["results"] == []


def test_sql_in_a_name_is_the_name_of_nobody(target: Target, unchanged):
    with target.client("no token") as client, unchanged():
        for payload in SQL[:2]:  # each costs a slow hash
            form = {"grant_type": "password", "username": payload, "password": payload}
            harmless(client.post("/auth/token", data=form), 401)


def test_sql_that_may_be_a_name_is_kept_as_it_is(target: Target, owner):
    with target.client("space admin") as client:
        for payload in SQL:
            made = client.post("/api/v1/keys", json={"name": payload, "spaces": [SPACE], "role": "reader"})
            harmless(made, 201)
            assert owner.execute("SELECT name FROM api_keys WHERE id = %s", (made.json()["id"],)).fetchone()[0] == payload
            member = client.put(
                f"/api/v1/spaces/{SPACE}/members/{quote('group:' + payload, safe='')}", json={"role": "reader"}
            )
            harmless(member, 200)
            rules = {"rules": [{"pattern": "no/such/" + payload, "groups": [payload]}]}
            harmless(client.put(f"/api/v1/spaces/{SPACE}/sources/files/access", json=rules), 200)
            kept = client.get(f"/api/v1/spaces/{SPACE}/sources/files/access").json()["rules"]
            assert kept == rules["rules"]
        client.put(f"/api/v1/spaces/{SPACE}/sources/files/access", json={"rules": []})
    names = [row[0] for row in owner.execute("SELECT principal FROM entitlements")]
    assert {f"group:{payload}" for payload in SQL} <= set(names)


def raw(target: Target, data: bytes) -> bytes:
    """What comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", target.port), 10) as connection:
        connection.sendall(data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return received


def get(path: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers, b"", b""])


@pytest.mark.parametrize(
    "value",
    [b"a\r\n Set-Cookie: x=1", b"a\nSet-Cookie: x=1", b"a\rSet-Cookie: x=1", b"a%0d%0aSet-Cookie:%20x=1", b"a\x00b",
     b"a\xc4\x8d\xc4\x8aSet-Cookie:x=1", b"<script>alert(1)</script>", b"${jndi:ldap://x/a}"],
)  # fmt: skip
def test_a_request_id_makes_no_header(target: Target, unchanged, value: bytes):
    with unchanged():
        answer = raw(target, get(b"/health", b"X-Request-ID: " + value))
    head, _, _ = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] in {b"200", b"400"}
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert b"set-cookie" not in names
    assert names.count(b"x-request-id") == 1
    assert b"script" not in answer
    assert b"jndi" not in answer


@pytest.mark.parametrize(
    "path", ["/api/v1/spaces/a%0d%0aSet-Cookie:%20x=1", "/api/v1/keys/a%0aLocation:%20x", "/auth/login?next=%0d%0aX:1"]
)
def test_a_path_makes_no_header(target: Target, unchanged, path: str):
    with target.client("platform admin") as client, unchanged():
        answer = client.get(path)
    harmless(answer, 404, 405, 422)
    assert not {"set-cookie", "location", "x"} & set(answer.headers)


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "/%2f/evil.example", "/%5cevil.example",
        "\\\\evil.example", "javascript:alert(1)", "/a\r\nLocation: https://evil.example", "/a%0d%0aLocation:x",
        "/%250d%250aLocation:x", "/\tevil", "http:evil.example", "/auth/logout", "/auth%2flogout", "/.//evil.example",
        "/\u2028x", "/" * 3000,
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(following: str):
    assert own_path(following) == "/"


@pytest.mark.parametrize(
    "name",
    [
        "a%0d%0aX: y.md", "a.md\\\r\nX: y", "../../../../tmp/x.md", "..\\..\\x.md", "/etc/passwd", "C:\\x.md", "a\0.md",
        "%00/x", "....//x.md", "..%2f..%2fx.md", "..%252fx.md", "~/x.md", "file:///etc/passwd", "a.md\u202e", "CON", ".",
    ],
)  # fmt: skip
def test_an_uploads_name_makes_no_header_and_leaves_no_folder(target: Target, name: str):
    boundary = b"----b"
    disposition = b'Content-Disposition: form-data; name="file"; filename="' + name.encode() + b'"'
    parts = [b"--" + boundary, b'Content-Disposition: form-data; name="space"', b"", SPACE.encode()]
    parts += [b"--" + boundary, disposition, b"", b"text", b"--" + boundary + b"--", b""]
    root = target.home.path.parent
    before = files_under(root)
    with target.client("ingestor") as client:
        headers = {"Content-Type": "multipart/form-data; boundary=----b"}
        answer = client.post("/api/v1/memory/ingest", content=b"\r\n".join(parts), headers=headers)
    harmless(answer, 202, 422)
    assert "x" not in answer.headers
    inside = files_under(root) - before
    assert len(inside) <= (answer.status_code == 202)
    for path in inside:  # what could be a path was not taken, and what was taken is one name
        assert path.parent.name == "uploads" or "uploads" in path.parts
        assert "/" not in name.replace("%2f", "")


@pytest.mark.parametrize(
    "path",
    [b"/../../../../etc/passwd", b"/portal/../../../etc/passwd", b"/portal/%2e%2e/%2e%2e/%2e%2e/etc/passwd", b"//etc/passwd",
     b"/portal/..%2f..%2f..%2fetc%2fpasswd", b"/portal/..%5c..%5cetc%5cpasswd", b"/portal/portal.css%00.html",
     b"/portal/%252e%252e/%252e%252e/etc/passwd", b"http://localhost/etc/passwd", b"/docs/..;/../etc/passwd",
     b"/portal/%c0%ae%c0%ae/etc/passwd", b"file:///etc/passwd", b"/portal//etc/passwd", b"/docs/../openapi.json/../x"],
)  # fmt: skip
def test_no_path_leads_out(target: Target, unchanged, path: bytes):
    with unchanged():
        for role in ("no token", "platform admin"):
            headers = [f"{name}: {value}".encode() for name, value in target.headers(role).items()]
            answer = raw(target, get(path, *headers))
            assert int(answer.split(b" ")[1]) in {400, 401, 404}
            assert b"root:" not in answer


@pytest.mark.parametrize("role", ["ingestor", "platform admin"])
def test_no_location_leads_to_the_keys_nor_to_what_is_no_folder(target: Target, unchanged, role: str):
    home = str(target.home.path)
    locations = [
        home, f"{home}/keys", f"file://{home}/keys", f"{home}/store/../keys", "../keys", "/etc/passwd",
        "file:///etc/passwd", "/\0etc", "/et\nc", "", "-upload-pack=x", "ext::sh -c id", "file://evil.example/etc",
        "/no/such/folder", "~",
    ]  # fmt: skip
    link = target.home.path.parent / f"link-{role.replace(' ', '-')}"
    link.symlink_to(target.home.path / "keys")
    with target.client(role) as client, unchanged():
        for location in [*locations, str(link)]:
            answer = client.post("/api/v1/memory/ingest", json={"space": SPACE, "location": location})
            harmless(answer, 403, 422)


@pytest.mark.parametrize("prefix", ["../", "/", "..%2f", "\\", "%", "_", "part-0/../part-1", "."])
def test_a_prefix_is_no_path_and_no_pattern(target: Target, prefix: str):
    with target.client("reader") as client:
        found = search(client, filters={"path_prefix": prefix})
    harmless(found, 200)
    assert found.json()["results"] == []


EXPRESSIONS = [
    "/(a+)+$/", "/(a|a)*b/", "/(.*)*x/", "/(a*)*(b*)*c/", "/" + "a?" * 400 + "a" * 400 + "/", "/a{1000}{1000}/",
    "/(?=a)b/", r"/(a)\1/", "/[[:alpha:]/", "/(?P<n>" * 50 + "/", "/" + "(" * 900 + ")" * 900 + "/", "*" * 5000,
    '"' + "x " * 4000 + '"', "/" + "." * 999 + "/", "/.{0,1000}.{0,1000}z/", "/\\p{Greek}+/", "/(?i)(?s)(?m)(?x)a/",
    "/\\Q*\\E/", "/\0/", "/" + "|" * 900 + "/", "o*t*t*e*r*" * 100, "/(o|t|e|r)*(o|t|e|r)*(o|t|e|r)*!/",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)))
def test_no_expression_takes_long(target: Target, unchanged, number: int):
    with target.client("reader") as client, unchanged():
        harmless(search(client, query=EXPRESSIONS[number], mode="pattern"), 200, 422)


STARS = [
    "*a" * 100 + "b",
    "**/" * 100 + "b",
    "?" * 500,
    "*" * 500,
    "[a-z]*" * 80 + "!",
    "**/*a" * 90 + "/b",
    "a*" * 249 + "c",
]


@pytest.mark.parametrize("number", range(len(STARS)))
def test_no_pattern_of_a_rule_takes_long(number: int):
    rule = AccessRule(pattern=STARS[number], groups=("hr",))
    began = time.monotonic()
    for path in ("a" * 4000, "a/" * 2000, "/".join(["a" * 100] * 40) + ".md"):
        clauses_of(path, [rule], [])
    assert time.monotonic() - began < 1


BROKEN = ["[z-a]", "[[:alpha:]]", "[é-a]*", "a[^-!]/[9-0]", "!a", "#a", " ", "a\nb", "", "a" * 501]


@pytest.mark.parametrize("pattern", BROKEN)
def test_a_broken_pattern_is_refused(target: Target, unchanged, pattern: str):
    with target.client("space admin") as client, unchanged():
        url = f"/api/v1/spaces/{SPACE}/sources/files/access"
        harmless(client.put(url, json={"rules": [{"pattern": pattern, "groups": ["hr"]}]}), 422)
        assert client.get(url).json() == {"rules": []}


@pytest.mark.parametrize("pattern", BROKEN[:4])
def test_a_broken_pattern_in_a_folder_closes_the_folder_and_stops_nobody(pattern: str):
    with pytest.raises(InvalidInput):
        read_access_file(f"rules: [{{pattern: '{pattern}', groups: [hr]}}]".encode())


TEMPLATES = [
    "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{7*7}", "{0.__class__.__mro__}", "{self.__init__.__globals__}",
    "%(space)s", "%s%s%s%n", "$request_id", "${message}", "{{config}}", "__import__('os').system('id')",
    "<script>alert(7*7)</script>",
]  # fmt: skip


@pytest.mark.parametrize("payload", TEMPLATES)
def test_a_template_is_data(target: Target, payload: str):
    with target.client("space admin") as client:
        made = client.post("/api/v1/keys", json={"name": payload, "spaces": [SPACE], "role": "reader"})
        refused = client.get(f"/api/v1/spaces/{quote(payload, safe='')}")
        missing = client.get(f"/api/v1/spaces/{SPACE}/sources/{quote(payload, safe='')}/access")
    assert (made.status_code, made.json()["name"]) == (201, payload)
    for answer in (refused, missing):
        harmless(answer, 404, 422)
        assert answer.headers["content-type"] == "application/json"
        message = answer.json()["error"]["message"]
        assert "49" not in message
        assert "<class" not in message
        assert answer.headers["x-request-id"] not in message


def test_a_page_for_people_shows_an_error_as_it_is_and_escaped():
    from starlette.requests import Request

    from api.portal import error_response_for

    for payload in TEMPLATES:
        scope = {"type": "http", "headers": [(b"accept", b"text/html")], "state": {"request_id": "the-id"}}
        page = error_response_for(Request(scope), InvalidInput(f"No: {payload}")).body.decode()
        assert "<script>alert" not in page
        assert "No: the-id" not in page
        assert payload.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in page


FORGED = [
    '\n{"event": "forged"}', '\r\n{"event": "forged"}', '"}\n{"event": "forged', '", "event": "forged',
    "\x1b[2J\x1b[1;31mforged", "\x9b31mforged", "\x85forged", "\u2028forged", "\u202eforged", "\\n{}forged", "%0aforged",
    "\x07\x08forged", "forged\udcff",
]  # fmt: skip


def test_one_event_stays_one_line(target: Target):
    before = len(target.log.getvalue())
    with target.client("space admin") as client:
        for payload in FORGED:
            safe = payload.encode("utf-8", "surrogatepass")
            path = quote(safe, safe="")
            client.get(f"/api/v1/spaces/{path}")
            client.get(f"/{path}")
            client.delete(f"/api/v1/spaces/{SPACE}/members/{path}")
            search(client, query=payload.replace("\udcff", ""), space="forged" + payload.replace("\udcff", ""))
            client.post(
                "/api/v1/memory/ingest", json={"space": SPACE, "location": "/forged" + payload.replace("\udcff", "")}
            )
            client.post("/api/v1/keys", json={"name": payload.replace("\udcff", ""), "spaces": ["x"], "role": "reader"})
            files = {"file": (payload.replace("\udcff", "") + "/", b"x")}
            client.post("/api/v1/memory/ingest", data={"space": SPACE}, files=files)
            raw(target, get(b"/" + path.encode(), b"User-Agent: " + safe.replace(b"\r", b"").replace(b"\n", b"")))
    written = target.log.getvalue()[before:]
    assert len(written.splitlines()) == written.count("\n") > 50
    assert all("forged" not in str(event["event"]) for event in target.events())
    assert not any(command in written for command in ("\x1b", "\x9b", "\x85", "\u2028", "\u202e", "\x07", "\x08"))


def test_what_ends_a_line_or_commands_a_terminal_is_escaped_whoever_logs_it(target: Target):
    from resources.logs import get_logger

    before = len(target.log.getvalue())
    for payload in FORGED:
        get_logger("tests").warning("tried", note=payload, **{"key" + payload: 1})
    lines = target.log.getvalue()[before:].split("\n")[:-1]
    assert len(lines) == len(FORGED)
    assert all(line.isprintable() for line in lines)
    assert all(event["event"] == "tried" for event in target.events()[-len(FORGED) :])

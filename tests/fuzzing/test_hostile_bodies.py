"""Bodies and parameters that say more, other or twice what they should: JSON, extra fields, repetitions, look-alikes."""

import json
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from resources.access import LOCAL_ADMIN
from resources.sign_in.local import LocalIssuer, Person
from tests.fuzzing.conftest import CANARY, HIDDEN, SPACE, Target
from tests.fuzzing.test_injection import harmless, owner, unchanged  # noqa: F401

_JSON = {"Content-Type": "application/json"}
_SEARCH = "/api/v1/memory/search"
_BODIES = {
    "a number beyond floats": ('{"space": "fuzzed", "query": "x", "k": 1e999}', 422),
    "a number of ten thousand digits": ('{"space": "fuzzed", "query": "x", "k": ' + "9" * 10_000 + "}", 422),
    "a fraction for a count": ('{"space": "fuzzed", "query": "x", "k": 1.5}', 422),
    "a count in words": ('{"space": "fuzzed", "query": "x", "k": "0x10"}', 422),
    "no number": ('{"space": "fuzzed", "query": "x", "k": NaN}', 422),
    "no end": ('{"space": "fuzzed", "query": "x", "k": -Infinity}', 422),
    "nothing for a text": ('{"space": "fuzzed", "query": null}', 422),
    "an object for a text": ('{"space": {"$ne": null}, "query": "x"}', 422),
    "a list for a text": ('{"space": ["fuzzed", "hidden"], "query": "x"}', 422),
    "deep lists": ('{"space": "fuzzed", "query": ' + "[" * 5000 + "]" * 5000 + "}", 422),
    "deep objects": ('{"a":' * 5000 + "1" + "}" * 5000, 422),
    "half a pair": ('{"space": "fuzzed", "query": "\\ud800"}', 422),
    "halves the wrong way round": ('{"space": "fuzzed", "query": "\\udc00\\ud800"}', 422),
    "a written NUL": ('{"space": "fuzzed", "query": "a\\u0000b"}', 422),
    "NUL": (b'{"space": "fuzzed", "query": "a\0b"}', 422),
    "a mark of order": (b'\xef\xbb\xbf{"space": "fuzzed", "query": "otter"}', 200),
    "UTF-16": ('{"space": "fuzzed", "query": "x"}'.encode("utf-16"), 422),
    "no UTF-8": (b'{"space": "fuzzed", "query": "\xff\xfe"}', 422),
    "longer than needed UTF-8": (b'{"space": "fuzzed", "query": "\xc0\xaf"}', 422),
    "a comment": ('{"space": "fuzzed", /* x */ "query": "x"}', 422),
    "a comma too many": ('{"space": "fuzzed", "query": "x",}', 422),
    "two documents": ('{"space": "fuzzed", "query": "x"} {"space": "hidden"}', 422),
    "a bare text": ('"fuzzed"', 422),
    "nothing": ("", 422),
    "null": ("null", 422),
    "JavaScript": ('{"__proto__": {"space": "hidden"}, "space": "fuzzed", "query": "x"}', 422),
    "a constructor": ('{"constructor": {"prototype": {}}, "space": "fuzzed", "query": "x"}', 422),
    "Python": ('{"__class__": "os.system", "space": "fuzzed", "query": "x"}', 422),
    "Python within": ('{"space": "fuzzed", "query": "x", "filters": {"__init__": {"__globals__": 1}}}', 422),
    "JSON pickle": ('{"py/object": "subprocess.Popen", "space": "fuzzed", "query": "x"}', 422),
}


@pytest.mark.parametrize("name", _BODIES)
def test_a_body_is_read_as_it_is_or_refused(target: Target, unchanged, name: str):  # noqa: F811
    body, status = _BODIES[name]
    with target.client("reader") as client, unchanged():
        harmless(client.post(_SEARCH, content=body, headers=_JSON), status)


@pytest.mark.parametrize("name", [name for name in _BODIES if name != "a mark of order"])
def test_a_body_that_is_read_elsewhere_is_refused_there_too(target: Target, unchanged, name: str):  # noqa: F811
    body = _BODIES[name][0]
    with target.client("ingestor") as client, unchanged():
        harmless(client.post("/api/v1/memory/ingest", content=body, headers=_JSON), 422)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "image/png", "a/b/c", ""]
)
def test_json_of_another_kind_is_refused(target: Target, unchanged, kind: str):  # noqa: F811
    with target.client("ingestor") as client, unchanged():
        body = json.dumps({"space": SPACE, "location": "/srv"})
        answer = client.post("/api/v1/memory/ingest", content=body, headers={"Content-Type": kind})
        harmless(answer, 415, 422)


@pytest.mark.parametrize(("first", "second", "status"), [(SPACE, HIDDEN, 404), (HIDDEN, SPACE, 200)])
def test_of_two_equal_fields_the_last_counts_for_everything(target: Target, first: str, second: str, status: int):
    body = f'{{"space": "{first}", "query": "otter", "space": "{second}"}}'
    with target.client("reader") as client:
        harmless(client.post(_SEARCH, content=body, headers=_JSON), status)


def test_nobody_makes_themselves_more_by_fields_that_are_not_asked_for(target: Target, owner):  # noqa: F811
    more = {"platform_role": "admin", "principal": "user:evil", "creator": "user:evil", "created_by": "user:evil",
            "granted_by": "user:evil", "id": str(uuid4()), "space_id": str(uuid4()), "sha256": "00", "key": "rage_key_mine",
            "expires_at": "2999-01-01T00:00:00Z", "revoked_at": None, "groups": ["platform admin"], "isolation": "shared",
            "is_admin": True, "live_index_version": str(uuid4()), "epoch": 0, "caller": "user:evil"}  # fmt: skip
    with target.client("platform admin") as admin, target.client("space admin") as client:
        name = f"made-{uuid4().hex[:8]}"
        space = admin.post("/api/v1/spaces", json={**more, "name": name, "role": "reader", "max_documents": 1})
        harmless(space, 201)
        assert space.json()["id"] != more["id"]
        assert (space.json()["max_documents"], space.json()["role"]) == (None, "admin")
        created = client.post("/api/v1/keys", json={**more, "name": "k", "spaces": [SPACE], "role": "reader"}).json()
        assert created["id"] != more["id"]
        assert created["created_by"] != "user:evil"
        assert created["expires_at"] < "2999"
        assert created["key"] != more["key"]
        body = {**more, "role": "reader", "name": HIDDEN, "space": HIDDEN}
        harmless(client.put(f"/api/v1/spaces/{SPACE}/members/group:more", json=body), 200)
        quota = admin.put(
            f"/api/v1/spaces/{name}/quota", json={**more, "max_documents": 5, "name": "x", "isolation": "dedicated"}
        )
        assert (quota.json()["name"], quota.json()["isolation"]) == (name, "shared")
    rows = owner.execute(
        "SELECT principal, role, granted_by FROM entitlements WHERE principal IN ('user:evil', 'group:more')"
    )
    assert [(principal, role) for principal, role, by in rows if by != "user:evil"] == [("group:more", "reader")]
    members = owner.execute(
        "SELECT principal FROM entitlements e JOIN spaces s ON s.id = e.space_id WHERE s.name IN (%s, %s)", (name, HIDDEN)
    )
    assert {row[0] for row in members} == {LOCAL_ADMIN.principal}


def test_a_form_that_asks_for_a_role_gets_none(target: Target, unchanged):  # noqa: F811
    with target.client("no token") as client, unchanged():
        form = {"grant_type": "password", "username": "x", "password": "y", "platform_role": "admin", "scope": "admin"}
        harmless(client.post("/auth/token", data=form), 401)
        harmless(client.post("/auth/token", data={**form, "grant_type": "client_credentials"}), 422)


@pytest.mark.parametrize("order", [(SPACE, HIDDEN), (HIDDEN, SPACE)])
def test_of_two_equal_parameters_one_counts_for_everything(target: Target, order: tuple[str, str]):
    with target.client("reader") as client:
        answer = client.get("/api/v1/memory/files", params=[("space", order[0]), ("space", order[1])])
    harmless(answer, 404 if order[1] == HIDDEN else 200)


@pytest.mark.parametrize("order", [(SPACE, HIDDEN), (HIDDEN, SPACE)])
def test_a_form_with_two_spaces_fills_none(target: Target, unchanged, order: tuple[str, str]):  # noqa: F811
    parts = [("space", (None, order[0])), ("space", (None, order[1])), ("file", ("twice.md", b"x"))]
    with target.client("ingestor") as client, unchanged():
        harmless(client.post("/api/v1/memory/ingest", files=parts), 422)


def test_two_tokens_are_none(target: Target, unchanged):  # noqa: F811
    tokens = [target.headers(role)["Authorization"] for role in ("reader", "platform admin")]
    with unchanged():
        for pair in (tokens, tokens[::-1]):
            answer = httpx.get(f"{target.url}/api/v1/spaces", headers=[("Authorization", token) for token in pair])
            harmless(answer, 401)


def test_a_method_in_a_header_or_field_changes_nothing(target: Target, unchanged):  # noqa: F811
    document = target.ids["document_id"][0]
    headers = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), "DELETE")
    with target.client("ingestor") as client, unchanged():
        answer = client.get(f"/api/v1/memory/file/{document}", headers=headers, params={"_method": "DELETE"})
        harmless(answer, 200, 404)


LOOK_ALIKES = [
    "FUZZED", "Fuzzed", "fuzz\u0435d", "\uff46\uff55\uff5a\uff5a\uff45\uff44", "fuzzed\u200b", "fuzzed\u00a0", " fuzzed",
    "fuzzed ", "fuzzed.", "f\u0075\u0308zzed", "\u202efuzzed", "fuzzed\0", "./fuzzed", "fuzzed/", "fuzzed%20",
]  # fmt: skip


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_space_that_looks_like_another_is_not_that_one(target: Target, unchanged, name: str):  # noqa: F811
    with target.client("reader") as client, unchanged():
        harmless(client.post(_SEARCH, json={"space": name, "query": "otter"}), 404, 422)
        harmless(client.get(f"/api/v1/spaces/{quote(name, safe='')}"), 404, 422)


@pytest.mark.parametrize("name", LOOK_ALIKES[2:])
def test_no_space_is_made_that_looks_like_another(target: Target, unchanged, name: str):  # noqa: F811
    with target.client("platform admin") as client, unchanged():
        harmless(client.post("/api/v1/spaces", json={"name": name}), 422)


@pytest.mark.parametrize("group", [
    "Reader", "READER", "r\u0435ader", "\uff52eader", "reader\u200b", " reader", "reader ", "group:reader", "reader\0",
    "reade*", "%", "space admin,reader", "/readers",
])  # fmt: skip
def test_a_group_that_looks_like_another_opens_nothing(target: Target, unchanged, group: str):  # noqa: F811
    token = LocalIssuer(target.home.path).issue(Person(str(uuid4()), "x", groups=(group,)), str(uuid4()))[0]
    with unchanged():
        answer = httpx.get(f"{target.url}/api/v1/spaces/{SPACE}", headers={"Authorization": f"Bearer {token}"})
        harmless(answer, 422 if "\0" in group else 404)


@pytest.mark.parametrize("subject", ["local-admin ", "LOCAL-ADMIN", "\uff4cocal-admin", "user:local-admin", "local-admin\0"])
def test_a_subject_that_looks_like_the_administrators_is_nobody(target: Target, unchanged, subject: str):  # noqa: F811
    token = LocalIssuer(target.home.path).issue(Person(subject, "local-admin"), str(uuid4()))[0]
    with unchanged(), httpx.Client(base_url=target.url, headers={"Authorization": f"Bearer {token}"}) as client:
        harmless(client.get(f"/api/v1/spaces/{HIDDEN}"), 404, 422)
        harmless(client.post("/api/v1/spaces", json={"name": "mine"}), 403, 422)


@pytest.mark.parametrize(
    "name", ["__proto__", "constructor", "__class__", "__init__.__globals__", "toString", "None", "null", "undefined"]
)
def test_names_of_a_languages_inside_are_names(target: Target, unchanged, name: str):  # noqa: F811
    with target.client("space admin") as client, unchanged():
        harmless(client.get(f"/api/v1/spaces/{name}"), 404, 422)
        harmless(client.get(f"/api/v1/spaces/{SPACE}/sources/{name}/access"), 404)
        harmless(client.get("/api/v1/memory/files", params={"space": SPACE, name: "1"}), 200)
        answer = client.post(_SEARCH, json={"space": SPACE, "query": name, "filters": {"sources": [name]}})
        harmless(answer, 200)
        assert answer.json()["results"] == []


def test_the_hidden_space_would_have_been_seen(target: Target):
    with target.client("platform admin") as client:
        assert CANARY in client.get("/api/v1/memory/files", params={"space": HIDDEN}).text

"""Every route for every kind of caller: the status that the matrix says, and never a byte of another's content."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from api.app import create_app
from api.memory import open_retriever
from resources.access import LOCAL_ADMIN, Role
from resources.postgres import members
from resources.retrieval.search import Retriever
from resources.sign_in.local import LocalIssuer, Person, issue_token
from tests.api.conftest import RecordingLauncher
from tests.security import matrix
from tests.security.matrix import Row
from tests.security.world import Planted, Someone, World

pytestmark = pytest.mark.real

WORDS = "lantern ritual at dusk behind the old mill"
SEARCHES = [{"query": WORDS, "mode": mode} for mode in ("hybrid", "vector", "lexical")] + [
    {"query": '"lantern ritual"', "mode": "pattern"}
]


@dataclass
class Ask:
    """One request."""

    url: str
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What whoever asks says themselves: a refusal may name it."""
        return f"{self.url} {self.given}".lower()


class Service:
    """The whole application, its caches, what it logged, and what is asked of it."""

    def __init__(self, world: World, client: TestClient, retriever: Retriever, log: io.StringIO) -> None:
        self.world, self.client, self.retriever, self.log = world, client, retriever, log
        self.seen: set[str] = set()
        self.spares: dict[tuple[str, str], Any] = {}
        self.asked = 0

    def forget(self) -> None:
        """Empties the caches."""
        self.retriever.layers.memory.clear()

    def people(self, space: Planted) -> dict[str, list[Someone]]:
        """Who stands for each column of the matrix, the space being `space`."""
        one, letter = self.world.someone, space.letter
        found = {column: [one(column, letter)] for column in ("reader", "ingestor", "admin", "insider", "key")}
        found |= {f"other {kind}": [one(kind, "B")] for kind in ("reader", "ingestor", "admin", "key")}
        found |= {"nobody": [one("nobody")], "operator": [one("operator")]}
        strangers = self.world.strangers(letter)
        # the forged tokens are refused before the space is looked at: once is enough for those
        found["strangers"] = strangers if letter == "A" else [each for each in strangers if "revoked" in each.name]
        return found

    def check(self, row: Row, space: Planted, column: str, caller: Someone) -> list[str]:
        """Sends what a row stands for on behalf of a caller; gives what is wrong with the answers."""
        wrong = []
        if row.template == "/auth/logout" and caller.subject:  # it ends the sign-in, so it gets one of its own
            kind, _, letter = caller.name.partition("-")
            caller = self.world.someone(kind, letter or "A")
        for ask in self.asks(row, space):
            answer = self.client.request(row.method, ask.url, headers=caller.headers, follow_redirects=False, **ask.given)
            self.asked += 1
            if answer.is_success:
                self.spares.pop((str(row), space.letter), None)
            if answer.status_code != row.expected[column]:
                wrong.append(f"{row} of {space.letter}, {column} ({caller.name}): {answer.status_code} {_code(answer)}")
            texts = answer.text, str(answer.headers.multi_items())
            said = [word for word in self.world.canaries.places if word in ask.said]
            leaks = self.world.canaries.found_in(*texts, but={*caller.sees, *said})
            wrong += [f"{row} of {space.letter}, {column} ({caller.name}) shows the {leak}" for leak in leaks]
            self.seen.update(word for word in caller.sees if word not in said and any(word in text for text in texts))
        return wrong

    def asks(self, row: Row, space: Planted) -> list[Ask]:
        """The requests that a row stands for."""
        make: Callable[[Service, Row, Planted], Ask | list[Ask]] | None = REQUESTS.get((row.method, row.template))
        made = make(self, row, space) if make else Ask(row.template)
        return made if isinstance(made, list) else [made]

    def spare(self, row: Row, space: Planted, make: Callable[[], Any]) -> Any:
        """Something to be used up: a new one after each success."""
        key = str(row), space.letter
        if key not in self.spares:
            self.spares[key] = make()
        return self.spares[key]


def _code(answer: Any) -> str:
    return str(answer.json()["error"]["code"]) if answer.text.startswith('{"error"') else ""


def _of_zone(name: str, suffix: str = "") -> Callable[[Service, Row, Planted], Ask]:
    folder = {"document": "file", "block": "blocks", "receipt": "receipts"}[name]
    return lambda _, row, space: Ask(f"/api/v1/memory/{folder}/{getattr(space.zones[row.target], name)}{suffix}")


def _of_space(path: str, **given: Any) -> Callable[[Service, Row, Planted], Ask]:
    return lambda _, row, space: Ask(f"/api/v1/spaces/{space.name}/{path}".replace("SOURCE", space.source), given)


def _ingests(_: Service, row: Row, space: Planted) -> list[Ask]:
    file = {"file": (f"{uuid4().hex}.md", b"# Nothing\n\nsecret\n", "text/markdown")}
    return [
        Ask("/api/v1/memory/ingest", {"json": {"space": space.name, "location": str(space.location)}}),
        Ask("/api/v1/memory/ingest", {"data": {"space": space.name}, "files": file}),
    ]


def _removal(service: Service, row: Row, space: Planted) -> Ask:
    spare = service.spare(row, space, lambda: service.world.spare_document(space.letter, row.target))
    return Ask(f"/api/v1/memory/file/{spare}")


def _leaving(service: Service, row: Row, space: Planted) -> Ask:
    def join() -> str:
        with service.world.platform.administer(LOCAL_ADMIN, space.name) as (connection, _):
            return members.grant(connection, space.id, "group:leavers", Role.READER, "test")

    return Ask(f"/api/v1/spaces/{space.name}/members/{service.spare(row, space, join)}")


def _new_set(_: Service, row: Row, space: Planted) -> Ask:
    asked = {"text": "When does the lantern ritual begin?", "judgements": [{"path": "nowhere.md"}]}
    return Ask(f"/api/v1/spaces/{space.name}/evaluation-sets", {"json": {"name": uuid4().hex, "queries": [asked]}})


def _set_going(service: Service, row: Row, space: Planted) -> Ask:
    spare = service.spare(row, space, lambda: service.world.spare_set(space))
    return Ask(f"/api/v1/spaces/{space.name}/evaluation-sets/{spare}")


def _ending(service: Service, row: Row, space: Planted) -> Ask:
    subject = f"reader-{space.letter}"
    spare = service.spare(row, space, lambda: service.world.session_of(subject))
    return Ask(f"/api/v1/sessions/{spare}")


def _searches(_: Service, row: Row, space: Planted) -> list[Ask]:
    return [Ask("/api/v1/memory/search", {"json": {"space": space.name, "k": 50} | search}) for search in SEARCHES]


def _questions(_: Service, row: Row, space: Planted) -> list[Ask]:
    question = {"space": space.name, "query": "When does the lantern ritual begin?"}
    return [Ask("/api/v1/memory/query", {"json": question | {"stream": stream}}) for stream in (False, True)]


def _new_key(_: Service, row: Row, space: Planted) -> Ask:
    return Ask("/api/v1/keys", {"json": {"name": "new", "spaces": [space.name], "role": "reader"}})


# What is not here is asked for by its path alone.
REQUESTS: dict[tuple[str, str], Callable[[Service, Row, Planted], Ask | list[Ask]]] = {
    ("POST", "/api/v1/memory/search"): _searches,
    ("POST", "/api/v1/memory/query"): _questions,
    ("POST", "/api/v1/memory/ingest"): _ingests,
    ("GET", "/api/v1/memory/ingest/{job_id}"): lambda _, row, space: Ask(f"/api/v1/memory/ingest/{space.job}"),
    ("GET", "/api/v1/memory/files"): lambda _, row, space: Ask(f"/api/v1/memory/files?limit=100&space={space.name}"),
    ("GET", "/api/v1/memory/file/{document_id}"): _of_zone("document"),
    ("DELETE", "/api/v1/memory/file/{document_id}"): _removal,
    ("GET", "/api/v1/memory/file/{document_id}/raw"): _of_zone("document", "/raw"),
    ("GET", "/api/v1/memory/blocks/{block_id}"): _of_zone("block"),
    ("GET", "/api/v1/memory/blocks/{block_id}/lineage"): _of_zone("block", "/lineage"),
    ("GET", "/api/v1/memory/receipts/{receipt_id}"): _of_zone("receipt"),
    ("GET", "/api/v1/spaces"): lambda *_: Ask("/api/v1/spaces?limit=100"),
    ("POST", "/api/v1/spaces"): lambda *_: Ask("/api/v1/spaces", {"json": {"name": f"new-{uuid4().hex}"}}),
    ("GET", "/api/v1/spaces/{name}"): lambda _, row, space: Ask(f"/api/v1/spaces/{space.name}"),
    ("GET", "/api/v1/spaces/{name}/members"): _of_space("members"),
    ("PUT", "/api/v1/spaces/{name}/members/{principal}"): _of_space("members/group:guests", json={"role": "reader"}),
    ("DELETE", "/api/v1/spaces/{name}/members/{principal}"): _leaving,
    ("GET", "/api/v1/spaces/{name}/sources/{source}/access"): _of_space("sources/SOURCE/access"),
    ("PUT", "/api/v1/spaces/{name}/sources/{source}/access"): _of_space("sources/SOURCE/access", json={"rules": []}),
    ("PUT", "/api/v1/spaces/{name}/quota"): _of_space("quota", json={"max_documents": 100_000}),
    ("GET", "/api/v1/spaces/{name}/evaluation-sets"): _of_space("evaluation-sets?limit=100"),
    ("POST", "/api/v1/spaces/{name}/evaluation-sets"): _new_set,
    ("GET", "/api/v1/spaces/{name}/evaluation-sets/{set_name}"): lambda _, row, space: Ask(
        f"/api/v1/spaces/{space.name}/evaluation-sets/{space.set_name}"
    ),
    ("DELETE", "/api/v1/spaces/{name}/evaluation-sets/{set_name}"): _set_going,
    ("GET", "/api/v1/keys"): lambda *_: Ask("/api/v1/keys?limit=100"),
    ("POST", "/api/v1/keys"): _new_key,
    ("DELETE", "/api/v1/keys/{key_id}"): lambda _, row, space: Ask(f"/api/v1/keys/{space.spare_key.id}"),
    ("GET", "/api/v1/sessions"): lambda *_: Ask("/api/v1/sessions?limit=100"),
    ("DELETE", "/api/v1/sessions/{session_id}"): _ending,
    ("POST", "/auth/token"): lambda *_: Ask(
        "/auth/token", {"data": {"grant_type": "password", "username": "operator", "password": "operator"}}
    ),
    ("POST", "/auth/backchannel-logout"): lambda *_: Ask("/auth/backchannel-logout", {"data": {"logout_token": "a.b.c"}}),
}


@pytest.fixture(scope="module")
def service(world: World, log: io.StringIO) -> Iterator[Service]:
    """The application as `python -m api` makes it, but for what launches runs."""
    retriever = open_retriever(world.platform)
    app = create_app(world.platform, RecordingLauncher(), retriever=retriever)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Service(world, client, retriever, log)


def served(app: FastAPI) -> set[tuple[str, str]]:
    """Every route of an application, those that the documentation leaves out included."""
    return {(method, each.path) for each in iter_route_contexts(app.routes) for method in (each.methods or ()) if each.path}


def listed(wrong: list[str]) -> str:
    """What is wrong, each thing once."""
    return "\n".join(["", *sorted(set(wrong))[:100]])


def test_every_route_has_a_row(service):
    documented = {(m.upper(), path) for path, methods in service.client.app.openapi()["paths"].items() for m in methods}
    there = {(method, path) for method, path in served(service.client.app) if method != "HEAD"}
    shown = {(row.method, row.template) for row in matrix.rows()}
    assert documented <= there
    assert there - shown == set(), "a new route needs a row in tests/security/matrix.py"
    assert shown - there == set()


@pytest.mark.parametrize("letter", ["A", "D", "E"])
def test_each_caller_gets_what_the_matrix_says_and_no_byte_of_anothers(service, letter):
    space = service.world.spaces[letter]
    people, wrong = service.people(space), []
    for row in matrix.rows():
        if letter != "A" and row.expected["strangers"] != 401:
            continue  # what is open to everybody has been asked once
        for column, callers in people.items():
            for caller in callers:
                service.forget()
                wrong += service.check(row, space, column, caller)
        warming = [(column, people[column][0]) for column in ("operator", "admin", "insider")]
        everybody = [(column, caller) for column, callers in people.items() for caller in callers]
        for column, caller in [*warming, *everybody]:
            wrong += service.check(row, space, column, caller)
        assert "/search" not in row.template or service.retriever.layers.counts()["result", "L0", "hit"], "nothing is warm"
    assert not wrong, listed(wrong)


def test_a_revoked_operator_leaves_no_database_behind(service):
    def databases() -> list[Any]:
        with service.world.owner() as connection:
            return connection.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()

    before = databases()
    revoked = next(each for each in service.world.strangers() if each.name == "revoked session")
    asked = {"name": f"new-{uuid4().hex}", "isolation": "dedicated"}
    assert service.client.post("/api/v1/spaces", json=asked, headers=revoked.headers).status_code == 401
    assert databases() == before


def test_what_was_looked_for_was_there_to_be_seen(service):
    """Nothing proves that a canary is kept from some unless it is shown to others."""
    for letter in ("A", "D", "E"):
        space = service.world.spaces[letter]
        planted = space.words | space.admin_words | space.zones["open"].words | space.zones["closed"].words
        assert {service.world.canaries.places[word] for word in planted - service.seen} == set()


def test_no_canary_is_in_a_log_line_or_a_metric(service):
    operator = service.world.someone("operator")
    metrics = service.client.get("/metrics", headers=operator.headers).text
    assert "rage_http_requests_total" in metrics
    assert service.world.canaries.found_in(metrics) == []
    written = service.log.getvalue()
    assert written.count('"event": "request"') >= service.asked
    assert service.world.canaries.found_in(written) == []


def test_the_local_issuers_tokens_are_held_to_the_same_matrix(world):
    """Where no issuer is configured: the administrator's token counts, an expired one and none do not, on every route."""
    platform = world.home.platform("api", **{k: v for k, v in world.settings.items() if k != "oidc_issuer"})
    person, path = Person("local-admin", "local-admin", Role.ADMIN), world.home.path
    expired = LocalIssuer(path).issue(person, str(uuid4()), at=0)[0]
    callers = {
        "operator": [Someone("operator", issue_token(path)[0], frozenset(world.canaries.places))],
        "strangers": [
            Someone("no token", None),
            Someone("expired", expired),
            Someone("oidc", world.someone("operator").token),
        ],
    }
    other = {"/auth/token": 401, "/auth/login": 404, "/auth/callback": 404, "/auth/backchannel-logout": 404}
    app = create_app(platform, RecordingLauncher(), retriever=open_retriever(platform))
    wrong = []
    with TestClient(app, raise_server_exceptions=False) as client:
        service = Service(world, client, app.state.retriever, io.StringIO())
        for row in matrix.rows():
            if row.template in other:
                row.expected.update(dict.fromkeys(row.expected, other[row.template]))
            if row.template == "/auth/logout":  # ends the sign-in of the token with which the rest is asked
                continue
            for column, each in callers.items():
                for caller in each:
                    wrong += service.check(row, world.spaces["A"], column, caller)
    platform.close()
    assert not wrong, listed(wrong)

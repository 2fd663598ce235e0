"""What is taken away is gone with the next request, whichever way it is asked for, however warm the caches: real Keycloak.

A group that somebody leaves in Keycloak is gone with their next token, which is at most 15 minutes away; everything else,
and whatever an operator revokes, is gone at once.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.memory import open_retriever
from resources.access import LOCAL_ADMIN
from resources.postgres import sessions
from tests.api.conftest import RecordingLauncher
from tests.security.world import Planted, World
from tests.sign_in.keycloak import Keycloak, new_realm

pytestmark = pytest.mark.real

SPACES = ("A", "D", "E")
OF_THE_SPACE = {"spaces", "space", "me"}


@pytest.fixture(scope="module")
def keycloak() -> Iterator[Keycloak]:
    realm = new_realm()
    try:
        yield realm
    finally:
        realm.close()


class Company:
    """The application behind the realm, and what somebody sees of a folder by every way there is."""

    def __init__(self, world: World, keycloak: Keycloak, client: TestClient) -> None:
        self.world, self.keycloak, self.client = world, keycloak, client
        keycloak.user("boss", roles=["admin"])
        self.boss = keycloak.token("boss")

    def ask(self, token: str, method: str, url: str, **given: Any) -> Any:
        """One request."""
        return self.client.request(method, url, headers={"Authorization": f"Bearer {token}"}, **given)

    def person(self, name: str, *groups: str) -> str:
        """A new user in groups; gives a token."""
        self.keycloak.user(name, groups=[f"/{group}" for group in groups])
        return self.keycloak.token(name)

    def ways(self, space: Planted, zone: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Every way to something of a folder: method, address and what else is sent."""
        there, memory = space.zones[zone], "/api/v1/memory"
        asked = {"space": space.name, "query": f"lantern ritual of {there.text}"}
        modes = {mode: asked | {"mode": mode} for mode in ("hybrid", "vector", "lexical")}
        modes["pattern"] = asked | {"mode": "pattern", "query": f"/{there.text}/"}
        return {
            **{mode: ("POST", f"{memory}/search", {"json": body}) for mode, body in modes.items()},
            "answer": ("POST", f"{memory}/query", {"json": asked}),
            "stream": ("POST", f"{memory}/query", {"json": asked | {"stream": True}}),
            "files": ("GET", f"{memory}/files?limit=100&space={space.name}", {}),
            "file": ("GET", f"{memory}/file/{there.document}", {}),
            "unreadable file": ("GET", f"{memory}/file/{there.quarantined}", {}),
            "raw": ("GET", f"{memory}/file/{there.document}/raw", {}),
            "block": ("GET", f"{memory}/blocks/{there.block}", {}),
            "lineage": ("GET", f"{memory}/blocks/{there.block}/lineage", {}),
            "receipt": ("GET", f"{memory}/receipts/{there.receipt}", {}),
            "job": ("GET", f"{memory}/ingest/{space.job}", {}),
            "spaces": ("GET", "/api/v1/spaces?limit=100", {}),
            "space": ("GET", f"/api/v1/spaces/{space.name}", {}),
            "me": ("GET", "/auth/me", {}),
        }

    def seen(self, token: str, letter: str, zone: str = "open") -> set[str]:
        """By which ways something of a folder, or the name of its space, is shown; asked twice, so that caches are warm."""
        space = self.world.spaces[letter]
        found = set()
        for name, (method, url, given) in self.ways(space, zone).items():
            words = space.words if name in OF_THE_SPACE else space.zones[zone].words - {space.zones[zone].text}
            if name == "block":
                words = {space.zones[zone].text}
            for _ in range(2):
                answer = self.ask(token, method, url, **given)
                text = f"{answer.text} {answer.headers.multi_items()}"
                said = space.name if answer.status_code == 404 else ""  # a refusal names what was asked for
                if any(word in text for word in words if word not in said):
                    found.add(name)
        return found

    def statuses(self, token: str, letter: str) -> set[int]:
        """With which statuses the ways answer."""
        ways = self.ways(self.world.spaces[letter], "open").values()
        return {self.ask(token, method, url, **given).status_code for method, url, given in ways}

    @property
    def all_ways(self) -> set[str]:
        """The names of the ways."""
        return set(self.ways(self.world.spaces["A"], "open"))


@pytest.fixture(scope="module")
def company(world: World, keycloak: Keycloak) -> Iterator[Company]:
    settings = world.settings | {"oidc_issuer": keycloak.issuer}
    platform = world.home.platform("api", **settings)
    app = create_app(platform, RecordingLauncher(), retriever=open_retriever(platform))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Company(world, keycloak, client)
    platform.close()


def test_who_leaves_a_group_sees_nothing_of_its_space_with_the_next_token(company, keycloak):
    token = company.person("ann", "A-reader", "D-reader", "E-reader")
    for letter in SPACES:
        assert company.seen(token, letter) == company.all_ways
        keycloak.remove_from_group("ann", f"/{letter}-reader")
    token = keycloak.token("ann")
    for letter in SPACES:
        assert company.seen(token, letter) == set()
        assert company.statuses(token, letter) == {200, 404}  # lists are there, and empty


def test_who_leaves_the_group_of_a_closed_folder_sees_nothing_of_it_and_the_rest_as_before(company, keycloak, world):
    groups = {letter: [f"{letter}-reader", world.spaces[letter].insiders] for letter in SPACES}
    token = company.person("ben", *(group for both in groups.values() for group in both))
    for letter in SPACES:
        assert company.seen(token, letter, "closed") == company.all_ways
        keycloak.remove_from_group("ben", f"/{world.spaces[letter].insiders}")
    token = keycloak.token("ben")
    for letter in SPACES:
        assert company.seen(token, letter, "closed") == OF_THE_SPACE
        assert company.seen(token, letter, "open") == company.all_ways


def test_a_role_of_the_platform_that_is_taken_away_is_gone_with_the_next_token(company, keycloak):
    keycloak.user("former", roles=["reader"])
    assert company.seen(keycloak.token("former"), "A") == company.all_ways
    keycloak.remove_role("former", "reader")
    assert company.seen(keycloak.token("former"), "A") == set()


def test_a_member_who_is_removed_sees_nothing_from_the_next_request_on(company, world):
    token = company.person("cem", "A-guests", "D-guests", "E-guests")
    for letter in SPACES:
        member = f"/api/v1/spaces/{world.spaces[letter].name}/members/group:{letter}-guests"
        assert company.seen(token, letter) == set()
        assert company.ask(company.boss, "PUT", member, json={"role": "reader"}).status_code == 200
        assert company.seen(token, letter) == company.all_ways
        assert company.ask(company.boss, "DELETE", member).status_code == 204
        assert company.seen(token, letter) == set()


def test_rules_that_narrow_a_document_hide_it_from_the_next_request_on_and_show_it_when_they_go(company, world):
    token = company.person("dan", "A-reader", "D-reader", "E-reader")
    for letter in SPACES:
        space = world.spaces[letter]
        rules = f"/api/v1/spaces/{space.name}/sources/{space.source}/access"
        assert company.seen(token, letter) == company.all_ways
        narrow = {"rules": [{"pattern": "open/**", "groups": ["board"]}]}
        assert company.ask(company.boss, "PUT", rules, json=narrow).status_code == 200
        try:
            assert company.seen(token, letter) == OF_THE_SPACE
            assert company.seen(company.boss, letter) == company.all_ways
        finally:
            assert company.ask(company.boss, "PUT", rules, json={"rules": []}).status_code == 200
        assert company.seen(token, letter) == company.all_ways


def test_an_access_file_hides_its_folder_once_it_was_read_without_parsing_anything_anew(company, world):
    token = company.person("eva", "A-reader")
    space = world.spaces["A"]
    assert company.seen(token, "A") == company.all_ways

    def read_by() -> list[str]:
        with world.owner(space) as connection:
            query = "SELECT run_id FROM documents WHERE id = %s UNION SELECT run_id FROM blocks WHERE document_id = %s"
            return connection.execute(query, (space.zones["open"].document,) * 2).fetchall()

    before = read_by()
    file = space.location / "open" / ".rage-access.yaml"
    file.write_text("groups: [board]\n")
    try:
        world.home.ingest(space.name)
        assert read_by() == before
        assert company.seen(token, "A") == OF_THE_SPACE
    finally:
        file.unlink()
        world.home.ingest(space.name)
    assert company.seen(token, "A") == company.all_ways


def test_a_revoked_key_sees_nothing_from_the_next_request_on(company, world):
    for letter in SPACES:
        asked = {"name": "a key", "spaces": [world.spaces[letter].name], "role": "reader"}
        made = company.ask(company.boss, "POST", "/api/v1/keys", json=asked).json()
        assert company.seen(made["key"], letter) == company.all_ways
        assert company.ask(company.boss, "DELETE", f"/api/v1/keys/{made['id']}").status_code == 204
        assert company.seen(made["key"], letter) == set()
        assert company.statuses(made["key"], letter) == {401}


def test_an_operators_revocation_ends_every_token_of_a_person_at_once_and_no_later_one(company, keycloak, world):
    token = company.person("fay", "A-reader", "D-reader")
    assert company.seen(token, "A") == company.all_ways
    with world.platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        sessions.end_all(connection, f"user:{keycloak.subject('fay')}")
    for letter in ("A", "D"):
        assert company.seen(token, letter) == set()
        assert company.statuses(token, letter) == {401}
    deadline = time.monotonic() + 10
    while company.ask(keycloak.token("fay"), "GET", "/auth/me").status_code == 401:  # tokens count whole seconds
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert company.seen(keycloak.token("fay"), "A") == company.all_ways


def test_signing_out_ends_the_token_at_once(company):
    token = company.person("gus", "A-reader")
    assert company.seen(token, "A") == company.all_ways
    assert company.ask(token, "POST", "/auth/logout").status_code == 204
    assert company.seen(token, "A") == set()
    assert company.statuses(token, "A") == {401}

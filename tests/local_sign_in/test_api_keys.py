"""API keys: for the spaces and the role that they were given, until they expire or are revoked."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from resources.access import Role
from resources.sign_in import keys
from tests.api.conftest import error_of
from tests.local_sign_in.conftest import me, sign_in


@pytest.fixture
def space(sign_in_home):
    """Makes a space; gives its name."""

    def make() -> str:
        name = f"space-{uuid4().hex[:8]}"
        sign_in_home.space(name)
        return name

    return make


@pytest.fixture
def member(at, person, owner):
    """A client of somebody new with a role in spaces."""

    def make(**roles: str):
        user = person()
        with owner() as connection:
            for name, role in roles.items():
                connection.execute(
                    "INSERT INTO entitlements SELECT id, %s, %s FROM spaces WHERE name = %s",
                    (user.principal, role, name.replace("_", "-")),
                )
        return at(token=sign_in(at(), user.name).json()["access_token"])

    return make


def made(client, *spaces, role="reader", **given):
    answer = client.post("/api/v1/keys", json={"name": "import", "spaces": list(spaces), "role": role, **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def under(name):
    return name.replace("-", "_")


def test_a_key_has_exactly_the_role_in_exactly_the_spaces(admin, at, space):
    mine, other = space(), space()
    created = made(admin, mine, role="ingestor")
    said = me(at(), created["key"]).json()
    assert said == {
        "principal": f"key:{created['id']}",
        "name": "import",
        "groups": [],
        "platform_role": None,
        "spaces": [{"name": mine, "role": "ingestor"}],
        "session": None,
        "csrf_token": None,
    }
    machine = at(token=created["key"])
    assert machine.get(f"/api/v1/spaces/{mine}").status_code == 200
    error_of(machine.get(f"/api/v1/spaces/{other}"), 404, "not_found")


def test_a_key_lasts_90_days_by_default_and_a_year_at_most(admin, space):
    name = space()
    lasts = datetime.fromisoformat(made(admin, name)["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < lasts <= timedelta(days=90)
    for days in (0, 366):
        body = {"name": "x", "spaces": [name], "role": "reader", "expires_in_days": days}
        error_of(admin.post("/api/v1/keys", json=body), 422, "invalid")


def test_only_the_hash_is_kept_and_the_key_shown_once(admin, space, owner):
    created = made(admin, space())
    with owner() as connection:
        row = connection.execute("SELECT * FROM api_keys WHERE id = %s", (created["id"],)).fetchone()
    assert row["hash"] == hashlib.sha256(created["key"].encode()).digest()
    secret = created["key"].split("_")[3]
    assert secret not in str(row) and secret not in admin.get("/api/v1/keys", params={"limit": 100}).text


def test_a_revoked_key_is_dead_at_once(admin, at, space):
    created = made(admin, space())
    machine = at(token=created["key"])
    assert machine.get("/auth/me").status_code == 200
    assert admin.delete(f"/api/v1/keys/{created['id']}").status_code == 204
    error_of(machine.get("/auth/me"), 401, "unauthorized")
    error_of(machine.get("/api/v1/nothing"), 401, "unauthorized")


def test_an_expired_key_is_dead(admin, at, space, owner):
    created = made(admin, space())
    with owner() as connection:
        connection.execute("UPDATE api_keys SET expires_at = now() WHERE id = %s", (created["id"],))
    error_of(at(token=created["key"]).get("/auth/me"), 401, "unauthorized")


def test_a_key_with_a_right_id_and_a_wrong_secret_is_refused(admin, at, space):
    real, other = keys.read_key(made(admin, space())["key"]), keys.new_key()
    body = f"rage_key_{real.id}_{other.text.split('_')[3]}"
    error_of(at(token=f"{body}_{keys.checksum(body)}").get("/auth/me"), 401, "unauthorized")
    error_of(at(token=real.text[:-1] + ("0" if real.text[-1] != "0" else "1")).get("/auth/me"), 401, "unauthorized")


def test_a_withdrawn_entitlement_takes_the_space_from_the_key(admin, at, space, owner):
    name = space()
    created = made(admin, name)
    with owner() as connection:
        connection.execute("DELETE FROM entitlements WHERE principal = %s", (f"key:{created['id']}",))
    error_of(at(token=created["key"]).get(f"/api/v1/spaces/{name}"), 404, "not_found")


def test_who_does_not_see_a_space_gets_404_and_who_only_reads_it_403(member, space):
    mine, other = space(), space()
    body = {"name": "x", "role": "reader"}
    admin_of_mine, reader = member(**{under(mine): "admin"}), member(**{under(mine): "reader"})
    error_of(admin_of_mine.post("/api/v1/keys", json={**body, "spaces": [mine, other]}), 404, "not_found")
    error_of(admin_of_mine.post("/api/v1/keys", json={**body, "spaces": ["nowhere"]}), 404, "not_found")
    error_of(reader.post("/api/v1/keys", json={**body, "spaces": [mine]}), 403, "forbidden")
    assert made(admin_of_mine, mine, role="admin")["spaces"] == [{"name": mine, "role": "admin"}]


def test_a_key_manages_no_keys_whatever_its_role(admin, at, space):
    name = space()
    created = made(admin, name, role="admin")
    machine = at(token=created["key"])
    body = {"name": "x", "spaces": [name], "role": "reader"}
    error_of(machine.post("/api/v1/keys", json=body), 403, "forbidden")
    error_of(machine.get("/api/v1/keys"), 403, "forbidden")
    error_of(machine.delete(f"/api/v1/keys/{created['id']}"), 403, "forbidden")
    error_of(machine.post("/auth/logout"), 403, "forbidden")


def test_one_sees_and_revokes_only_keys_of_spaces_that_one_administers(admin, member, space):
    mine, other = space(), space()
    both, theirs = made(admin, mine, other), made(admin, other)
    me_ = member(**{under(mine): "admin", under(other): "reader"})
    listed = me_.get("/api/v1/keys").json()["items"]
    assert [(key["id"], key["spaces"]) for key in listed] == [(both["id"], [{"name": mine, "role": "reader"}])]
    error_of(me_.delete(f"/api/v1/keys/{theirs['id']}"), 404, "not_found")
    error_of(me_.delete(f"/api/v1/keys/{'0' * 16}"), 404, "not_found")
    assert me_.delete(f"/api/v1/keys/{both['id']}").status_code == 204
    error_of(member(**{under(other): "reader"}).delete(f"/api/v1/keys/{theirs['id']}"), 404, "not_found")


def test_letting_anothers_key_into_ones_own_space_gives_no_power_over_it(admin, member, space, owner):
    mine, other = space(), space()
    theirs = made(admin, other)
    with owner() as connection:
        connection.execute(
            "INSERT INTO entitlements SELECT id, %s, 'reader' FROM spaces WHERE name = %s", (f"key:{theirs['id']}", mine)
        )
    error_of(member(**{under(mine): "admin"}).delete(f"/api/v1/keys/{theirs['id']}"), 404, "not_found")


def test_the_database_itself_refuses_a_key_for_a_space_of_others(platform, space, person, sign_in_home):
    import psycopg

    from resources.access import LOCAL_ADMIN, Caller
    from resources.postgres import api_keys, spaces

    name = space()
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        found = {name: spaces.identify(connection, name)["id"]}
    for caller in (Caller(person().principal), Caller("key:0000000000000000", platform_role=Role.ADMIN), None):
        new = keys.new_key()
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            platform.database.transaction(caller=caller) as connection,
        ):
            api_keys.create(connection, new.id, "x", new.sha256, days=1, spaces=found, role=Role.READER)


def test_the_last_use_is_noted_once_a_minute(admin, at, space, owner):
    created = made(admin, space())

    def noted():
        with owner() as connection:
            return connection.execute(
                "SELECT last_used_at, last_used_address, xmin FROM api_keys WHERE id = %s", (created["id"],)
            ).fetchone()

    assert noted()["last_used_at"] is None
    me(at("192.0.2.50"), created["key"])
    first = noted()
    assert first["last_used_address"] == "192.0.2.50"
    me(at("192.0.2.51"), created["key"])
    assert noted() == first, "no row is written for every request"
    with owner() as connection:
        connection.execute("UPDATE api_keys SET last_used_at = now() - interval '61 s' WHERE id = %s", (created["id"],))
    me(at("192.0.2.51"), created["key"])
    assert noted()["last_used_address"] == "192.0.2.51"


def test_lists_are_paged_without_gaps_or_repeats(admin, member, space):
    name = space()
    expected = [made(admin, name)["id"] for _ in range(5)]
    me_, found, cursor = member(**{under(name): "admin"}), [], None
    while True:
        page = me_.get("/api/v1/keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == expected


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIiwiYiJd", "WyIyMDI0LTAxLTAxIiwiYiJd"])
def test_a_cursor_that_cannot_be_is_refused(admin, cursor):
    error_of(admin.get("/api/v1/keys", params={"cursor": cursor}), 422, "invalid")


@pytest.mark.parametrize("change", [{"name": ""}, {"spaces": []}, {"role": "owner"}, {"name": "a\0b"}, {"spaces": ["a\0"]}])
def test_a_key_that_cannot_be_is_refused(admin, space, change):
    body = {"name": "x", "spaces": [space()], "role": "reader", **change}
    error_of(admin.post("/api/v1/keys", json=body), 422, "invalid")

"""`rage user`, `rage key` and `rage token`."""

import io
import sys
from uuid import uuid4

import pytest

from resources.sign_in import keys
from resources.sign_in.local import LocalIssuer
from tests.cli.conftest import cli_home, rage  # noqa: F401
from tests.local_sign_in.conftest import PASSWORD


@pytest.fixture
def typed(monkeypatch):
    """Puts text on standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.fixture
def name() -> str:
    return f"person-{uuid4().hex[:8]}"


@pytest.fixture
def added(rage, typed, name):  # noqa: F811
    typed(PASSWORD + "\n")
    done = rage("user", "add", name, "--role", "ingestor", "--group", "staff", "--password-stdin", "--json")
    assert done.status == 0, done
    return done.json


def row(rage, name):  # noqa: F811
    return next(each for each in rage("user", "list", "--json").json if each["name"] == name)


def test_a_user_is_added_once_and_listed_without_anything_secret(rage, added, typed, name):  # noqa: F811
    assert (added["name"], added["platform_role"], added["groups"]) == (name, "ingestor", ["staff"])
    assert added["principal"] == f"user:{added['id']}"
    assert row(rage, name) == added
    assert name in rage("user", "list").out and "$2b$" not in rage("user", "list").out
    typed(PASSWORD)
    done = rage("user", "add", name.upper(), "--password-stdin", "--json")
    assert (done.status, done.json["error"]["code"]) == (2, "conflict")


def test_a_user_is_disabled_enabled_and_set(rage, added, name):  # noqa: F811
    assert rage("user", "disable", name, "--json").json["disabled"] is True
    assert "disabled" in rage("user", "list").out
    assert rage("user", "enable", name).status == 0
    assert row(rage, name)["disabled"] is False
    changed = rage("user", "set", name, "--group", "guests", "--json").json
    assert (changed["platform_role"], changed["groups"]) == (None, ["guests"])


def test_a_password_is_changed(rage, added, typed, name):  # noqa: F811
    typed("another good password\n")
    assert rage("user", "passwd", name, "--password-stdin").status == 0


def test_a_password_is_asked_for_on_a_terminal_twice_and_never_an_argument(rage, monkeypatch, name):  # noqa: F811
    asked = []

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: asked.append(prompt) or PASSWORD)
    assert rage("user", "add", name).status == 0
    assert len(asked) == 2
    assert rage("user", "add", name, PASSWORD).status == 2
    assert rage("user", "add", name, "--password", PASSWORD).status == 2


@pytest.mark.parametrize(
    ("arguments", "password"),
    [
        (("add", "somebody"), None),
        (("add", "somebody", "--password-stdin"), "short"),
        (("add", "local-admin", "--password-stdin"), PASSWORD),
        (("add", "somebody", "--group", "/", "--password-stdin"), PASSWORD),
        (("add", "somebody", "--role", "owner", "--password-stdin"), PASSWORD),
        (("passwd", "nobody-at-all", "--password-stdin"), PASSWORD),
        (("disable", "nobody-at-all"), None),
        (("enable", "nobody-at-all"), None),
        (("set", "nobody-at-all"), None),
        (("disable", "\udcff"), None),
        (("add", "\udcff", "--password-stdin"), PASSWORD),
    ],
)
def test_wrong_use_is_status_2_and_one_plain_line(rage, typed, arguments, password):  # noqa: F811
    typed(password or "")
    done = rage("user", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.strip() and "Traceback" not in done.err
    assert not password or password not in done.err


def test_with_an_issuer_configured_a_token_is_refused_and_users_are_marked(rage, added):  # noqa: F811
    done = rage("token", RAGE_OIDC_ISSUER="https://keycloak.example/realms/rage")
    assert (done.status, done.out) == (2, "")
    assert "rage login" in done.err
    listed = rage("user", "list", RAGE_OIDC_ISSUER="https://keycloak.example/realms/rage")
    assert listed.status == 0 and "keycloak.example" in listed.err


def test_a_token_is_for_the_configured_audience(rage, cli_home):  # noqa: F811
    token = rage("token", RAGE_OIDC_AUDIENCE="other").out.strip()
    assert LocalIssuer(cli_home.path, "other").verify(token).principal == "user:local-admin"


def test_a_key_is_created_listed_and_revoked(rage, cli_home):  # noqa: F811
    space = f"space-{uuid4().hex[:8]}"
    cli_home.space(space)
    created = rage("key", "create", "import", "--space", space, "--role", "ingestor", "--expires", "30d", "--json").json
    assert keys.read_key(created["key"]).id == created["id"]
    (listed,) = [key for key in rage("key", "list", "--json").json if key["id"] == created["id"]]
    assert listed["spaces"] == [{"name": space, "role": "ingestor"}] and listed["created_by"] == "user:local-admin"
    assert created["key"] not in rage("key", "list").out
    assert rage("key", "revoke", created["id"]).status == 0
    assert "revoked" in rage("key", "list").out
    shown = rage("key", "create", "another", "--space", space)
    assert keys.PATTERN.fullmatch(shown.out.strip()), "only the key is on stdout"


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "x"),
        ("create", "x", "--space", "nowhere"),
        ("create", "x", "--space", "nowhere", "--expires", "366d"),
        ("create", "x", "--space", "nowhere", "--expires", "soon"),
        ("create", "", "--space", "nowhere"),
        ("revoke", "0" * 16),
        ("revoke", "nonsense"),
        ("revoke", "\udcff"),
        ("create", "\udcff", "--space", "nowhere"),
    ],
)
def test_wrong_use_of_keys_is_status_2(rage, arguments):  # noqa: F811
    done = rage("key", *arguments)
    assert (done.status, done.out) == (2, ""), done
    assert done.err.strip() and "Traceback" not in done.err


def test_every_change_by_hand_is_written_down_without_the_password(rage, added, typed, name, cli_home):  # noqa: F811
    from resources.postgres.database import Database

    typed("another good password\n")
    rage("user", "passwd", name, "--password-stdin")
    rage("user", "disable", name)
    rage("user", "disable", "nobody-at-all")
    platform = cli_home.platform()
    database = Database(platform.url("owner"), "none", (1, 1)).open()
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT action, outcome, target, details::text AS details FROM audit_log WHERE target IN (%s, 'nobody-at-all') "
            "ORDER BY seq",
            (name,),
        ).fetchall()
    database.close()
    platform.close()
    said = [(row["action"], row["outcome"]) for row in rows if row["target"] == name]
    assert said == [(f"users.{word}", end) for word in ("add", "passwd", "disable") for end in ("begun", "allowed")]
    assert ("users.disable", "denied") in [(row["action"], row["outcome"]) for row in rows]
    assert PASSWORD not in str(rows) and "another good password" not in str(rows)

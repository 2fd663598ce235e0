"""The realm that the product ships: what is in the file, and what Keycloak makes of it."""

import json
import re

import pytest

from tests.sign_in.keycloak import SHIPPED

FILE = json.loads(SHIPPED.read_text())
CLIENTS = {client["clientId"]: client for client in FILE["clients"]}


def test_the_file_holds_no_users_keys_or_secrets():
    assert not {"users", "components", "identityProviders", "smtpServer"} & FILE.keys()
    assert not re.search(r'"(secret|privateKey|credentials|registrationAccessToken|value)"', SHIPPED.read_text())


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("registrationAllowed", False),
        ("bruteForceProtected", True),
        ("permanentLockout", False),
        ("sslRequired", "external"),
        ("revokeRefreshToken", True),
        ("refreshTokenMaxReuse", 0),
        ("accessTokenLifespan", 300),
        ("ssoSessionIdleTimeout", 1800),
        ("ssoSessionMaxLifespan", 36000),
        ("eventsEnabled", True),
        ("adminEventsEnabled", True),
        ("defaultSignatureAlgorithm", "RS256"),
    ],
)
def test_keycloak_takes_over_what_the_file_says(keycloak, name, value):
    assert FILE[name] == value
    assert keycloak.admin.get_realm(keycloak.realm)[name] == value


@pytest.mark.real
@pytest.mark.parametrize(
    ("client", "flows"),
    [
        ("rage-api", set()),
        ("rage-portal", {"standardFlowEnabled"}),
        ("rage-cli", {"device"}),
    ],
)
def test_a_client_has_its_own_flow_only(keycloak, client, flows):
    found = keycloak.admin.get_client(keycloak.admin.get_client_id(client))
    names = {"standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled"}
    on = {name for name in names if found[name]}
    if found["attributes"].get("oauth2.device.authorization.grant.enabled") == "true":
        on.add("device")
    assert on == flows
    assert not found["fullScopeAllowed"]


@pytest.mark.real
@pytest.mark.parametrize("client", ["rage-portal", "rage-cli", "rage-api"])
def test_no_shipped_client_takes_passwords_itself(keycloak, ann, client):
    form = {"grant_type": "password", "client_id": client, "username": ann, "password": keycloak.passwords[ann]}
    answer = keycloak.http.post(f"{keycloak.endpoint}/token", data=form)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.text


def test_browsers_come_back_to_known_addresses_only():
    assert not any("*" in uri for uri in CLIENTS["rage-portal"]["redirectUris"])
    assert "*" not in CLIENTS["rage-portal"]["attributes"]["post.logout.redirect.uris"]
    assert CLIENTS["rage-portal"]["attributes"]["pkce.code.challenge.method"] == "S256"
    assert "backchannel.logout.url" not in CLIENTS["rage-portal"]["attributes"]


@pytest.mark.real
def test_a_weak_password_is_refused(keycloak):
    with pytest.raises(Exception, match="invalidPasswordMinLength"):
        keycloak.user("weak", password="short-1")


@pytest.mark.real
def test_guessing_passwords_makes_the_account_wait(other_realm):
    other_realm.user("guessed")
    form = {"grant_type": "password", "client_id": "rage-tests", "username": "guessed"}
    for number in range(10):
        answer = other_realm.http.post(f"{other_realm.endpoint}/token", data=form | {"password": f"wrong-guess-{number}"})
        assert answer.status_code == 401
    right = form | {"password": other_realm.passwords["guessed"]}
    assert other_realm.http.post(f"{other_realm.endpoint}/token", data=right).status_code == 401


@pytest.mark.real
def test_a_token_holds_no_more_of_a_person_than_their_name(keycloak, ann):
    from joserfc.jws import extract_compact

    claims = json.loads(extract_compact(keycloak.token(ann).encode()).payload)
    assert claims["preferred_username"] == "ann"
    assert not {"email", "name", "given_name", "family_name"} & claims.keys()

"""A realm of its own in a real Keycloak, made from exactly the file that the product ships."""

import html
import json
import os
import re
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "keycloak" / "rage-realm.json"
PASSWORD = "correct-horse-battery-9"
TEST_CLIENT = "rage-tests"


class Keycloak:
    """A realm that was imported from the shipped file, and what tests do to it as its administrator."""

    def __init__(self, url: str, admin: str, password: str) -> None:
        from keycloak import KeycloakAdmin

        self.url = url
        self.realm = f"rage-{uuid4().hex[:10]}"
        self.admin = KeycloakAdmin(server_url=url, username=admin, password=password, realm_name="master", timeout=60)
        self.admin.create_realm(json.loads(SHIPPED.read_text()) | {"realm": self.realm})
        self.admin.change_current_realm(self.realm)
        self.api = self.admin.get_client_id("rage-api")
        # how tests get tokens without a browser; the shipped file has no such client
        client = self.admin.create_client(
            {
                "clientId": TEST_CLIENT,
                "publicClient": True,
                "standardFlowEnabled": False,
                "directAccessGrantsEnabled": True,
                "fullScopeAllowed": False,
                "defaultClientScopes": ["basic", "rage"],
                "optionalClientScopes": [],
            }
        )
        roles = [self.admin.get_client_role(self.api, role) for role in ("reader", "ingestor", "admin")]
        self.admin.assign_client_roles_to_client_scope(client, self.api, roles)
        self.http = httpx.Client(timeout=30)
        self._users: dict[str, str] = {}
        self.passwords: dict[str, str] = {}

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{self.realm}"

    @property
    def endpoint(self) -> str:
        return f"{self.issuer}/protocol/openid-connect"

    def user(self, name: str, password: str = PASSWORD, groups=(), roles=()) -> str:
        """Makes a user, in groups such as `/engineering/search` and with roles of the API; gives the subject."""
        self._users[name] = self.admin.create_user(
            {
                "username": name,
                "enabled": True,
                "email": f"{name}@example.com",
                "emailVerified": True,
                "firstName": name.title(),
                "lastName": "Test",
                "credentials": [{"type": "password", "value": password, "temporary": False}],
            }
        )
        self.passwords[name] = password
        for group in groups:
            self.add_to_group(name, group)
        for role in roles:
            self.add_role(name, role)
        return self._users[name]

    def subject(self, name: str) -> str:
        return self._users[name]

    def answer(self, name: str, **given) -> dict:
        """The whole answer of the token endpoint to a user's password."""
        form = {"grant_type": "password", "client_id": TEST_CLIENT, "username": name, "scope": "openid"}
        form |= {"password": self.passwords[name]} | given
        answer = self.http.post(f"{self.endpoint}/token", data=form)
        for _ in range(5):
            if answer.status_code != 401:
                break
            # its guard against guessing refuses a sign-in while the last one of the same person is still being recorded
            time.sleep(0.2)
            answer = self.http.post(f"{self.endpoint}/token", data=form)
        answer.raise_for_status()
        return answer.json()

    def token(self, name: str) -> str:
        """A new access token of a user."""
        return self.answer(name)["access_token"]

    def browser(self) -> "Browser":
        """A browser without scripts, with cookies of its own."""
        return Browser(self)

    def group(self, path: str) -> str:
        """The id of a group, made with those above it if need be."""
        parent = None
        parts = path.strip("/").split("/")
        for end in range(1, len(parts) + 1):
            here = "/" + "/".join(parts[:end])
            try:
                parent = self.admin.get_group_by_path(here)["id"]
            except Exception:
                parent = self.admin.create_group({"name": parts[end - 1]}, parent=parent)
        return parent

    def add_to_group(self, name: str, path: str) -> None:
        self.admin.group_user_add(self._users[name], self.group(path))

    def remove_from_group(self, name: str, path: str) -> None:
        self.admin.group_user_remove(self._users[name], self.group(path))

    def add_role(self, name: str, role: str) -> None:
        self.admin.assign_client_role(self._users[name], self.api, [self.admin.get_client_role(self.api, role)])

    def remove_role(self, name: str, role: str) -> None:
        self.admin.delete_client_roles_of_user(self._users[name], self.api, [self.admin.get_client_role(self.api, role)])

    def logout_user(self, name: str) -> None:
        """Ends all sessions of a user, as an administrator does."""
        self.admin.user_logout(self._users[name])

    def configure_client(self, client: str, **changes) -> None:
        """Changes a client; attributes are merged."""
        found = self.admin.get_client(self.admin.get_client_id(client))
        found["attributes"] |= changes.pop("attributes", {})
        self.admin.update_client(found["id"], found | changes)

    def client_secret(self, client: str = "rage-portal") -> str:
        """The secret that Keycloak made when the realm was imported."""
        return self.admin.get_client_secrets(self.admin.get_client_id(client))["value"]

    def rotate_keys(self) -> str:
        """Signs with a new key from now on; tokens of the old ones go on counting. Gives the new key's id."""
        before = {key["kid"] for key in self.signing_keys()}
        old = self._signing_components()
        # milliseconds as priority: the newest is the highest, and it fits into what Keycloak takes
        self.add_key("rsa-generated", {"priority": [str(int(time.time() * 1000))], "keySize": ["2048"]})
        for component in old:
            self._set(component, active="false")
        return next(key["kid"] for key in self.signing_keys() if key["kid"] not in before)

    def withdraw_old_keys(self) -> None:
        """Publishes no longer the keys that sign no more."""
        for component in self._signing_components():
            if component["config"].get("active") == ["false"]:
                self._set(component, enabled="false")

    def known_key(self):
        """A key of the realm whose private half the test has, to sign what Keycloak never would: `(private PEM, kid)`."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        before = {key["kid"] for key in self.signing_keys()}
        self.add_key("rsa", {"priority": ["-100"], "algorithm": ["RS256"], "privateKey": [pem.decode()]})
        return pem, next(key["kid"] for key in self.signing_keys() if key["kid"] not in before)

    def signing_keys(self) -> list[dict]:
        keys = self.http.get(f"{self.endpoint}/certs").json()["keys"]
        return [key for key in keys if key["use"] == "sig"]

    def close(self) -> None:
        self.http.close()
        self.admin.change_current_realm("master")
        self.admin.delete_realm(self.realm)

    def _signing_components(self) -> list[dict]:
        found = self.admin.get_components({"type": "org.keycloak.keys.KeyProvider"})
        return [each for each in found if each["providerId"] in {"rsa-generated", "rsa"}]

    def _set(self, component: dict, **values: str) -> None:
        component["config"] |= {name: [value] for name, value in values.items()}
        self.admin.update_component(component["id"], component)

    def add_key(self, provider: str, config: dict) -> None:
        self.admin.create_component(
            {
                "name": f"test-{uuid4().hex[:8]}",
                "providerId": provider,
                "providerType": "org.keycloak.keys.KeyProvider",
                "config": {"active": ["true"], "enabled": ["true"], **config},
            }
        )


class Browser:
    """Walks through Keycloak's pages by their forms."""

    def __init__(self, keycloak: Keycloak) -> None:
        self.keycloak = keycloak
        self.http = httpx.Client(timeout=30, follow_redirects=False, event_hooks={"response": [self._as_on_loopback]})

    def _as_on_loopback(self, _: httpx.Response) -> None:
        for cookie in self.http.cookies.jar:
            cookie.secure = False  # browsers take the loopback as secure

    def sign_in(self, url: str, name: str, password: str | None = None, *, agree: bool = True) -> str:
        """Opens an address, signs in where asked, agrees (or not) where asked; gives the address or text where this ends."""
        # more than once for the right password: the guard against guessing refuses two at nearly the same time
        answer, tries = self.http.get(url), 3 if password is None else 1
        for _ in range(20):
            if answer.is_redirect:
                target = str(answer.url.join(answer.headers["location"]))
                if not target.startswith(self.keycloak.url):
                    return target
                answer = self.http.get(target)
                continue
            form = re.search(r'<form[^>]+action="([^"]+)"[^>]*>', answer.text)
            if form is None:
                return answer.text
            fields = {}
            if 'name="password"' in answer.text:
                if not tries:
                    return answer.text
                tries -= 1
                fields = {"username": name, "password": password or self.keycloak.passwords[name]}
            elif 'name="accept"' in answer.text:
                fields = {"accept": "Yes"} if agree else {"cancel": "No"}
            hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
            fields |= {key: html.unescape(value) for key, value in hidden}
            answer = self.http.post(str(answer.url.join(html.unescape(form[1]))), data=fields)
        raise AssertionError("Keycloak's pages have no end")


def new_realm() -> Keycloak:
    """A realm; skips where no Keycloak was named."""
    url = os.environ.get("RAGE_TEST_KEYCLOAK_URL")
    if not url:
        pytest.skip("no Keycloak is there (RAGE_TEST_KEYCLOAK_URL)")
    return Keycloak(
        url.rstrip("/"),
        os.environ.get("RAGE_TEST_KEYCLOAK_ADMIN", "admin"),
        os.environ.get("RAGE_TEST_KEYCLOAK_ADMIN_PASSWORD", "admin"),
    )

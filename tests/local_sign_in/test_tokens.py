"""Tokens of the local issuer: they count only as they were issued."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from resources.access import LOCAL_ADMIN, Role
from resources.errors import Unauthorized
from resources.sign_in.local import LocalIssuer, Person, issue_token
from tests.local_sign_in.conftest import configured, me

ADA = Person("5f0c", "ada", Role.INGESTOR, ("/engineering/search", "all"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


def claims_of(folder: Path, token: str) -> dict:
    key = OctKey.import_key((folder / "keys" / "token.key").read_bytes())
    return jwt.decode(token, key, ["HS256"]).claims


def signed(folder: Path, header=None, **changes) -> str:
    """A token with our own signature and other claims; None leaves one out."""
    claims = claims_of(folder, LocalIssuer(folder).issue(ADA, "s-1")[0]) | changes
    key = OctKey.import_key((folder / "keys" / "token.key").read_bytes())
    header = header or {"alg": "HS256"}
    return jwt.encode(header, {k: v for k, v in claims.items() if v is not None}, key, [header["alg"]])


def test_a_token_names_its_person_with_groups_role_and_session(folder):
    caller = LocalIssuer(folder).verify(LocalIssuer(folder).issue(ADA, "s-1")[0])
    assert (caller.principal, caller.name, caller.session) == ("user:5f0c", "ada", "s-1")
    assert caller.groups == ("all", "engineering", "engineering/search")
    assert caller.platform_role is Role.INGESTOR


def test_the_claims_have_the_shape_of_keycloaks(folder):
    token, seconds = LocalIssuer(folder).issue(ADA, "s-1")
    claims = claims_of(folder, token)
    assert seconds == 900 and claims["exp"] - claims["iat"] == pytest.approx(900)
    assert claims["resource_access"] == {"rage-api": {"roles": ["ingestor"]}}
    assert (claims["iss"], claims["aud"], claims["azp"], claims["typ"]) == ("rage-local", "rage-api", "rage-local", "Bearer")
    assert {"sub", "sid", "preferred_username", "groups", "iat", "nbf", "exp", "jti"} <= claims.keys()


def test_the_local_administrators_token_names_the_local_administrator(folder):
    caller = LocalIssuer(folder).verify(issue_token(folder)[0])
    assert (caller.principal, caller.platform_role) == (LOCAL_ADMIN.principal, Role.ADMIN)


def test_the_key_is_readable_by_its_owner_only(folder):
    issue_token(folder)
    assert (folder / "keys" / "token.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700


def test_another_key_makes_all_tokens_worthless(folder):
    token = issue_token(folder)[0]
    (folder / "keys" / "token.key").unlink()
    with pytest.raises(Unauthorized):
        LocalIssuer(folder).verify(token)


FORGED = {
    "expired": {"exp": 1},
    "expired just now": {"exp": time.time() - 1},
    "not yet": {"nbf": time.time() + 3600},
    "issued in the future": {"iat": time.time() + 3600},
    "another issuer": {"iss": "elsewhere"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "elsewhere"},
    "no audience": {"aud": None},
    "no expiry": {"exp": None},
    "endless": {"exp": "never"},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 7},
    "no session": {"sid": None},
    "not a bearer token": {"typ": "Refresh"},
}


@pytest.mark.parametrize("why", FORGED)
def test_a_claim_that_is_wrong_makes_a_token_worthless_although_its_signature_is_right(folder, why):
    with pytest.raises(Unauthorized):
        LocalIssuer(folder).verify(signed(folder, **FORGED[why]))


def test_the_signature_has_to_be_ours_and_of_the_one_algorithm(folder):
    claims = claims_of(folder, LocalIssuer(folder).issue(ADA, "s-1")[0])
    rsa = RSAKey.generate_key(2048)
    for token in (
        jwt.encode({"alg": "HS256"}, dict(claims), OctKey.import_key(b"x" * 32), ["HS256"]),
        jwt.encode({"alg": "RS256"}, dict(claims), rsa, ["RS256"]),
        jwt.encode({"alg": "none"}, dict(claims), OctKey.import_key(b"x" * 32), ["none"]),
        signed(folder, {"alg": "HS512"}),
        signed(folder).rpartition(".")[0] + ".",
    ):
        with pytest.raises(Unauthorized):
            LocalIssuer(folder).verify(token)


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{1,30}\.[\w-]{1,30}\.[\w-]{0,30}", fullmatch=True))
def test_whatever_is_no_token_is_refused_and_nothing_else_happens(folder, garbage):
    with pytest.raises(Unauthorized):
        LocalIssuer(folder).verify(garbage)


def test_over_http_a_forged_token_is_a_401_that_says_how_to_come_in(at, sign_in_home):
    good = issue_token(sign_in_home.path)[0]
    assert me(at(), good).json()["principal"] == "user:local-admin"
    for bad in (good[:-3] + "abc", "a.b.c", signed(sign_in_home.path, exp=1), "x" * 20_000):
        answer = me(at(), bad)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert bad not in answer.text


def test_two_authorization_headers_are_none(at, sign_in_home):
    value = f"Bearer {issue_token(sign_in_home.path)[0]}"
    answer = at().get("/auth/me", headers=[("Authorization", value), ("Authorization", value)])
    assert answer.status_code == 401


def test_with_an_issuer_configured_neither_our_tokens_nor_our_sign_in_count(sign_in_home):
    token = issue_token(sign_in_home.path)[0]
    with configured(sign_in_home, oidc_issuer="http://127.0.0.1:1/realms/none") as client:
        assert me(client, token).status_code == 401
        form = {"grant_type": "password", "username": "a", "password": "b"}
        answer = client.post("/auth/token", data=form)
        assert answer.status_code == 404
        assert "Sign-in is by the issuer" in answer.json()["error"]["message"]
        assert client.post("/auth/token").status_code == 404

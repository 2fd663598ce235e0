"""Tokens of the real Keycloak count; whatever was made otherwise, or for something else, does not."""

import hashlib
import hmac
import time

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from resources.access.caller import Role
from resources.errors import Unauthorized
from resources.sign_in.oidc import LARGEST_TOKEN, OidcVerifier
from tests.sign_in.conftest import part

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def verifier(keycloak):
    return OidcVerifier(keycloak.issuer, "rage-api", (), 30)


def test_a_token_names_its_person(keycloak, ann, verifier):
    caller = verifier.verify(keycloak.token(ann))
    assert caller.principal == f"user:{keycloak.subject(ann)}"
    assert caller.name == "ann"
    assert caller.session
    assert abs(caller.issued_at.timestamp() - time.time()) < 30


def test_groups_stand_for_those_above_them(keycloak, ann, verifier):
    assert verifier.verify(keycloak.token(ann)).groups == ("engineering", "engineering/search", "sales")


def test_the_highest_role_counts(keycloak, ann, verifier):
    assert verifier.verify(keycloak.token(ann)).platform_role is Role.INGESTOR


def test_without_a_role_there_is_none(keycloak, verifier):
    keycloak.user("nobody")
    caller = verifier.verify(keycloak.token("nobody"))
    assert caller.platform_role is None
    assert caller.groups == ()


def test_a_role_that_was_taken_away_is_not_in_the_next_token(keycloak, verifier):
    keycloak.user("former", roles=["admin"], groups=["/board"])
    assert verifier.verify(keycloak.token("former")).platform_role is Role.ADMIN
    keycloak.remove_role("former", "admin")
    keycloak.remove_from_group("former", "/board")
    caller = verifier.verify(keycloak.token("former"))
    assert (caller.platform_role, caller.groups) == (None, ())


def test_what_the_forger_signs_would_count_if_it_were_right(forger, verifier):
    assert verifier.verify(forger.sign()).name == "forged"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": 1}, "expired"),
        ({"iss": "https://evil.example/realms/rage"}, "issuer"),
        ({"aud": "account"}, "not meant"),
        ({"aud": ["account", "rage-portal"]}, "not meant"),
        ({"aud": "rage-api-2"}, "not meant"),
        ({"aud": None}, "not meant"),
        ({"iss": None}, "issuer"),
        ({"exp": None}, "does not count"),
        ({"iat": None}, "does not count"),
        ({"sub": None}, "does not count"),
        ({"sub": ""}, "does not count"),
        ({"sub": 7}, "does not count"),
        ({"sub": "local-admin"}, "does not count"),
        ({"exp": True}, "does not count"),
        ({"exp": float("nan")}, "does not count"),
        ({"typ": "ID"}, "does not count"),
        ({"typ": "Refresh"}, "does not count"),
        ({"typ": "Offline"}, "does not count"),
        ({"typ": "Logout"}, "does not count"),
        ({"typ": "DPoP"}, "does not count"),
        ({"cnf": {"jkt": "x"}}, "does not count"),
    ],
)
def test_a_claim_that_is_not_right_is_refused(forger, verifier, changes, message):
    with pytest.raises(Unauthorized, match=message):
        verifier.verify(forger.sign(forger.claims(**changes)))


@pytest.mark.parametrize(
    ("from_now", "message"),
    [
        ({"exp": -60, "iat": -360}, "expired"),
        ({"nbf": 600}, "yet"),
        ({"iat": 600}, "yet"),
        ({"iat": -1000, "exp": 86400}, "expired"),
    ],
)
def test_a_token_counts_in_its_time_only(forger, verifier, from_now, message):
    now = int(time.time())
    with pytest.raises(Unauthorized, match=message):
        verifier.verify(forger.sign(forger.claims(**{claim: now + seconds for claim, seconds in from_now.items()})))


def test_the_clocks_may_differ_by_the_leeway(forger, keycloak):
    now = int(time.time())
    late = forger.sign(forger.claims(iat=now - 310, exp=now - 10))
    assert OidcVerifier(keycloak.issuer, "rage-api", (), 30).verify(late)
    with pytest.raises(Unauthorized, match="expired"):
        OidcVerifier(keycloak.issuer, "rage-api", (), 0).verify(late)


def test_only_admitted_clients_count(keycloak, forger):
    verifier = OidcVerifier(keycloak.issuer, "rage-api", ["rage-cli"], 30)
    assert verifier.verify(forger.sign(forger.claims(azp="rage-cli")))
    for azp in ("rage-portal", None):
        with pytest.raises(Unauthorized, match="client"):
            verifier.verify(forger.sign(forger.claims(azp=azp)))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature_is_refused(forger, verifier, alg):
    unsigned = f"{part({'alg': alg, 'typ': 'JWT', 'kid': forger.kid})}.{part(forger.claims())}."
    for token in (unsigned, unsigned + "AA"):
        with pytest.raises(Unauthorized):
            verifier.verify(token)


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(forger, verifier):
    public = RSAKey.import_key(forger.pem).as_pem(private=False)
    message = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': forger.kid})}.{part(forger.claims())}"
    for secret in (public, public.strip()):
        signature = hmac.new(secret, message.encode(), hashlib.sha256).digest()
        with pytest.raises(Unauthorized):
            verifier.verify(f"{message}.{part(signature)}")


def test_another_realms_token_is_refused(other_realm, verifier):
    other_realm.user("eve", roles=["admin"])
    with pytest.raises(Unauthorized, match="issuer"):
        verifier.verify(other_realm.token("eve"))


def test_another_key_under_the_realms_name_is_refused(forger, verifier):
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(forger.sign(key=RSAKey.generate_key(2048)))
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(forger.sign(key=ECKey.generate_key("P-256"), alg="ES256"))


def test_a_key_counts_only_for_its_own_algorithm(forger, verifier):
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(forger.sign(alg="PS256"))


def test_the_key_for_encryption_signs_nothing(keycloak, forger, verifier):
    keys = keycloak.http.get(f"{keycloak.endpoint}/certs").json()["keys"]
    encryption = next(key["kid"] for key in keys if key["use"] == "enc")
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(forger.sign(kid=encryption))


@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
def test_keycloaks_other_tokens_are_no_access_tokens(keycloak, ann, verifier, kind):
    with pytest.raises(Unauthorized):
        verifier.verify(keycloak.answer(ann)[kind])


def test_an_id_token_made_out_to_the_api_is_no_access_token(forger, verifier):
    with pytest.raises(Unauthorized):
        verifier.verify(forger.sign(forger.claims(typ="ID", nonce="n", at_hash="x")))


def test_a_changed_payload_is_refused(keycloak, ann, verifier):
    header, _, signature = keycloak.token(ann).split(".")
    import joserfc.jws

    claims = joserfc.jws.extract_compact(keycloak.token(ann).encode()).payload
    changed = claims.replace(b'"ingestor"', b'"admin"')
    assert changed != claims
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(f"{header}.{part(changed)}.{signature}")


def test_a_token_that_brings_its_own_key_is_refused(forger, verifier):
    own = RSAKey.generate_key(2048)
    public = own.as_dict(private=False)
    for header in (
        {"jwk": public},
        {"jwk": public, "kid": "mine"},
        {"jku": "http://127.0.0.1:9/keys"},
        {"x5u": "http://127.0.0.1:9/chain"},
        {"x5c": ["AAAA"]},
    ):
        with pytest.raises(Unauthorized, match="does not count"):
            verifier.verify(forger.sign(key=own, **header))
        with pytest.raises(Unauthorized, match="does not count"):
            verifier.verify(forger.sign(**header))


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": True}, {"crit": ["x"], "x": 1}, {"zip": "DEF"}], ids=str)
def test_a_token_that_asks_for_other_rules_is_refused(forger, verifier, header):
    message = f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': forger.kid, **header})}.{part(forger.claims())}"
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signature = RSAKey.import_key(forger.pem).private_key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(Unauthorized, match="does not count"):
        verifier.verify(f"{message}.{part(signature)}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b",
        "a.b.c.d",
        "ä.ö.ü",
        "x" * (LARGEST_TOKEN + 1),
        f"{part(b'[' * 8000)}.{part(b'{}')}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k'})}.{part(b'[' * 10000)}.AA",
        f"{part(['alg'])}.{part({})}.AA",
        f"{part('alg')}.{part({})}.AA",
        f"{part({'alg': ['RS256'], 'kid': 'k'})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': {}})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k'})}.{part([])}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k'})}.{part(b'{' + bytes([255]) + b'}')}.AA",
        f"{part({'alg': 'RS256', 'kid': 'k'})}.{part(b'{{}')}.AA",
    ],
    ids=lambda token: token[:20],
)
def test_garbage_is_refused_and_never_repeated(verifier, token):
    with pytest.raises(Unauthorized) as error:
        verifier.verify(token)
    assert len(token) < 3 or token not in str(error.value)


def test_strange_claims_lend_nothing(forger, verifier):
    claims = forger.claims(groups=["/a", 7, None, "", "b\n"], resource_access={"rage-api": "admin"}, roles="admin")
    caller = verifier.verify(forger.sign(claims))
    assert caller.groups == ("a",)
    assert caller.platform_role is None


def test_roles_of_another_client_lend_nothing(forger, verifier):
    claims = forger.claims(resource_access={"other": {"roles": ["admin"]}}, realm_access={"roles": ["admin"]})
    assert verifier.verify(forger.sign(claims)).platform_role is None


def test_an_issuer_without_client_roles_may_list_roles_at_the_top(forger, verifier):
    assert verifier.verify(forger.sign(forger.claims(roles=["reader"]))).platform_role is Role.READER


@pytest.mark.parametrize(("provider", "algorithm"), [("ecdsa-generated", "ES256"), ("eddsa-generated", "EdDSA")])
def test_a_realm_may_sign_with_other_kinds_of_keys(other_realm, provider, algorithm):
    other_realm.user("ann")
    config = {"ecdsaEllipticCurveKey": ["P-256"], "eddsaEllipticCurveKey": ["Ed25519"], "priority": ["1000"]}
    other_realm.add_key(provider, config)
    other_realm.admin.update_realm(other_realm.realm, {"defaultSignatureAlgorithm": algorithm})
    import joserfc.jws

    token = other_realm.token("ann")
    header = token.split(".")[0]
    assert joserfc.util.json_b64decode(header.encode())["alg"] == algorithm
    assert OidcVerifier(other_realm.issuer, "rage-api").verify(token).name == "ann"


def test_a_symmetric_key_that_an_issuer_publishes_is_never_used(forger, front, keycloak):
    import json

    secret = OctKey.generate_key(256)
    published = {"keys": [secret.as_dict(private=True, kid="oct", use="sig"), *keycloak.signing_keys()]}
    front.answers["certs"] = (200, {"content-type": "application/json"}, json.dumps(published).encode())
    issuer = f"{front.url}/realms/{keycloak.realm}"
    verifier = OidcVerifier(issuer, "rage-api")
    assert verifier.verify(forger.sign(forger.claims(iss=issuer)))
    with pytest.raises(Unauthorized):
        verifier.verify(forger.sign(forger.claims(iss=issuer), key=secret, alg="HS256", kid="oct"))
    assert verifier.issuer.key("oct") is None


def test_checking_a_token_is_quick(forger, verifier):
    token = forger.sign()
    verifier.verify(token)
    began = time.perf_counter()
    for _ in range(200):
        verifier.verify(token)
    assert (time.perf_counter() - began) / 200 < 0.005

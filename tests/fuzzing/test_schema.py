"""Every route of the OpenAPI document, asked by every role what the document allows and what it does not.

More examples by RAGE_TEST_FUZZ_EXAMPLES; without it, few enough for every run of the tests.
"""

import os
import time
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzzing.conftest import CANARY, HIDDEN, ROLES, SPACE, Target

_EXAMPLES = int(os.environ.get("RAGE_TEST_FUZZ_EXAMPLES", "6"))
_SLOWEST_S = 10.0
_CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_PASSWORDS = "POST /auth/token"  # a slow hash each time
_NEW_SET = "POST /api/v1/spaces/{name}/evaluation-sets"
_ENDS_THE_SIGN_IN = "POST /auth/logout"
# Without an issuer nobody signs in with a browser, so that there are no sessions either; no user has a password.
_NEVER = {
    *("GET /auth/login", "GET /auth/callback", "POST /auth/backchannel-logout", _PASSWORDS),
    "DELETE /api/v1/sessions/{session_id}",
}
_SUCCEEDED: set[str] = set()
_SPACES = st.sampled_from([SPACE, SPACE, SPACE, HIDDEN, None])


@pytest.fixture(scope="module")
def schema(target: Target):
    document = requests.get(f"{target.url}/openapi.json", timeout=10).json()
    return schemathesis.openapi.from_dict(document)


def _aimed(case: schemathesis.Case, target: Target, space: str | None, number: int) -> schemathesis.Case:
    """Lets what was generated reach something that is there, so that more than refusals are seen."""
    if space is None:
        return case
    real = {name: ids[number % len(ids)] for name, ids in target.ids.items()}
    documents = target.ids["document_id"]  # some are there to be removed, the others to be read
    real["document_id"] = documents[number % 3 if case.method == "DELETE" else 3 + number % (len(documents) - 3)]
    real |= {"source": "files", "name": space, "space": space, "principal": f"group:g{number}"}
    body = case.body
    for container in (case.path_parameters, case.query, body):
        if isinstance(container, dict):
            container |= {name: value for name, value in real.items() if isinstance(container.get(name), str)}
    if case.operation.label == "POST /api/v1/spaces" and isinstance(body, dict):
        body |= {"name": f"made-{uuid4().hex}", "database": None}
        if body.get("isolation") == "dedicated":  # a database of its own takes seconds
            body["isolation"] = "shared"
    if case.operation.label == _NEW_SET and isinstance(body, dict) and isinstance(body.get("queries"), list):
        body |= {"name": f"made-{uuid4().hex}", "queries": [{"text": "otters", "judgements": [{"path": "a.md"}]}]}
    if case.operation.label == "POST /api/v1/keys" and isinstance(body, dict) and isinstance(body.get("spaces"), list):
        body["spaces"] = [space]
    return case


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_as_documented(target: Target, schema, role: str, subtests):
    headers = target.headers(role)
    session = requests.Session()
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.label == _PASSWORDS and role != "no token":
            continue
        with subtests.test(operation=operation.label):
            for mode in GenerationMode:
                _fuzz(target, session, operation, mode, role, headers)


def _fuzz(target: Target, session, operation, mode: GenerationMode, role: str, headers: dict[str, str]) -> None:
    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), space=_SPACES, number=st.integers(0, 99))
    def ask(case: schemathesis.Case, space: str | None, number: int) -> None:
        _aimed(case, target, space, number)
        given_headers = target.headers(role) if operation.label == _ENDS_THE_SIGN_IN else headers
        case.headers = {**(case.headers or {})}
        case.headers.pop("Authorization", None)
        began = time.monotonic()
        response = case.call(base_url=target.url, session=session, headers=given_headers, timeout=30)
        assert time.monotonic() - began < _SLOWEST_S
        if response.status_code < 400:
            _SUCCEEDED.add(operation.label)
            if operation.label == "DELETE /api/v1/memory/file/{document_id}":
                target.ids["receipt_id"].append(response.json()["receipt_id"])
        case.validate_response(response, checks=_CHECKS)
        _check_whatever_it_is(response, role)

    try:
        ask()
    except Unsatisfiable:  # nothing can be wrong about a request without parameters
        assert mode is GenerationMode.NEGATIVE


def _check_whatever_it_is(response: schemathesis.Response, role: str) -> None:
    (request_id,) = response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == ["nosniff"]
    if response.status_code >= 400:
        assert response.json()["error"]["request_id"] == request_id
        assert not any(sign in response.text for sign in ("Traceback", "psycopg", "/site-packages/", "SELECT "))
    if role != "platform admin":
        assert CANARY not in response.text


def test_every_route_was_seen_to_succeed_too(schema):
    if len(_SUCCEEDED) < 10:
        pytest.skip("it looks back at the other tests of this file")
    assert {result.ok().label for result in schema.get_all_operations()} - _SUCCEEDED == _NEVER

"""Cookies as browsers get them, with TLS and without, and what counts as a page of this server."""

import pytest
from starlette.responses import Response

from api.cookies import Cookies, base_url, is_own_page
from resources.settings import Settings

PUBLIC = "https://rage.example.com"


def scope(scheme="http", **headers):
    listed = {"host": "127.0.0.1:8000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return {"type": "http", "scheme": scheme, "headers": [(k.encode(), v.encode()) for k, v in listed.items()]}


def kept(scheme="http", **settings):
    response = Response()
    Cookies(scope(scheme), Settings(**settings)).keep_session(response, "T")
    return response.headers["set-cookie"]


def test_without_tls_the_cookie_has_no_prefix():
    assert kept() == "rage_session=T; HttpOnly; Path=/; SameSite=lax"


@pytest.mark.parametrize(("scheme", "settings"), [("https", {}), ("http", {"public_url": PUBLIC})])
def test_with_tls_the_cookie_is_bound_to_the_host(scheme, settings):
    assert kept(scheme, **settings) == "__Host-rage_session=T; HttpOnly; Path=/; SameSite=lax; Secure"


def test_with_tls_a_cookie_without_the_prefix_is_not_read():
    assert Cookies(scope("https", cookie="rage_session=planted"), Settings()).session is None
    assert Cookies(scope("https", cookie="a=b; __Host-rage_session=mine"), Settings()).session == "mine"


def test_the_address_is_the_public_one_where_there_is_one():
    assert base_url(scope(), Settings()) == "http://127.0.0.1:8000"
    assert base_url(scope("https"), Settings(public_url=f"{PUBLIC}/memory/")) == f"{PUBLIC}/memory"


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (PUBLIC, True),
        ("HTTPS://RAGE.example.com", True),
        ("http://127.0.0.1:8000", True),
        (f"{PUBLIC}.evil.example", False),
        ("https://evil.example", False),
        ("http://rage.example.com", False),
        ("http://127.0.0.1:8001", False),
        ("null", False),
        ("", False),
    ],
)
def test_only_its_own_origins_are_its_own(origin, own):
    assert is_own_page(scope(origin=origin), Settings(public_url=f"{PUBLIC}/memory")) is own

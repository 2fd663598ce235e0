"""The page for people: sign in, see one's spaces, search. Static files of this package, without anything from elsewhere."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.dependencies import ThePlatform
from api.errors import rage_response
from resources.errors import RageError

router = APIRouter(include_in_schema=False)
_FOLDER = Path(__file__).parent


@router.get("/")
def page(platform: ThePlatform) -> HTMLResponse:
    """The page; it asks for everything itself, so that it is the same for everybody."""
    text = _read("index.html")
    if platform.settings.oidc_issuer:
        text = text.replace('data-sign-in="local"', 'data-sign-in="issuer"', 1)
    return HTMLResponse(text)


@router.get("/portal/portal.css")
def style() -> Response:
    """How it looks."""
    return Response(_read("portal.css"), media_type="text/css")


@router.get("/portal/portal.js")
def script() -> Response:
    """What it does."""
    return Response(_read("portal.js"), media_type="text/javascript")


def error_response_for(request: Request, error: RageError) -> Response:
    """A refused sign-in: a page for a person, the envelope for a program."""
    response: Response = rage_response(request.state.request_id, error)
    if "text/html" not in request.headers.get("accept", ""):
        return response
    text = Template(_read("error.html")).substitute(message=escape(str(error)), request_id=escape(request.state.request_id))
    kept = {name: value for name, value in response.headers.items() if name in {"retry-after", "www-authenticate"}}
    return HTMLResponse(text, status_code=error.http_status, headers=kept)


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")

"""Signing in with a browser: away to the issuer, back from it, and the issuer's word that a sign-in has ended."""

import hashlib
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.auditing import note_audit
from api.cookies import Cookies, base_url
from api.dependencies import ThePlatform
from api.errors import ErrorEnvelope, error_response, responses
from api.portal import error_response_for
from resources.errors import InvalidInput, NotFound, RageError, Unauthorized
from resources.sign_in.browser import BrowserSignIn, no_such_attempt

router = APIRouter(prefix="/auth", tags=["auth"])

_LONGEST_PATH = 2048
_LONGEST_STATE = 100
_LEVELS = 4
_AWAY: dict[int | str, dict[str, Any]] = {302: {"description": "Away to the issuer."}}
_BACK: dict[int | str, dict[str, Any]] = {303: {"description": "Signed in; on to where the person wanted to go."}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorEnvelope, "description": "The logout token does not count, or was used before."}
}


def _sign_in(request: Request) -> BrowserSignIn:
    """The way in for browsers; without an issuer there is none."""
    found: BrowserSignIn | None = request.app.state.browser_sign_in
    if found is None:
        raise NotFound("Nobody signs in with a browser here.", hint="It needs an issuer; set RAGE_OIDC_ISSUER.")
    return found


SignIn = Annotated[BrowserSignIn, Depends(_sign_in)]
Text = Annotated[str | None, Query()]


@router.get("/login", status_code=302, response_class=Response, responses=responses(404, 422, 429) | _AWAY)
def log_in(
    request: Request,
    platform: ThePlatform,
    sign_in: SignIn,
    following: Annotated[str | None, Query(alias="next", description="Where to go then: a path of this server.")] = None,
) -> Response:
    """Sends a browser to the issuer to sign in."""
    cookies = Cookies(request.scope, platform.settings)
    try:
        begun = sign_in.begin(f"{base_url(request.scope, platform.settings)}/auth/callback", own_path(following))
    except RageError as error:
        return error_response_for(request, error)
    response = RedirectResponse(begun.url, status_code=302)
    cookies.keep_login(response, _attempt(begun.state), begun.browser)
    return response


@router.get("/callback", status_code=303, response_class=Response, responses=responses(404, 422, 429) | _BACK)
def come_back(
    request: Request,
    platform: ThePlatform,
    sign_in: SignIn,
    state: Text = None,
    code: Text = None,
    error: Text = None,
    iss: Text = None,
) -> Response:
    """Takes a browser back from the issuer and opens its session."""
    cookies = Cookies(request.scope, platform.settings)
    attempt = _attempt(state or "")
    try:
        if state is None or len(state) > _LONGEST_STATE:
            raise no_such_attempt()
        signed = sign_in.finish(
            state,
            cookies.login(attempt),
            code=code,
            error=error,
            iss=iss,
            address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
            earlier=cookies.session,
        )
    except RageError as problem:
        refused = error_response_for(request, problem)
        if cookies.login(attempt):
            cookies.forget_login(refused, attempt)
        return refused
    note_audit(request, actor=signed.caller.principal, actor_name=signed.caller.name)
    prefix = urlsplit(base_url(request.scope, platform.settings)).path
    response = RedirectResponse(prefix + signed.next, status_code=303)
    cookies.forget_login(response, attempt)
    cookies.keep_session(response, signed.token)
    return response


@router.post("/backchannel-logout", status_code=200, response_class=Response, responses=responses(404, 422, 429) | _REFUSED)
def log_out_by_issuer(request: Request, sign_in: SignIn, logout_token: Annotated[str | None, Form()] = None) -> Response:
    """Takes the issuer's word that a sign-in has ended: its sessions and tokens end at once (Back-Channel Logout 1.0)."""
    try:
        whose = sign_in.log_out(logout_token or "")
    except (Unauthorized, InvalidInput) as error:
        return error_response(request.state.request_id, 400, "invalid", error.message)
    note_audit(request, actor="service:issuer", target=whose)
    return JSONResponse({}, headers={"Cache-Control": "no-store"})


def own_path(given: str | None) -> str:
    r"""The path, if it is one of this server however often it is decoded; else that of the first page.

    Browsers take `//host`, `/\host` and forms with control characters for another server.
    """
    if not given or len(given) > _LONGEST_PATH:
        return "/"
    text = given
    for _ in range(_LEVELS):
        path = text.partition("?")[0].partition("#")[0]
        if not path.startswith("/") or "//" in path or "\\" in text or not text.isprintable():
            return "/"
        if path.startswith("/auth/"):
            return "/"
        decoded = unquote(text)
        if decoded == text:
            return given
        text = decoded
    return "/"


def _attempt(state: str) -> str:
    """What names a sign-in's cookie, so that two tabs may sign in at once."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:8]

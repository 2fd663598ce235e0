"""Signing in and out at the local issuer, and who one is."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, SecretStr

from api.auditing import note_audit
from api.cookies import Cookies, base_url
from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from resources.access import Role
from resources.errors import Forbidden, InvalidInput
from resources.postgres import refresh_tokens, users
from resources.postgres.api_keys import SpaceRole
from resources.sign_in.password_grant import PasswordGrant, SignInRefused

router = APIRouter(prefix="/auth", tags=["auth"])


class Issued(BaseModel):
    """Tokens: one to send with every request, one to get the next of both with."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a kind, not a secret)
    expires_in: int = Field(description="Seconds for which `access_token` counts.")
    refresh_token: str = Field(description="Works once; a second use ends the sign-in.")
    refresh_expires_at: datetime


class Me(BaseModel):
    """Whom the platform takes the caller for."""

    principal: str
    name: str
    groups: list[str]
    platform_role: Role | None = Field(description="The role on every space, if any.")
    spaces: list[SpaceRole] = Field(description="The spaces that the caller sees, and the role in each.")
    session: str | None
    csrf_token: str | None = Field(default=None, description="In a browser's session: what every change sends back.")


class LoggedOut(BaseModel):
    """A browser's session has ended here."""

    logout_url: str | None = Field(description="Where to go to be signed out at the issuer, too; null if it cannot say.")


_LOGGED_OUT: dict[int | str, dict[str, Any]] = {200: {"model": LoggedOut, "description": "A browser's session has ended."}}


def _grant(request: Request) -> PasswordGrant:
    """The way in for local users; where another issuer signs in, there is none."""
    grant: PasswordGrant = request.app.state.password_grant
    grant.check_local()
    return grant


@router.post("/token", responses=responses(404, 422, 429))
async def issue_token(
    request: Request,
    response: Response,
    grant: Annotated[PasswordGrant, Depends(_grant)],
    grant_type: Annotated[Literal["password", "refresh_token"], Form()],
    username: Annotated[str | None, Form(max_length=256)] = None,
    password: Annotated[SecretStr | None, Form(max_length=1024, json_schema_extra={"format": "password"})] = None,
    refresh_token: Annotated[SecretStr | None, Form(max_length=256)] = None,
) -> Issued:
    """Tokens for a name and a password, or for a refresh token, as in OAuth 2; where a Keycloak is configured, 404."""
    try:
        if grant_type == "password":
            if username is None or password is None:
                raise InvalidInput("The grant `password` needs `username` and `password`.")
            address = request.client.host if request.client else ""
            tokens = await grant.with_password(username, password.get_secret_value(), address)
        else:
            if refresh_token is None:
                raise InvalidInput("The grant `refresh_token` needs `refresh_token`.")
            tokens = await grant.with_refresh(refresh_token.get_secret_value())
    except SignInRefused as refused:
        if refused.principal:
            note_audit(request, target=refused.principal, grant=grant_type)
        raise
    note_audit(request, actor=tokens.principal, actor_name=tokens.name, grant=grant_type)
    response.headers["Cache-Control"] = "no-store"
    return Issued(
        access_token=tokens.access_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
        refresh_expires_at=tokens.refresh_expires_at,
    )


@router.get("/me", dependencies=[Protected], responses=responses())
def me(request: Request, platform: ThePlatform, caller: TheCaller, response: Response) -> Me:
    """Who the caller is, and what they may."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        spaces = users.spaces_of(connection)
    response.headers["Cache-Control"] = "no-store"
    return Me(
        principal=caller.principal,
        name=caller.name,
        groups=list(caller.groups),
        platform_role=caller.platform_role,
        spaces=[SpaceRole.model_validate(space) for space in spaces],
        session=caller.session,
        csrf_token=request.app.state.browser_sign_in.csrf_token(request.state.browser) if _by_cookie(request) else None,
    )


@router.post("/logout", status_code=204, dependencies=[Protected], responses=responses(403) | _LOGGED_OUT)
def log_out(request: Request, platform: ThePlatform, caller: TheCaller) -> Response:
    """Ends the sign-in that the token or the browser's session belongs to, with all that it issued, at once.

    A token gets 204; a browser 200 and the address where the issuer signs it out, too.
    """
    if _by_cookie(request):
        session, sign_in = request.state.browser, request.app.state.browser_sign_in
        sign_in.end(session)
        url = sign_in.logout_url(session, f"{base_url(request.scope, platform.settings)}/")
        answer = JSONResponse(LoggedOut(logout_url=url).model_dump(), headers={"Cache-Control": "no-store"})
        Cookies(request.scope, platform.settings).forget_session(answer)
        return answer
    if caller.session is None:
        raise Forbidden("There is no sign-in to end.", hint="A key is ended with `DELETE /api/v1/keys/{id}`.")
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        refresh_tokens.end_session(connection, caller.session)
    return Response(status_code=204)


def _by_cookie(request: Request) -> bool:
    return getattr(request.state, "session_kind", None) == "browser"

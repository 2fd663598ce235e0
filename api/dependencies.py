"""What routes ask for: the platform, the launcher, and on whose behalf they act."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from resources.access import Caller
from resources.dagster_client import RunLauncher
from resources.errors import Forbidden
from resources.platform import Platform

# The middleware checks the token before any route; this tells OpenAPI of it.
bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A token that `rage token` prints.")

TIMEOUT_S = 10.0


# Not to wait, but to be asked at once: FastAPI takes a plain function to a thread.
async def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


async def _launcher(request: Request) -> RunLauncher:
    launcher: RunLauncher = request.app.state.launcher
    return launcher


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


ThePlatform = Annotated[Platform, Depends(_platform)]
Launcher = Annotated[RunLauncher, Depends(_launcher)]
TheCaller = Annotated[Caller, Depends(_caller)]
Protected = Security(bearer)


def check_person(caller: Caller) -> None:
    """Makes sure that no key hands out rights: a stolen one could outlive its revocation through them.

    Raises:
        Forbidden: The caller is a key.
    """
    if caller.is_key:
        raise Forbidden("A key gives and takes no rights.", hint="Sign in as a person.")

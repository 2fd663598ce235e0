"""The query layer without its security, to be measured against: `python -m benchmarks.unprotected --port PORT`.

Whoever asks is the administrator, nothing is checked, limited or written down, and the database's superuser reads past
row-level security. It is assembled here alone, listens on the loopback alone, and is no part of what is installed.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.middleware import RequestContext
from resources.access import LOCAL_ADMIN, Caller
from resources.dagster_client import RunLauncher
from resources.logs import configure_logs
from resources.platform import Platform
from resources.postgres import spaces
from resources.postgres.database import Connection, Database
from resources.postgres.embedded import EmbeddedPostgres
from resources.retrieval.search import Retriever
from resources.settings import load_settings

_POOL = (2, 20)  # as `python -m api` has it


class Anybody:
    """Takes everybody for the administrator."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on."""
        scope.setdefault("state", {})["caller"] = LOCAL_ADMIN
        await self.app(scope, receive, send)


def main() -> None:
    """Serves until it is told to stop."""
    import uvicorn

    parser = argparse.ArgumentParser(prog="python -m benchmarks.unprotected", description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = load_settings()
    configure_logs(settings.log_level)
    platform = Platform(settings, role="api", pool_size=_POOL)
    platform.ensure_schema()
    database = Database(EmbeddedPostgres(settings.home).url("postgres", "rage"), "postgres", _POOL).open()

    @contextmanager
    def enter(caller: Caller, space: str, *, timeout_s: float = 0) -> Iterator[tuple[Connection, dict[str, Any]]]:
        with database.transaction(timeout_s=timeout_s) as connection:
            yield connection, spaces.identify(connection, space)

    def glance(caller: Caller, space: str, *, timeout_s: float = 0) -> dict[str, Any]:
        return spaces.found(database.glance(None, spaces.IDENTIFY, (space,), timeout_s=timeout_s), space)

    try:
        retriever = Retriever(enter, platform.embedder_of, platform.lexical, glance=glance)
        app = create_app(platform, RunLauncher(settings), retriever=retriever)
        app.user_middleware = [Middleware(RequestContext, registry=app.state.registry), Middleware(Anybody)]
        uvicorn.run(app, host="127.0.0.1", port=given.port, log_config=None, access_log=False)
    finally:
        database.close()
        platform.close()


if __name__ == "__main__":
    main()

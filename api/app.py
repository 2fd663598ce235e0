"""The assembly of the query layer: one function makes the application of the parts that it is given."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.concurrency import run_in_threadpool

from api import blocks, errors, files, health, ingest, query, receipts, search, spaces
from api.middleware import BearerToken, BodyLimit, RequestContext
from resources.dagster_client import RunLauncher
from resources.errors import RageError
from resources.logs import get_logger
from resources.platform import Platform
from resources.retrieval.answer import Answerer
from resources.retrieval.search import Retriever
from resources.tokens import verify_token
from resources.version import code_version

_log = get_logger(__name__)
_ABOUT = """Memory for people and programs: documents in, search results and cited answers out.

Every route but `/health`, `/ready` and this documentation needs a bearer token (`rage token` prints one). Every
error is an `ErrorEnvelope`; every response carries `X-Request-ID`, the caller's own if it sent one. Lists are
paged: pass `next_cursor` back as `cursor` until it is null."""
_TAGS = [
    {"name": "search", "description": "Search by meaning, by words or by pattern."},
    {"name": "query", "description": "Questions, answered with citations or not at all."},
    {"name": "ingest", "description": "Documents in."},
    {"name": "files", "description": "The documents themselves."},
    {"name": "blocks", "description": "What a citation names, and where it comes from."},
    {"name": "receipts", "description": "Proof of removal."},
    {"name": "spaces", "description": "Memory spaces: isolation and access."},
    {"name": "health", "description": "For whoever operates it."},
]


def create_app(
    platform: Platform,
    launcher: RunLauncher,
    verify: Callable[[str], str] | None = None,
    retriever: Retriever | None = None,
    answerer: Answerer | None = None,
) -> FastAPI:
    """The application.

    Args:
        platform: The parts, opened for the role `api`; whoever opened them closes them.
        launcher: What starts runs; closed when the application stops.
        verify: Turns a bearer token into a principal or raises `Unauthorized`; by default the local administrator's.
        retriever: What searches; by default over the platform's parts.
        answerer: What answers; by default over the retriever.
    """
    app = FastAPI(
        title="RAGE",
        version=code_version(),
        description=_ABOUT,
        openapi_tags=_TAGS,
        redoc_url=None,
        lifespan=_lifespan,
    )
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    app.state.platform = platform
    app.state.launcher = launcher
    app.state.registry = registry
    app.state.warm = threading.Event()
    app.state.retriever = retriever
    app.state.answerer = answerer
    errors.install(app)
    for feature in (search, query, ingest, files, blocks, receipts, spaces, health):
        app.include_router(feature.router)
    app.add_middleware(BodyLimit, max_upload_bytes=platform.settings.max_upload_bytes)
    app.add_middleware(BearerToken, verify=verify or partial(verify_token, platform.settings.home))
    app.add_middleware(RequestContext, registry=registry)  # added last, so outermost
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the database, then the model in the background; `/ready` says when queries can come."""
    await run_in_threadpool(_open_database, app.state.platform)
    warm_up = threading.Thread(target=_warm, args=(app,), name="warm-up", daemon=True)
    warm_up.start()
    try:
        yield
    finally:
        await run_in_threadpool(app.state.launcher.close)
        # a model runtime that is still loading would bring the interpreter down with it
        await run_in_threadpool(warm_up.join, 10)


def _open_database(platform: Platform) -> None:
    try:
        _ = platform.database
    except RageError as error:  # it may come later; until then every answer is a 503 that says so
        _log.error("database_not_open", reason=str(error))


def _warm(app: FastAPI) -> None:
    try:
        app.state.platform.embedder.encode(["warm up"])
    except Exception as error:
        _log.exception("embedder_not_loaded", exc_info=error)
    finally:
        app.state.warm.set()

"""The assembly of the query layer: one function makes the application of the parts that it is given."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from starlette.concurrency import run_in_threadpool

from api import (
    auth,
    blocks,
    browser_sign_in,
    docs,
    errors,
    evaluation,
    files,
    health,
    ingest,
    keys,
    members,
    portal,
    query,
    receipts,
    search,
    sessions,
    spaces,
)
from api.auditing import Announce, Audit
from api.authentication import BearerToken
from api.bodies import BodyLimit
from api.cache_metrics import CacheMetrics
from api.headers import KnownHosts, ResponseHeaders, allowed_origins, check_public_url, cross_origin
from api.middleware import RequestContext
from api.models_in_use import ModelsInUse
from api.rate_limits import AddressLimits, CallerLimits
from api.sessions import BrowserSession
from resources.access import Caller
from resources.audit.writer import AuditWriter
from resources.dagster_client import RunLauncher
from resources.errors import RageError
from resources.logs import get_logger
from resources.platform import Platform
from resources.rate_limits import RateLimits
from resources.retrieval.answer import Answerer
from resources.retrieval.search import Retriever
from resources.sign_in.authenticator import Authenticator
from resources.sign_in.browser import BrowserSignIn
from resources.sign_in.known import KnownPeople
from resources.sign_in.local import token_key_file
from resources.sign_in.oidc import OidcVerifier
from resources.sign_in.password_grant import PasswordGrant
from resources.sign_in.verified import VerifiedTokens
from resources.version import code_version

_log = get_logger(__name__)
_SPACES = (spaces, members, evaluation)
_BROWSER = (browser_sign_in, sessions, portal)
_ABOUT = """Memory for people and programs: documents in, search results and cited answers out.

Every route but `/health`, `/ready`, those of signing in and this documentation needs a bearer token (`rage token`
prints one), or the session of a browser, whose changes also need `X-CSRF-Token` (from `/auth/me`). Every
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
    {"name": "evaluation", "description": "Judged queries by which retrieval is measured."},
    {"name": "keys", "description": "API keys for machines."},
    {"name": "auth", "description": "Signing in and out."},
    {"name": "health", "description": "For whoever operates it."},
]


def create_app(
    platform: Platform,
    launcher: RunLauncher,
    authenticate: Callable[[str, str], Caller] | None = None,
    retriever: Retriever | None = None,
    answerer: Answerer | None = None,
) -> FastAPI:
    """The application.

    Args:
        platform: The parts, opened for the role `api`; whoever opened them closes them.
        launcher: What starts runs; closed when the application stops.
        authenticate: Turns a bearer token and an address into a caller or raises `Unauthorized`; by default `Authenticator`.
        retriever: What searches; by default over the platform's parts.
        answerer: What answers; by default over the retriever.
    """
    given = platform.settings
    check_public_url(given)
    origins, limits = allowed_origins(given), RateLimits(given)
    app = FastAPI(
        title="RAGE",
        version=code_version(),
        description=_ABOUT,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    registry = CollectorRegistry()
    registry.register(CacheMetrics(app))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    app.state.platform = platform
    app.state.launcher = launcher
    app.state.registry = registry
    app.state.limits = limits
    app.state.warm = threading.Event()
    app.state.models = ModelsInUse(platform)
    app.state.retriever = retriever
    app.state.answerer = answerer
    app.state.password_grant = PasswordGrant(platform)
    app.state.audit = audit = AuditWriter(platform)
    _ = audit.ring  # a key that cannot be used ends the start, not the first request
    verifier = OidcVerifier.of(given) if given.oidc_issuer else None
    app.state.browser_sign_in = BrowserSignIn(platform, verifier) if verifier else None
    errors.install(app)
    for feature in (search, query, ingest, files, blocks, receipts, *_SPACES, keys, auth, health, docs, *_BROWSER):
        app.include_router(feature.router)
    # each one added stands outside of those before it
    app.add_middleware(
        BodyLimit, max_upload_bytes=given.max_upload_bytes, pause_s=given.body_timeout_s, upload_s=given.upload_timeout_s
    )
    app.add_middleware(CallerLimits, limits=limits)
    app.add_middleware(Announce, writer=audit, settings=given)
    if authenticate:
        app.add_middleware(BearerToken, authenticate=authenticate)
    else:
        tokens = VerifiedTokens(_authenticate(platform, verifier), token_key_file(given.home))
        app.add_middleware(BearerToken, authenticate=tokens.authenticate, known=tokens.known)
    if verifier:
        app.add_middleware(BrowserSession, sign_in=app.state.browser_sign_in, settings=given)
    app.add_middleware(AddressLimits, limits=limits)
    if origins:
        app.add_middleware(cross_origin, origins=origins)
    app.add_middleware(KnownHosts, public_url=given.public_url)
    app.add_middleware(Audit, writer=audit, settings=given)
    app.add_middleware(RequestContext, registry=registry)
    app.add_middleware(ResponseHeaders)
    return app


def _authenticate(platform: Platform, verifier: OidcVerifier | None) -> Callable[[str, str], Caller]:
    authenticate = Authenticator(platform, verifier).authenticate
    return KnownPeople(platform, authenticate).authenticate if verifier else authenticate


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the database, then the models in the background; `/ready` says when queries can come."""
    await run_in_threadpool(_open_database, app.state.platform)
    warm_up = threading.Thread(target=_warm, args=(app,), name="warm-up", daemon=True)
    warm_up.start()
    app.state.models.start()
    try:
        yield
    finally:
        await run_in_threadpool(app.state.models.close)
        await app.state.limits.close()
        await run_in_threadpool(app.state.audit.close)
        await run_in_threadpool(app.state.launcher.close)
        if app.state.retriever is not None:
            await run_in_threadpool(app.state.retriever.layers.close)
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
    try:
        if app.state.platform.reranker is not None:
            app.state.platform.reranker.warm()
    except Exception as error:  # searches go on without it, and try again
        _log.error("reranker_not_loaded", reason=str(error))

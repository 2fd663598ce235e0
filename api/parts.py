"""How the parts are that answers depend on, for `/ready` and for `rage doctor`."""

from enum import StrEnum

from pydantic import BaseModel

from resources.embedding import kind_of
from resources.errors import RageError
from resources.platform import Platform
from resources.reranking.stage import Reranking

TIMEOUT_S = 3.0


class PartName(StrEnum):
    """The parts."""

    DATABASE = "database"
    LEXICAL = "lexical"
    CACHE = "cache"
    EMBEDDER = "embedder"
    RERANKER = "reranker"
    GENERATOR = "generator"


class Part(BaseModel):
    """One part: whether it serves, and what it is or what is wrong with it."""

    ok: bool
    detail: str


def check_parts(platform: Platform) -> dict[PartName, Part]:
    """Every part as it is now, without waiting for a model that is still loading."""
    reranker = {PartName.RERANKER: check_reranker(platform.reranker)} if platform.reranker else {}
    return {
        PartName.DATABASE: check_database(platform),
        PartName.LEXICAL: check_lexical(platform),
        PartName.CACHE: Part(ok=True, detail="in this process"),
        PartName.EMBEDDER: check_embedder(platform),
        **reranker,
        PartName.GENERATOR: check_generator(platform),
    }


def check_database(platform: Platform) -> Part:
    """Whether the database answers a query in time."""
    try:
        with platform.database.transaction(timeout_s=TIMEOUT_S) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version') AS server, "
                "(SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector"
            ).fetchone()
    except RageError as error:
        return Part(ok=False, detail=str(error))
    assert row is not None
    return Part(ok=True, detail=f"PostgreSQL {row['server'].split()[0]}, pgvector {row['pgvector']}")


def check_lexical(platform: Platform) -> Part:
    """Whether the lexical engine is there; its indexes are made by runs."""
    from resources.lexical.opening import check_engine

    try:
        return Part(ok=True, detail=check_engine(platform.settings))
    except RageError as error:
        return Part(ok=False, detail=str(error))


def check_embedder(platform: Platform) -> Part:
    """Whether the embedder is loaded."""
    embedder = platform.loaded_embedder()
    if embedder is None:
        return Part(ok=False, detail="not loaded yet")
    return Part(ok=True, detail=f"{embedder.model}, {embedder.dimension} dimensions, {kind_of(embedder)}")


def check_reranker(reranker: Reranking) -> Part:
    """Whether the configured reranker is loaded and worked when it was last asked."""
    ok, detail = reranker.state()
    return Part(ok=ok, detail=detail)


def check_generator(platform: Platform) -> Part:
    """Whether the configured language model answers; without one, answers are extractive."""
    url = platform.settings.llm_base_url
    if not url:
        return Part(ok=True, detail="extractive")
    import httpx

    from resources.egress.client import guarded_client

    try:
        # The operator named this host, so it may lie in a private network; a redirect to another counts as an answer.
        own = httpx.URL(url)
        allowed = [f"[{own.host}]" if ":" in own.host else own.host]
        with guarded_client(
            platform.settings, also_allowed=allowed, redirects=0, max_seconds=TIMEOUT_S, timeout_s=TIMEOUT_S
        ) as client:
            status = client.get(url.rstrip("/") + "/models").status_code
    except (httpx.HTTPError, httpx.InvalidURL, RageError) as error:
        return Part(ok=False, detail=f"{url} does not answer: {error}")
    if status == httpx.codes.OK:
        return Part(ok=True, detail=url)
    # it answers; whether it lets us in is for the query to find out
    return Part(ok=status < 500, detail=f"{url} answers with status {status}")

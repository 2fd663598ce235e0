"""What goes into search and query, and what comes out: the shapes of the public interface."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from resources.domain import Block, BlockType

Mode = Literal["hybrid", "vector", "lexical", "pattern"]

LEXICAL_UNAVAILABLE = "lexical_unavailable"
LEXICAL_BEHIND = "lexical_behind"
EMBEDDER_UNAVAILABLE = "embedder_unavailable"
PATTERN_SCAN_BOUNDED = "pattern_scan_bounded"
RERANKER_SKIPPED = "reranker_skipped"  # it would not have finished in time, or did not
RERANKER_UNAVAILABLE = "reranker_unavailable"


def _plain(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain NUL")
    return value


def _worded(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return _plain(value)


Plain = Annotated[str, AfterValidator(_plain)]
Query = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_worded)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filters(_Request):
    """Narrows a search. What is absent or empty does not; all that are given must hold."""

    types: list[BlockType] | None = Field(default=None, max_length=100)
    languages: list[Plain] | None = Field(default=None, max_length=100)
    sources: list[Plain] | None = Field(default=None, max_length=100)
    path_prefix: Annotated[Plain, Field(max_length=4096)] | None = None
    labels: list[Plain] | None = Field(default=None, max_length=100)


class SearchRequest(_Request):
    """The body of `POST /api/v1/memory/search`."""

    space: Annotated[Plain, Field(min_length=1, max_length=200)]
    query: Query
    mode: Mode = "hybrid"
    k: int = Field(default=10, ge=1, le=100)
    filters: Filters | None = None
    diversify: bool = Field(
        default=True,
        description="Whether one document leaves room for others on the page; without it, hits stand by their scores alone.",
    )


class QueryRequest(_Request):
    """The body of `POST /api/v1/memory/query`."""

    space: Annotated[Plain, Field(min_length=1, max_length=200)]
    query: Query
    k: int = Field(default=8, ge=1, le=100)
    stream: bool = False


class PassageView(BaseModel):
    """A passage as a result shows it."""

    id: UUID
    text: str
    block_ids: list[UUID]


class DocumentView(BaseModel):
    """A document as a result names it; `source` is the source's name."""

    id: UUID
    path: str
    title: str
    source: str


class Scores(BaseModel):
    """What each tier said: the cosine, BM25 relative to the best, matches m as m / (m + 1), the reranker; all 0–1."""

    vector: float | None = None
    lexical: float | None = None
    pattern: float | None = None
    rerank: float | None = None


class CopyView(BaseModel):
    """A passage that says the same as a result, and its document, which the caller may see as well."""

    document_id: UUID
    path: str
    title: str
    source: str
    passage_id: UUID


class SearchResult(BaseModel):
    """One passage that was found, and the block in it that fits best."""

    block: Block
    passage: PassageView
    document: DocumentView
    score: float = Field(ge=0, le=1)
    scores: Scores
    highlight: str
    also_in: list[CopyView] = Field(default=[], description="Where the same stands as well, or nearly the same.")


class SearchResponse(BaseModel):
    """Results, best first."""

    results: list[SearchResult]
    mode: Mode
    degraded: list[str]
    took_ms: float


class Citation(BaseModel):
    """`quote` stands word for word in the block, and `[n]` in the answer points at it."""

    n: int
    block_id: UUID
    document_id: UUID
    path: str
    page: int | None
    quote: str


class AnswerSource(BaseModel):
    """A document that the answer rests on."""

    document_id: UUID
    path: str
    title: str


class QueryResponse(BaseModel):
    """An answer with its evidence; without evidence it is `I don't know.`."""

    answer: str
    abstained: bool
    citations: list[Citation]
    sources: list[AnswerSource]
    degraded: list[str]
    took_ms: float

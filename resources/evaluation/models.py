"""The words of evaluation: judged queries, what a measurement found, and what a comparison says."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from resources.errors import InvalidInput
from resources.retrieval.models import Plain, Query

EvaluatedMode = Literal["hybrid", "vector", "lexical"]
MODES: tuple[EvaluatedMode, ...] = ("hybrid", "vector", "lexical")
Occasion = Literal["pipeline", "command", "promotion"]

MOST_QUERIES = 10_000
MOST_JUDGEMENTS = 200_000
MOST_GRADE = 1_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


def check_set_name(name: str) -> str:
    """The name, if it may name an evaluation set.

    Raises:
        InvalidInput: It may not.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise InvalidInput(
            f"{name[:80]!r} cannot name an evaluation set.",
            hint="Use 1 to 100 letters (a–z), digits, '.', '_' and '-', starting and ending with a letter or digit.",
        )
    return name


def _storable(value: str) -> str:
    value.encode()  # half a surrogate pair is no text
    return value


Storable = Annotated[Plain, AfterValidator(_storable)]


class Judgement(BaseModel):
    """How well one document answers a query: 0 not at all, more is better. A path that is not there is never found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[Storable, Field(min_length=1, max_length=4096)]
    grade: int = Field(default=1, ge=0, le=MOST_GRADE)


class JudgedQuery(BaseModel):
    """A query, and the documents that people judged for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[Storable, Field(min_length=1, max_length=200)]
    text: Annotated[Query, AfterValidator(_storable)]
    judgements: Sequence[Judgement] = Field(min_length=1)

    @property
    def grades(self) -> dict[str, int]:
        """The grade of each judged path."""
        return {each.path: each.grade for each in self.judgements}


def check_queries(queries: Sequence[JudgedQuery]) -> Sequence[JudgedQuery]:
    """The queries, if they make a set.

    Raises:
        InvalidInput: There is none or too many, an id or a path comes twice, or a query has nothing to be found.
    """
    if not queries:
        raise InvalidInput("There is no query with a judged document.")
    judged = sum(len(each.judgements) for each in queries)
    if len(queries) > MOST_QUERIES or judged > MOST_JUDGEMENTS:
        raise InvalidInput(
            f"{len(queries)} queries with {judged} judgements are too many for one set.",
            hint=f"A set has at most {MOST_QUERIES} queries and {MOST_JUDGEMENTS} judgements; take a sample.",
        )
    seen: set[str] = set()
    for query in queries:
        if query.id in seen:
            raise InvalidInput(f"The query {query.id[:80]!r} comes twice.")
        seen.add(query.id)
        if len(query.grades) < len(query.judgements):
            raise InvalidInput(f"The query {query.id[:80]!r} judges a document twice.")
        if not any(query.grades.values()):
            raise InvalidInput(
                f"The query {query.id[:80]!r} has nothing to be found.", hint="Give a document with a grade of at least 1."
            )
    return queries


class SetInfo(BaseModel):
    """A stored evaluation set, without its queries."""

    name: str
    origin: Literal["given", "feedback"] = Field(description="Given by people, or made of their searches and clicks.")
    queries: int
    judgements: int
    created_by: str
    created_at: datetime


class Metrics(BaseModel):
    """How well and how fast one mode of search was on one set."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    ndcg_10: float = Field(alias="ndcg@10", description="Are the best documents at the top of the first ten?")
    recall_100: float = Field(alias="recall@100", description="The share of the right documents among the first 100 hits.")
    mrr_10: float = Field(alias="mrr@10", description="One divided by the rank of the first right document.")
    p50_ms: float = Field(description="Half of the queries were answered within this time.")
    p95_ms: float


class Result(BaseModel):
    """One measurement: a set, a mode, an index version, a moment.

    Attributes:
        was_live: Whether the index version answered searches at that time.
        missing: How many of the documents to be found were not in the space.
        degraded: What could not help with at least one query.
        degraded_queries: With how many each could not; known only where it was just measured.
        per_query: nDCG@10 by the query's id.
    """

    id: UUID
    mode: EvaluatedMode
    index_version: UUID
    model: str
    was_live: bool
    occasion: Occasion
    run_id: str
    code_version: str
    measured_at: datetime
    metrics: Metrics
    missing: int
    degraded: list[str]
    degraded_queries: dict[str, int] = Field(default={}, exclude=True)
    per_query: dict[str, float] = Field(default={}, exclude=True)


class Loss(BaseModel):
    """A query that got worse."""

    id: str
    text: str = ""
    before: float
    after: float


class Comparison(BaseModel):
    """The new against the old, query by query.

    Attributes:
        evaluation_set: What was asked; empty where it has no name.
        mode: In which mode.
        mean_old: Mean nDCG@10 before.
        mean_new: Mean nDCG@10 after.
        difference: New minus old.
        p_value: How probable so great a loss is if the two are equally good (one-sided).
        queries: How many there are.
        worse: Those that lost most, the greatest loss first.
    """

    evaluation_set: str = ""
    mode: str = ""
    mean_old: float
    mean_new: float
    difference: float
    p_value: float
    queries: int
    worse: list[Loss] = []


class Verdict(BaseModel):
    """What the gate before a promotion says.

    Attributes:
        passed: Whether the new version may become live.
        measured: Whether anything was measured at all.
        reasons: Why, for a person.
        comparisons: The evidence.
    """

    passed: bool
    measured: bool
    reasons: list[str]
    comparisons: list[Comparison] = []

    def summary(self) -> dict[str, Any]:
        """The verdict as it is kept with an index version, without the queries' texts."""
        said = self.model_dump(mode="json")
        for comparison in said["comparisons"]:
            for loss in comparison["worse"]:
                loss.pop("text")
        return said


def named(losses: Sequence[Loss], texts: Mapping[str, str]) -> list[Loss]:
    """The losses with the texts of their queries."""
    return [loss.model_copy(update={"text": texts.get(loss.id, "")}) for loss in losses]

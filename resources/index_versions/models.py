"""What is said of index versions: what they are, what the gate found, what became of them."""

from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from resources.errors import RageError
from resources.evaluation.models import Verdict


class WorseVersion(RageError):
    """The gate refuses an index version, because it finds less than the live one or could not be judged."""

    code = "worse_version"
    http_status = 409
    exit_status = 1


class Gate(BaseModel):
    """What the gate said of a version, and on what ground.

    Attributes:
        live: The version with which it was compared.
        epoch: The space's then; a change of its documents asks for another look.
        sets: The evaluation sets by id.
        thresholds: The settings that decided.
        verdict: Whether it passed, why, and the figures.
    """

    live: UUID
    epoch: int
    sets: list[str]
    thresholds: list[float]
    verdict: Verdict

    @property
    def figures(self) -> list[dict[str, Any]]:
        """The means, by evaluation set and mode."""
        return [
            {
                "evaluation_set": each.evaluation_set,
                "mode": each.mode,
                "before": each.mean_old,
                "after": each.mean_new,
                "p_value": each.p_value,
            }
            for each in self.verdict.comparisons
        ]


class IndexVersionInfo(BaseModel):
    """An index version of a space.

    Attributes:
        version: Its id.
        stale: Why it is no longer kept current; it cannot become live then.
        documents: How many have passages in it.
        metrics: The newest measurement, by evaluation set and mode.
        gate: What the gate said of it, without the queries' texts.
    """

    version: UUID
    space: str
    model: str
    dimension: int
    state: Literal["building", "evaluated", "live", "retired"]
    stale: str | None
    documents: int
    passages: int
    created_at: datetime
    evaluated_at: datetime | None
    promoted_at: datetime | None
    retired_at: datetime | None
    metrics: dict[str, dict[str, dict[str, float]]] = {}
    gate: dict[str, Any] = {}


class Promotion(BaseModel):
    """A version that became live.

    Attributes:
        instead_of: The version that was live before; it can be rolled back to.
        gate: What the gate said; None where it could not be asked.
    """

    space_id: UUID
    version: UUID
    instead_of: UUID
    gate: Gate | None


class Dropped(NamedTuple):
    """A version that was dropped, and its space."""

    space_id: UUID
    version: UUID

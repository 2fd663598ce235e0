"""How much a space's tiers count: what `fusion` goes by."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RankingProfile(BaseModel):
    """The numbers of a space's ranking; the defaults are the ones that held best on collections left out of their choice.

    Attributes:
        dense: The weight of vectors where BM25 does not fall at all.
        fall: How much of it a steep fall of BM25 takes.
        code: How much program code gives back.
        least: The least weight of vectors before `lean`.
        most: The most.
        lean: What the space's own evidence adds to the weight of vectors, -1 to 1.
        feedback: How far the query's vector moves towards the best passages.
        propagation: How much of a passage's likeness comes from the passages most like it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    dense: float = Field(0.8, ge=0, le=1)
    fall: float = Field(0.4, ge=0, le=1)
    code: float = Field(0.2, ge=0, le=1)
    least: float = Field(0.4, ge=0, le=1)
    most: float = Field(0.95, ge=0, le=1)
    lean: float = Field(0.0, ge=-1, le=1)
    feedback: float = Field(0.4, ge=0, le=1)
    propagation: float = Field(0.2, ge=0, le=1)


ROBUST = RankingProfile()
"""What a space has that has learned nothing yet."""

LEARNED = frozenset({"lean"})
"""What a space learns, and so what is stored; all else is the product's choice, and moves with it."""


def learned(stored: dict[str, Any]) -> RankingProfile:
    """The profile of which only this is stored."""
    return RankingProfile(**{name: value for name, value in stored.items() if name in LEARNED})

"""What a reranker is to the rest of the platform."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resources.errors import ServiceUnavailable


class OutOfTime(ServiceUnavailable):
    """The deadline passed before every text had its score.

    Attributes:
        done: How many texts had one by then; None where nobody knows.
    """

    def __init__(self, done: int | None = None) -> None:
        super().__init__("The reranker did not finish in time.", hint="RAGE_RERANK_BUDGET_MS gives it more.")
        self.done = done


class Reranker(Protocol):
    """Reads a query and a text together, and says how well the text answers.

    Attributes:
        name: The model's name, or the server's address.
        parallel: How many callers it serves at the same time without slowing down each.
    """

    name: str
    parallel: int

    def score(self, query: str, texts: Sequence[str], deadline: float) -> NDArray[np.float64]:
        """How well each text answers, 0–1, shape (len(texts),); scores of different calls can be compared.

        Args:
            query: What is asked.
            texts: What may answer it, the likeliest first: they are read in this order.
            deadline: When to give up, as `time.monotonic()` tells time; looked at between batches.

        Raises:
            OutOfTime: It was not done by then.
            ServiceUnavailable: It does not work.
        """
        ...

    def close(self) -> None:
        """Lets go of what it holds."""
        ...

"""What an embedder is to the rest of the platform."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors of unit length.

    Attributes:
        model: The model's name, as in the settings.
        dimension: The length of its vectors.
        window: The most tokens of a text that it reads, special tokens included.
        is_remote: Whether another machine computes, which may be slow to answer, or not answer at all.
    """

    model: str
    dimension: int
    window: int
    is_remote: bool

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of `texts`, shape (len(texts), dimension), each of unit length."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of queries, shape (len(texts), dimension), each of unit length, as the model wants them asked."""
        ...

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each text the character spans of its tokens, without special tokens and without a limit."""
        ...

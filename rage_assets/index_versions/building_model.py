"""The model of a version that is being built: whatever is wrong with it gives the version up, and nothing else does."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rage_assets.embeddings.checks import LENGTH_TOLERANCE
from rage_assets.work import Work
from resources.embedding import Embedder
from resources.errors import RageError
from resources.postgres import index_versions
from resources.postgres.index_versions import IndexVersion

T = TypeVar("T")


class BuildingModel:
    """What passages and vectors of a version are made with.

    Args:
        work: The run.
        version: The version.
        embedder: Its model.
    """

    def __init__(self, work: Work, version: IndexVersion, embedder: Embedder) -> None:
        self._work, self._version, self._embedder = work, version, embedder
        self.window = embedder.window

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Embedder.token_spans`. Raises as `encode` does."""
        return self._tried(lambda: self._embedder.token_spans(texts))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, shape (len(texts), dimension).

        Raises:
            RageError: The model fails, or its vectors are none; the version is given up.
        """
        encoded = self._tried(lambda: self._embedder.encode(texts))
        if flaw := self._flaw(encoded):
            raise given_up(self._work, self._version, flaw)
        return encoded

    def _tried(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except RageError:
            raise
        except Exception as error:  # whatever a model's runtime raises
            raise given_up(self._work, self._version, f"The model fails: {error}") from error

    def _flaw(self, encoded: NDArray[np.float32]) -> str:
        """What is wrong with vectors, as the gate before publication judges them; nothing if they are sound."""
        if encoded.shape[1] != self._version.dimension:
            return f"The model gives vectors of {encoded.shape[1]} numbers, not of {self._version.dimension}."
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(encoded.astype(np.float64), axis=1)
        unsound = int(np.sum(~(np.abs(lengths - 1) <= LENGTH_TOLERANCE)))
        return f"{unsound} of {len(encoded)} vectors are not finite and of unit length." if unsound else ""


def given_up(work: Work, version: IndexVersion, reason: str) -> RageError:
    """Says in a version's row why it is no longer kept current, and gives the error that ends its build."""
    with work.transaction() as connection:
        index_versions.give_up(connection, version.id, reason)
    return RageError(
        f"The index version {version.id} is given up: {reason}",
        hint="The live version and its documents are as they were. Build one with another model.",
    )

"""Vectors of what is asked, remembered, and made together where several are asked for at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resources.embedding.micro_batch import MicroBatches
from resources.embedding.protocol import Embedder
from resources.errors import ServiceUnavailable
from resources.retrieval.remembered import Remembered

_MOST_AHEAD = 64


class Asked(NamedTuple):
    """A query whose vector is being made.

    Attributes:
        model: By which model.
        vector: Of shape (dimension,), or what `Vectors.of_query` raised.
        is_near: Whether it is made on this machine, as far as is known, so that it comes within milliseconds.
    """

    model: str
    vector: Future[NDArray[np.float32]]
    is_near: bool


class Vectors:
    """Embeds for searches; threads share it.

    Args:
        embedder_of: Gives the embedder of a model by its name.
        remembered: Keeps the vectors of queries.
    """

    def __init__(self, embedder_of: Callable[[str], Embedder], remembered: Remembered) -> None:
        self._embedder_of = embedder_of
        self._remembered = remembered
        self._batches: dict[str, MicroBatches] = {}
        self._ahead = ThreadPoolExecutor(_MOST_AHEAD, "query")
        self._near: dict[str, bool] = {}

    def begin(self, model: str, text: str) -> Asked:
        """Begins to make the vector of a query, while other parts of a search work."""
        return Asked(model, self._ahead.submit(self.of_query, model, text), self._near.get(model, False))

    def of_query(self, model: str, text: str) -> NDArray[np.float32]:
        """The vector of a query, shape (dimension,).

        Raises:
            ServiceUnavailable: The embedder of that model does not answer.
        """
        vector = self._remembered.vector(model, text)
        if vector is None:
            vector = _answered(lambda: self._batches_of(model).encode(text))
            self._remembered.keep_vector(model, text, vector)
        return vector

    def of_texts(self, model: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts, shape (len(texts), dimension). Raises as `of_query` does."""
        return _answered(lambda: self._embedder_of(model).encode(texts))

    def _batches_of(self, model: str) -> MicroBatches:
        """What embeds the queries of a model; of two made at once, one stays."""
        if model not in self._batches:
            self._batches.setdefault(model, MicroBatches(lambda texts: self._encoded(model, texts)))
        return self._batches[model]

    def _encoded(self, model: str, texts: Sequence[str]) -> NDArray[np.float32]:
        embedder = self._embedder_of(model)
        self._near[model] = not embedder.is_remote
        return embedder.encode_queries(texts)


def _answered(encode: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    try:
        return encode()
    except Exception as error:  # whatever a model's runtime raises, words are still there
        raise ServiceUnavailable(f"The embedder does not answer: {error}.") from error

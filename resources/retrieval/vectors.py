"""Vectors of what is asked, remembered, and made together where several are asked for at once."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.embedding.micro_batch import MicroBatches
from resources.embedding.protocol import Embedder
from resources.errors import ServiceUnavailable
from resources.retrieval.remembered import Remembered


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
            self._batches.setdefault(model, MicroBatches(lambda texts: self._embedder_of(model).encode_queries(texts)))
        return self._batches[model]


def _answered(encode: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
    try:
        return encode()
    except Exception as error:  # whatever a model's runtime raises, words are still there
        raise ServiceUnavailable(f"The embedder does not answer: {error}.") from error

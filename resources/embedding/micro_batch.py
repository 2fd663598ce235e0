"""Queries that come at once are embedded at once: what waits while the model is busy goes into its next batch.

Nobody waits for company. A query that finds the model idle is embedded alone, so that only load makes batches.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from resources.errors import ServiceUnavailable

_MOST_TOGETHER = 32

Vector = NDArray[np.float32]


class _Waiting:
    """A text that waits for its vector; `turn` gives it, or None where its thread is to embed what waits."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.turn: Future[Vector | None] = Future()


class MicroBatches:
    """Embeds single texts for many threads, one of which works for all who wait.

    Args:
        encode: Embeds several texts at once.
        most: How many go into a batch.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vector], most: int = _MOST_TOGETHER) -> None:
        self._encode = encode
        self._most = most
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._lock = threading.Lock()

    def encode(self, text: str) -> Vector:
        """The vector of a text, shape (dimension,). Raises whatever the model raises."""
        mine = _Waiting(text)
        with self._lock:
            self._waiting.append(mine)
            leads, self._busy = not self._busy, True
        vector = None if leads else mine.turn.result()
        return self._lead(mine) if vector is None else vector

    def _lead(self, mine: _Waiting) -> Vector:
        """Embeds what waits, the own text among it, and hands the model to the next who waits."""
        with self._lock:
            others = [each for each in self._waiting if each is not mine]
            batch, self._waiting = [mine, *others[: self._most - 1]], others[self._most - 1 :]
        try:
            found = self._together(list(dict.fromkeys(each.text for each in batch)))
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            if following is not None:
                following.turn.set_result(None)
        for each in batch[1:]:
            outcome = found[each.text]
            if isinstance(outcome, Exception):
                each.turn.set_exception(outcome)
            else:
                each.turn.set_result(outcome)
        own = found[mine.text]
        if isinstance(own, Exception):
            raise own
        return own

    def _together(self, texts: list[str]) -> dict[str, Vector | Exception]:
        """The vectors of texts; where the model refuses them, each by itself, so that one cannot spoil the others'."""
        try:
            return dict(zip(texts, self._encode(texts), strict=True))
        except ServiceUnavailable as error:  # it is no text's fault
            return dict.fromkeys(texts, error)
        except Exception as error:
            if len(texts) == 1:
                return {texts[0]: error}
        return {text: self._together([text])[text] for text in texts}

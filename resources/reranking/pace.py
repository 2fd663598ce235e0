"""How long texts take to read, learnt from what they took."""

import threading
from collections.abc import Sequence

_LATEST_SHARE = 0.3
_MARGIN = 1.25  # texts differ, and so does what else the machine does
_MOST_CHARACTERS = 8_000  # about what models read of a text


class Pace:
    """A moving average of seconds per character; threads may share it."""

    def __init__(self) -> None:
        self._per_character: float | None = None
        self._lock = threading.Lock()

    def learn(self, query: str, texts: Sequence[str], seconds: float) -> None:
        """Takes note that these texts took so long."""
        with self._lock:
            latest = seconds / max(1, sum(_cost(query, text) for text in texts))
            before = latest if self._per_character is None else self._per_character
            self._per_character = before + _LATEST_SHARE * (latest - before)

    def begin_anew(self, query: str, texts: Sequence[str], seconds: float) -> None:
        """Takes note that these texts took so long, and forgets what others took before."""
        with self._lock:
            self._per_character = seconds / max(1, sum(_cost(query, text) for text in texts))

    def learn_at_least(self, query: str, texts: Sequence[str], seconds: float) -> None:
        """Takes note that these texts were not done after so long."""
        with self._lock:
            least = _MARGIN * seconds / max(1, sum(_cost(query, text) for text in texts))
            self._per_character = max(self._per_character or 0.0, least)

    def fitting(self, query: str, texts: Sequence[str], seconds: float) -> int:
        """How many of the texts, from the first, will be done in so many seconds; all while nothing is known."""
        with self._lock:
            per_character = _MARGIN * (self._per_character or 0.0)
        left = seconds
        for count, text in enumerate(texts):
            left -= per_character * _cost(query, text)
            if left < 0:
                return count
        return len(texts)


def _cost(query: str, text: str) -> int:
    return min(_MOST_CHARACTERS, len(query) + len(text)) + 1

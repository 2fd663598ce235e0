"""The layers of a process: its memory, and Redis behind it, with a count of what each was asked and had."""

import threading
from collections import Counter
from typing import NamedTuple

from resources.cache.memory import Memory
from resources.cache.remote import Remote
from resources.settings import Settings

_DEFAULT_BYTES = 64 * 2**20


class Asked(NamedTuple):
    """What is counted: of which kind, which layer (`L0`, `L1`), and whether it had the value (`hit`, `miss`, …)."""

    kind: str
    layer: str
    outcome: str


class Layers:
    """What the caches of all kinds share.

    Args:
        most_bytes: The memory of this process; 0 is none.
        remote: Redis, if there is one.
        stale_s: How long a value that others are renewing may still be given.
    """

    def __init__(self, most_bytes: int = _DEFAULT_BYTES, remote: Remote | None = None, stale_s: float = 0) -> None:
        self.memory = Memory(most_bytes)
        self.remote = remote
        self.stale_s = stale_s
        self._counts: Counter[Asked] = Counter()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> "Layers":
        """As configured.

        Raises:
            InvalidSettings: Redis' URL, or the session key, cannot be used.
        """
        return cls(settings.cache_bytes, Remote.of(settings), settings.cache_stale_s)

    def count(self, kind: str, layer: str, outcome: str, by: int = 1) -> None:
        """Counts what a layer was asked, and had."""
        if by:
            with self._lock:
                self._counts[Asked(kind, layer, outcome)] += by

    def counts(self) -> dict[Asked, int]:
        """How often each thing happened so far."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """Closes what is open to Redis."""
        if self.remote is not None:
            self.remote.close()

"""The memory of one process: what was used last stays, within a bound of bytes."""

import threading
from typing import Any

from cachetools import LRUCache

_OVERHEAD = 300  # bytes of a key, its place and its bookkeeping
_LARGEST_SHARE = 8


class Memory:
    """Values with their sizes; threads share it.

    Args:
        most_bytes: How much it may hold; 0 holds nothing.
    """

    def __init__(self, most_bytes: int) -> None:
        self._values: LRUCache[bytes, tuple[int, Any]] = LRUCache(most_bytes, getsizeof=lambda entry: entry[0])
        self._largest = most_bytes // _LARGEST_SHARE
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """How much it holds."""
        return int(self._values.currsize)

    def get(self, key: bytes) -> Any | None:
        """The value of a key, None if it is not here."""
        with self._lock:
            entry = self._values.get(key)
        return None if entry is None else entry[1]

    def put(self, key: bytes, value: Any, size: int) -> None:
        """Keeps a value of so many bytes, and lets go of what was used longest ago; one that is too large is not kept."""
        size += _OVERHEAD
        if size <= self._largest:
            with self._lock:
                self._values[key] = (size, value)

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._values.clear()

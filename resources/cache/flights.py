"""One computation for a key at a time, however many ask: threads wait for one of them, and processes for one of them.

A flight carries nothing that was not asked for by its key. Whoever waited looks again whether the key is still theirs.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from resources.cache.layers import Layers

V = TypeVar("V")
_LOCK_S = 5.0
_POLL_S = 0.02


class Flight(Generic[V]):
    """A computation that is under way; `done` gives its value, None if it came to nothing, or raises why it failed."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.done: Future[V | None] = Future()
        self.done.set_running_or_notify_cancel()  # whoever gives up waiting takes it from nobody else
        self.lock: Any | None = None


class Flights(Generic[V]):
    """The computations of a kind that are under way; threads share it.

    Args:
        layers: With Redis, other processes are waited for, too.
        kind: Names them.
    """

    def __init__(self, layers: Layers, kind: str) -> None:
        self._layers = layers
        self._kind = kind
        self._flights: dict[bytes, Flight[V]] = {}
        self._lock = threading.Lock()

    def join(self, key: bytes) -> tuple[Flight[V], bool]:
        """The flight of a key, and whether it is the caller who has to compute and then to `land` it."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = Flight(key)
                return flight, True
        self._layers.count(self._kind, "flight", "joined")
        return flight, False

    def await_others(self, flight: Flight[V], present: Callable[[], bool]) -> bool:
        """Makes sure that no other process computes the same, or waits until it has, for a few seconds at most.

        Args:
            flight: Led by the caller.
            present: Says whether the value is in Redis.

        Returns:
            Whether the value is there now.
        """
        remote = self._layers.remote
        if remote is None:
            return False
        deadline = time.monotonic() + _LOCK_S
        while (lock := remote.lock(self._kind, flight.key, _LOCK_S)) is None:
            if time.monotonic() > deadline:
                return False
            self._layers.count(self._kind, "lock", "waited")
            time.sleep(_POLL_S)
            if present():
                return True
        flight.lock = lock
        return present()  # it may have come between the look at the cache and the lock

    def land(self, flight: Flight[V], value: V | None, error: Exception | None = None) -> None:
        """Ends a flight with its value, or with an error that concerns everybody; whoever waits for it goes on."""
        with self._lock:
            self._flights.pop(flight.key, None)
        if error is None:
            flight.done.set_result(value)
        else:
            flight.done.set_exception(error)
        if flight.lock is not None and self._layers.remote is not None:
            self._layers.remote.unlock(flight.lock)

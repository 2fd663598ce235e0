"""A breaker: after a failure nobody asks for a while, and then one finds out for all."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from resources.logs import get_logger

T = TypeVar("T")
_log = get_logger(__name__)


class Breaker:
    """Keeps a service that does not answer from costing every request its time limit; threads share it.

    It does not serialise the calls, as `pybreaker` would: a call that waits holds up nobody else.

    Args:
        name: Of the service, for the log.
        rest_s: For how long nobody asks after a failure.
        clock: Seconds that only grow.
    """

    def __init__(self, name: str, rest_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._rest_s = rest_s
        self._clock = clock
        self._until: float | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the service failed when it was asked last."""
        return self._until is not None

    def ask(self, act: Callable[[], T]) -> T | None:
        """What `act` gives; None where it raises, or where the service failed a short time ago."""
        with self._lock:
            if self._until is not None:
                if self._clock() < self._until:
                    return None
                self._until = self._clock() + self._rest_s  # this call finds out; the others need not wait for it
        try:
            answer = act()
        except Exception as error:  # whatever is wrong with it, it costs speed only
            with self._lock:
                known, self._until = self._until is not None, self._clock() + self._rest_s
            if not known:
                _log.warning("cache_works_without", service=self._name, error=type(error).__name__)
            return None
        if self._until is not None:
            with self._lock:
                self._until = None
            _log.info("cache_works_again_with", service=self._name)
        return answer

"""A value that somebody else owns and may change: kept here, renewed in time, served for a while when its owner is away."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from resources.errors import ServiceUnavailable
from resources.logs import get_logger
from resources.sign_in.http import unavailable

T = TypeVar("T")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
# Renewals that callers may force: one a second, and some more at once after a quiet time.
_FORCED_PER_S, _FORCED_AT_ONCE = 1.0, 5.0
_PATIENCE_S = 10.0
_log = get_logger(__name__)


class Renewed(Generic[T]):
    """A fetched value; threads may share it, and at most one of them fetches at a time.

    Args:
        fetch: Gets the value, or raises `ServiceUnavailable`.
        fresh_s: From this age on it is renewed in the background, at its next use.
        stale_s: Up to this age it is served while it cannot be renewed.
        clock: Seconds that only grow.
    """

    def __init__(
        self, fetch: Callable[[], T], *, fresh_s: float, stale_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._fresh_s, self._stale_s, self._clock = fetch, fresh_s, stale_s, clock
        self._changed = threading.Condition()
        self._value: T | None = None
        self._asked_at = 0.0  # when the fetch of the value began
        self._fetching = False
        self._failures = 0
        self._retry_at = clock()
        self._budget, self._budget_at = _FORCED_AT_ONCE, clock()

    def get(self) -> T:
        """The value, without waiting for its owner unless it is missing or too old.

        Raises:
            ServiceUnavailable: It is, and its owner does not answer.
        """
        now = self._clock()
        with self._changed:
            age = now - self._asked_at
            if self._value is not None and age < self._stale_s:
                if age >= self._fresh_s and not self._fetching and now >= self._retry_at:
                    threading.Thread(target=self._in_background, name="issuer-renewal", daemon=True).start()
                    self._fetching = True  # the thread cannot end before this lock is free
                return self._value
            self._value = None
        return self.since(now - self._fresh_s, forced=False)

    def since(self, moment: float, *, forced: bool = True) -> T:
        """The value as its owner gave it at `moment` or later; an older one where that was asked for too often just now.

        Args:
            moment: A time of the clock.
            forced: Whether this counts against how often it may be asked for.

        Raises:
            ServiceUnavailable: Its owner does not answer, now or a short time ago.
        """
        deadline = time.monotonic() + _PATIENCE_S
        with self._changed:
            while True:
                if self._value is not None and self._asked_at >= moment:
                    return self._value
                if not self._fetching:
                    break
                if not self._changed.wait(deadline - time.monotonic()):
                    raise unavailable()
            now = self._clock()
            if now < self._retry_at:
                raise unavailable(retry_after_s=int(self._retry_at - now) + 1)
            if forced and self._value is not None and not self._spend(now):
                return self._value
            self._fetching = True
        return self._renew()

    def _spend(self, now: float) -> bool:
        self._budget = min(_FORCED_AT_ONCE, self._budget + (now - self._budget_at) * _FORCED_PER_S)
        self._budget_at = now
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    def _renew(self) -> T:
        """Fetches; only whoever has set `_fetching` may call it."""
        began = self._clock()
        value: T | None = None
        try:
            value = self._fetch()
            return value
        finally:
            with self._changed:
                if value is not None:
                    self._value, self._asked_at, self._failures, self._retry_at = value, began, 0, began
                else:
                    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self._failures, 10))
                    self._failures += 1
                    self._retry_at = self._clock() + pause
                self._fetching = False
                self._changed.notify_all()

    def _in_background(self) -> None:
        try:
            self._renew()
        except ServiceUnavailable as error:
            _log.warning("issuer_renewal_failed", reason=error.message)
        except Exception:
            _log.exception("issuer_renewal_failed")

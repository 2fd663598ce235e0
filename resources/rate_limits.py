"""How much somebody may ask in a time: counted in this process, or in Redis for all processes together.

Without Redis, or while it is away, every process counts for itself: limits become looser, and never end.
"""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter as RemoteCounter
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter as LocalCounter

from resources.errors import InvalidSettings
from resources.logs import get_logger
from resources.settings import Settings

_TIMEOUT_S = 0.25
_RETRY_S = 5.0
_log = get_logger(__name__)
Answer = TypeVar("Answer")


class Kind(StrEnum):
    """What is limited apart."""

    SIGN_IN = "sign-in"
    FAILED = "failed"
    SEARCH = "search"
    INGEST = "ingest"
    REQUEST = "request"


@dataclass(frozen=True)
class Verdict:
    """Whether a request is within its limits; if not, after how many seconds one will be."""

    allowed: bool
    retry_after_s: int = 0
    limit: str = ""


def parse_limits(settings: Settings) -> dict[Kind, tuple[RateLimitItem, ...]]:
    """The configured limits.

    Raises:
        InvalidSettings: One of them is malformed; the message names it.
    """
    names = {Kind.SIGN_IN: "sign_in_limit", Kind.FAILED: "sign_in_limit", Kind.SEARCH: "search_limit"}
    names |= {Kind.INGEST: "ingest_limit", Kind.REQUEST: "request_limit"}
    return {kind: _parsed(name, getattr(settings, name)) for kind, name in names.items()}


def _parsed(name: str, text: str) -> tuple[RateLimitItem, ...]:
    try:
        items = tuple(parse_many(text)) if len(text) <= 200 else ()
    except ValueError:
        items = ()
    if not items or any(item.amount < 1 for item in items):
        raise InvalidSettings(
            f"RAGE_{name.upper()}: {text[:80]!r} is no limit.",
            hint="Write a number and a time, such as `100 per 15 minutes` or `600 per second`.",
        )
    return items


class RateLimits:
    """Counts requests by kind and by whoever sent them, in sliding windows.

    Args:
        settings: Where the limits stand, and where Redis is, if anywhere.
    """

    def __init__(self, settings: Settings) -> None:
        self._items = parse_limits(settings)
        self._local = LocalCounter(MemoryStorage())
        self._redis = _redis(settings)
        self._remote = RemoteCounter(self._redis) if self._redis else None
        self._away_until = 0.0

    async def hit(self, kind: Kind, who: str) -> Verdict:
        """Counts a request, unless a limit is reached."""
        for item in self._items[kind]:
            if not await self._ask(
                lambda remote, item=item: remote.hit(item, kind.value, who),  # type: ignore[misc]
                lambda local, item=item: local.hit(item, kind.value, who),  # type: ignore[misc]
            ):
                return await self._refusal(item, kind, who)
        return Verdict(allowed=True)

    async def test(self, kind: Kind, who: str) -> Verdict:
        """Whether a request would be within the limits; counts nothing."""
        for item in self._items[kind]:
            if not await self._ask(
                lambda remote, item=item: remote.test(item, kind.value, who),  # type: ignore[misc]
                lambda local, item=item: local.test(item, kind.value, who),  # type: ignore[misc]
            ):
                return await self._refusal(item, kind, who)
        return Verdict(allowed=True)

    async def close(self) -> None:
        """Closes what is open to Redis."""
        if self._redis:
            bridge: Any = self._redis.bridge
            await bridge.get_connection().aclose()

    async def _refusal(self, item: RateLimitItem, kind: Kind, who: str) -> Verdict:
        stats = await self._ask(
            lambda remote: remote.get_window_stats(item, kind.value, who),
            lambda local: local.get_window_stats(item, kind.value, who),
        )
        wait = min(max(1, math.ceil(stats.reset_time - time.time())), item.get_expiry())
        return Verdict(False, wait, f'"{kind.value}";q={item.amount};w={item.get_expiry()}')

    async def _ask(
        self, remotely: Callable[[RemoteCounter], Coroutine[Any, Any, Answer]], locally: Callable[[LocalCounter], Answer]
    ) -> Answer:
        if self._remote is None or time.monotonic() < self._away_until:
            return locally(self._local)
        was_away = self._away_until > 0
        if was_away:  # this request finds out whether Redis is back; the others need not wait for it
            self._away_until = time.monotonic() + _RETRY_S
        try:
            answer = await asyncio.wait_for(remotely(self._remote), 2 * _TIMEOUT_S)
        except Exception as error:  # whatever is wrong with Redis, requests are counted and answered
            self._away_until = time.monotonic() + _RETRY_S
            if not was_away:
                _log.warning("rate_limits_count_without_redis", error=type(error).__name__)
            return locally(self._local)
        if was_away:
            self._away_until = 0.0
            _log.info("rate_limits_count_in_redis_again")
        return answer


def _redis(settings: Settings) -> RedisStorage | None:
    if settings.redis_url is None:
        return None
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "health_check_interval": 30,
        "max_connections": 64,
    }
    try:
        url = f"async+{settings.redis_url.get_secret_value()}"
        return RedisStorage(url, implementation="redispy", key_prefix="rage:limits", **options)
    except Exception as error:
        raise InvalidSettings(
            f"RAGE_REDIS_URL cannot be used: {type(error).__name__}.", hint="Give redis://HOST:PORT/DB or rediss://…"
        ) from None

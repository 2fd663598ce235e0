"""Redis behind the memory of the processes. Without it, or while it is away, they answer as well, only slower.

What lies there is sealed, so that who reads or writes Redis neither learns a text nor puts one into an answer; and its
keys are codes that only the platform's processes can make.
"""

import hmac
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resources.cache.breaker import Breaker
from resources.errors import InvalidSettings
from resources.settings import Settings
from resources.sign_in.seal import Seal

if TYPE_CHECKING:
    from redis import Redis

_PREFIX = "rage:cache:1"
_TIMEOUT_S = 0.2
_LARGEST = 512 * 1024
_MOST_CONNECTIONS = 32
_NONCE = 12


class Remote:
    """Values in Redis that all processes with the same session key share; threads share it.

    Args:
        url: Of Redis.
        key: 32 bytes, from which the seal and the names of the keys come.

    Raises:
        InvalidSettings: The URL cannot be used.
    """

    def __init__(self, url: str, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._redis = _connected(url)
        self._cipher = AESGCM(key)
        self._key = key
        self._breaker = Breaker("redis")

    @classmethod
    def of(cls, settings: Settings) -> "Remote | None":
        """The configured one, None where there is none.

        Raises:
            InvalidSettings: Its URL, or the session key, cannot be used.
        """
        if settings.redis_url is None:
            return None
        return cls(settings.redis_url.get_secret_value(), Seal.load(settings).key("cache"))

    def get(self, kind: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, None for each that is not there or was not sealed by us."""
        names = [self._name(kind, key) for key in keys]
        found: Any = self._breaker.ask(lambda: self._redis.mget(names))
        if found is None:
            return [None] * len(names)
        return [self._opened(name, sealed) for name, sealed in zip(names, found, strict=True)]

    def put(self, kind: str, values: Sequence[tuple[bytes, bytes]], ttl_s: int) -> None:
        """Keeps values for a time; those that are too large are left out."""
        sealed = []
        for key, value in values:
            if len(value) <= _LARGEST:
                name, nonce = self._name(kind, key), secrets.token_bytes(_NONCE)
                sealed.append((name, nonce + self._cipher.encrypt(nonce, value, name.encode())))

        def write() -> bool:
            pipeline = self._redis.pipeline(transaction=False)
            for name, value in sealed:
                pipeline.set(name, value, ex=ttl_s)
            pipeline.execute()
            return True

        if sealed:
            self._breaker.ask(write)

    def lock(self, kind: str, key: bytes, ttl_s: float) -> Any | None:
        """Says to the other processes that this one computes a value, for at most `ttl_s`.

        Returns:
            What to give to `unlock`; None if another process said so before. While Redis is away everybody may compute.
        """
        lock = self._redis.lock(f"{self._name(kind, key)}:lock", timeout=ttl_s, thread_local=False)
        held = self._breaker.ask(lambda: bool(lock.acquire(blocking=False)))
        return None if held is False else lock

    def unlock(self, lock: Any) -> None:
        """Says that the value is there, or that it will not come."""
        from redis.exceptions import LockError

        def release() -> bool:
            try:
                lock.release()
            except LockError:  # its time was over, or it was never held
                return False
            return True

        self._breaker.ask(release)

    def close(self) -> None:
        """Closes the connections."""
        self._redis.close()
        self._redis.connection_pool.disconnect()

    @property
    def is_away(self) -> bool:
        """Whether it did not answer when it was asked last."""
        return self._breaker.is_open

    def _name(self, kind: str, key: bytes) -> str:
        return f"{_PREFIX}:{kind}:{hmac.digest(self._key, key, 'sha256').hex()}"

    def _opened(self, name: str, sealed: bytes | None) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            return None


def _connected(url: str) -> "Redis":
    from redis import BlockingConnectionPool, Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_MOST_CONNECTIONS,
            timeout=_TIMEOUT_S,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
    except Exception as error:
        raise InvalidSettings(
            f"RAGE_REDIS_URL cannot be used: {type(error).__name__}.", hint="Give redis://HOST:PORT/DB or rediss://…"
        ) from None
    return Redis(connection_pool=pool)

"""Passwords: what one must be, and its bcrypt hash, made and compared away from the event loop.

bcrypt reads 72 bytes and stops at NUL. So the password goes through HMAC-SHA-256 under a fixed name first, and bcrypt
gets 44 printable characters whatever was typed. The name makes the digest useless against the SHA-256 lists of others.
"""

import asyncio
import base64
import hmac
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from resources.errors import InvalidInput, ServiceUnavailable

COST = 12
LEAST, MOST = 12, 1024
NOBODYS_HASH = f"$2b${COST}$" + "." * 53
"""What the password of nobody is compared with, so that an unknown name takes as long as a known one."""

_DOMAIN = b"rage/password/1"
_LEAST_DIFFERENT = 5
# bcrypt lets go of the interpreter lock: two at a time leave cores for everybody else, and a bounded queue behind them
# means that a flood of sign-ins is refused instead of piling up.
_AT_ONCE, _WAITING = 2, 64
_pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bcrypt")
_room = threading.BoundedSemaphore(_AT_ONCE + _WAITING)

Result = TypeVar("Result")


def check_password(password: str, name: str) -> str:
    """The password, if it may be one of the user `name`.

    Raises:
        InvalidInput: It may not; the message never repeats it.
    """
    text = unicodedata.normalize("NFKC", password)
    if not LEAST <= len(text) <= MOST:
        raise InvalidInput(f"A password has {LEAST} to {MOST} characters.", hint="Several words make a good one.")
    if len(set(text.casefold())) < _LEAST_DIFFERENT:
        raise InvalidInput("The password repeats too few characters.", hint="Several words make a good one.")
    if len(name) > 3 and name.casefold() in text.casefold():
        raise InvalidInput("The password holds the user's name.", hint="Several other words make a good one.")
    return password


def hash_password(password: str) -> str:
    """The bcrypt hash of a password, some 250 ms of work."""
    import bcrypt

    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)).decode()


def password_matches(password: str, hashed: str) -> bool:
    """Whether a password is the one that was hashed, some 250 ms of work."""
    import bcrypt

    return bcrypt.checkpw(_digest(password), hashed.encode())


async def password_matches_soon(password: str, hashed: str) -> bool:
    """The same, in threads of its own.

    Raises:
        ServiceUnavailable: Too many wait for theirs already.
    """
    return await _in_pool(lambda: password_matches(password, hashed))


async def _in_pool(work: Callable[[], Result]) -> Result:
    if not _room.acquire(blocking=False):
        raise ServiceUnavailable("Too many sign in at this moment.", hint="Try again in a few seconds.")
    future = _pool.submit(work)
    future.add_done_callback(lambda _: _room.release())
    return await asyncio.wrap_future(future)


def _digest(password: str) -> bytes:
    text = unicodedata.normalize("NFKC", password[: 4 * MOST]).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(_DOMAIN, text, "sha256"))

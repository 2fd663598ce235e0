"""Tokens that were good a moment ago: their signature is not checked again for every request.

Only what a token says by itself is remembered, for seconds, and never past its own end. Whether the sign-in was revoked
is not: each transaction of the caller looks that up. API keys are looked up every time.
"""

import base64
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cachetools import LRUCache

from resources.access import Caller
from resources.sign_in import keys
from resources.sign_in.oidc import MAX_AGE_S

_REMEMBERED_S = 5.0
_MOST = 10_000


class VerifiedTokens:
    """Turns tokens into callers as another does, and knows for a few seconds whom they named.

    Args:
        authenticate: Turns a token and an address into a caller.
        key_file: What signs the local issuer's tokens; another file there, and nothing that was remembered counts.
        clock: The time.
    """

    def __init__(
        self, authenticate: Callable[[str, str], Caller], key_file: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._authenticate = authenticate
        self._key_file = key_file
        self._clock = clock
        self._known: LRUCache[bytes, tuple[float, tuple[int, int], Caller]] = LRUCache(_MOST)
        self._digest_key = secrets.token_bytes(32)
        self._lock = threading.Lock()

    def known(self, token: str) -> Caller | None:
        """Whom a token names, if it was checked a moment ago; asks nobody and waits for nothing."""
        with self._lock:
            until, signed_by, caller = self._known.get(self._digest(token), (0.0, (0, 0), None))
        now = self._clock()
        # a clock that was put back does not lengthen it
        return caller if until - _REMEMBERED_S <= now < until and signed_by == self._signer() else None

    def authenticate(self, token: str, address: str) -> Caller:
        """See `Authenticator.authenticate`."""
        began, signer = self._clock(), self._signer()
        caller = self._authenticate(token, address)
        if not token.startswith(keys.PREFIX):
            until = min(began + _REMEMBERED_S, _end(token))
            with self._lock:
                self._known[self._digest(token)] = until, signer, caller
        return caller

    def _digest(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), key=self._digest_key, digest_size=16).digest()

    def _signer(self) -> tuple[int, int]:
        try:
            found = os.stat(self._key_file)
        except OSError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns


def _end(token: str) -> float:
    """When a token that was verified ends; at once where it does not say so in the way that is expected."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return min(float(claims["exp"]), float(claims["iat"]) + MAX_AGE_S)
    except (ValueError, KeyError, IndexError, TypeError):
        return 0.0

"""Remembers what people call those who send the issuer's tokens, so that they can be made members by their names.

Done beside the requests, at most once an hour for each person and process.
"""

import threading
from collections.abc import Callable

from cachetools import TTLCache

from resources.access import Caller
from resources.errors import RageError
from resources.logs import get_logger
from resources.platform import Platform
from resources.postgres import sessions

_MOST, _HOUR_S, _AT_ONCE = 100_000, 3600.0, 2
_TIMEOUT_S = 10.0
_log = get_logger(__name__)


class KnownPeople:
    """Turns tokens into callers as another does, and remembers their names.

    Args:
        platform: The parts; the database is opened on first use.
        authenticate: Turns a token and an address into a caller.
    """

    def __init__(self, platform: Platform, authenticate: Callable[[str, str], Caller]) -> None:
        self._platform = platform
        self._authenticate = authenticate
        self._seen: TTLCache[tuple[str, str], bool] = TTLCache(_MOST, _HOUR_S)
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_AT_ONCE)

    def authenticate(self, token: str, address: str) -> Caller:
        """See `Authenticator.authenticate`."""
        caller = self._authenticate(token, address)
        if caller.principal.startswith("user:") and caller.name:
            self._note(caller)
        return caller

    def _note(self, caller: Caller) -> None:
        who = caller.principal, caller.name
        with self._lock:
            if who in self._seen or not self._room.acquire(blocking=False):  # the next request tries again
                return
            self._seen[who] = True
        threading.Thread(target=self._remember, args=(caller,), name="known-people", daemon=True).start()

    def _remember(self, caller: Caller) -> None:
        try:
            with self._platform.database.transaction(caller=caller, timeout_s=_TIMEOUT_S) as connection:
                sessions.know(connection, caller.principal, caller.name)
        except RageError as error:  # it is no more than a convenience
            _log.info("name_not_remembered", reason=error.message)
            with self._lock:
                self._seen.pop((caller.principal, caller.name), None)
        except Exception:
            _log.exception("name_not_remembered")
        finally:
            self._room.release()

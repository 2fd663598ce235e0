"""Asking a host for one thing after the other: with pauses, patience with its failures, and bounds."""

import email.utils
import hashlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rage_assets.raw.sources.web.robots import AGENT
from rage_assets.raw.sources.web.turns import Turns
from resources.errors import TooLarge
from resources.settings import Settings
from resources.version import code_version

if TYPE_CHECKING:
    import httpx

_ATTEMPTS = 3
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 522, 524})
_FIRST_WAIT_S = 1.0
# A server that asks for more patience than this is left alone until the next run.
_LONGEST_WAIT_S = 60.0
_LONGEST_ANSWER_S = 120.0
# Whoever took so long to fail is not asked again at once.
_LONGEST_TRY_S = 30.0
_LONGEST_PAUSE_S = 5.0


class Unanswered(Exception):
    """An address that gave no answer of use; the message says why.

    Attributes:
        wants_rest: The server asks to be left alone for long.
    """

    def __init__(self, reason: str, *, wants_rest: bool = False) -> None:
        super().__init__(reason)
        self.wants_rest = wants_rest


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: The status.
        headers: The headers.
        body: Where the body lies, if it was wanted.
        size: Its bytes.
        sha256: Their hash.
    """

    status: int
    headers: "httpx.Headers"
    body: Path | None = None
    size: int = 0
    sha256: bytes = b""

    @property
    def media_type(self) -> str:
        """The type of the body, without its parameters."""
        return _media_type(self.headers)


class Fetcher:
    """A client of one host.

    Args:
        settings: For the hosts that may be reached, the size of files and the pauses.
        turns: Whose turn it is at the host.
        folder: Where bodies are put, under the hash of their address.
    """

    def __init__(self, settings: Settings, turns: Turns, folder: Path) -> None:
        from resources.egress.client import guarded_client

        self._client = guarded_client(
            settings,
            redirects=0,
            max_bytes=settings.max_file_bytes + 65_536,
            max_seconds=_LONGEST_ANSWER_S,
            compressed=True,
        )
        self._most_bytes = settings.max_file_bytes
        self._client.headers["User-Agent"] = f"{AGENT}/{code_version().partition('+')[0]}"
        self._turns = turns
        self._folder = folder
        self.delay_s = settings.web_delay_s
        self.bytes_read = 0

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def get(
        self,
        url: str,
        known: Mapping[str, str] | None = None,
        wants: Callable[[str], bool] = lambda _: True,
    ) -> Answer:
        """Asks for an address, more than once where that may help; redirects are answers.

        Args:
            url: The address.
            known: Headers by which the server can say that nothing changed.
            wants: Whether a body of this media type is of use.

        Raises:
            Unanswered: No connection, too late, too large, or an error of the server that stayed.
            EgressRefused: The host may not be reached.
        """
        reason = ""
        began = time.monotonic()
        for attempt in range(_ATTEMPTS):
            try:
                with self._turns.turn() as turn:
                    answer = self._ask(url, known or {}, wants)
                    turn.pause_s = max(self.delay_s, min(turn.took_s, _LONGEST_PAUSE_S))
            except TooLarge as error:
                raise Unanswered(error.message) from error
            except Unanswered:
                raise
            except Exception as error:
                if type(error).__module__.partition(".")[0] != "httpx":
                    raise
                reason, wait = f"{type(error).__name__}: {error}".rstrip(": "), None
            else:
                if answer.status not in _AGAIN:
                    return answer
                reason, wait = f"It answered {answer.status}.", _retry_after(answer.headers)
            if wait is not None and wait > _LONGEST_WAIT_S:
                raise Unanswered(f"{reason} It asks to wait for {wait:.0f} s.", wants_rest=True)
            if time.monotonic() - began > _LONGEST_TRY_S:
                break
            if attempt + 1 < _ATTEMPTS:
                patience = _FIRST_WAIT_S * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 -- jitter
                time.sleep(patience if wait is None else wait)
        raise Unanswered(reason)

    def _ask(self, url: str, known: Mapping[str, str], wants: Callable[[str], bool]) -> Answer:
        with self._client.stream("GET", url, headers=dict(known)) as response:
            if response.status_code != 200 or not wants(_media_type(response.headers)):
                return Answer(response.status_code, response.headers)
            body = place_of(url, self._folder)
            digest = hashlib.sha256()
            size = 0
            try:
                with body.open("wb") as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
                        digest.update(piece)
                        size += len(piece)
                        if size > self._most_bytes:
                            raise Unanswered(f"It has more than {self._most_bytes} bytes.")
            except BaseException:
                body.unlink(missing_ok=True)
                raise
            self.bytes_read += size
            return Answer(200, response.headers, body, size, digest.digest())


def place_of(url: str, folder: Path) -> Path:
    """Where in a folder the body of an address lies."""
    return folder / hashlib.sha256(url.encode()).hexdigest()


def _media_type(headers: "httpx.Headers") -> str:
    return str(headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _retry_after(headers: "httpx.Headers") -> float | None:
    """The seconds that a server asks to wait; None where it does not say."""
    said = str(headers.get("Retry-After", "")).strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time()) if said else None
    except (ValueError, TypeError, OverflowError):
        return None

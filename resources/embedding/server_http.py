"""Requests to a server that embeds: each with a time limit, a bounded size, a few retries and a circuit breaker."""

import json
import random
import time
from typing import Any

import httpx
import pybreaker

from resources.egress.client import guarded_client
from resources.errors import InvalidSettings, RageError, ServiceUnavailable
from resources.settings import Settings

_ATTEMPTS = 4
_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0
_WHOLE_S, _PAUSE_S = 60.0, 30.0
_LARGEST = 64 * 2**20
_FAILURES, _REST_S = 5, 10.0


class Refused(Exception):
    """The server does not do this: a status or an answer without JSON, that another attempt would not change.

    Attributes:
        status: The status.
        said: What the server said, cut.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"status {status}: {said}")
        self.status = status
        self.said = said


class _Unanswered(Exception):
    """No answer that can be used; another attempt may bring one, after `wait_s` if the server said so."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class EmbeddingHttp:
    """JSON over HTTP with the server of `RAGE_EMBEDDING_URL`; threads may share it.

    Its host may lie in a private network, since the operator named it; redirects are not followed, and the cloud's metadata
    services are not reached whatever it is called.

    Args:
        settings: With its address and key.

    Raises:
        InvalidSettings: The address is none.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            url = httpx.URL(settings.embedding_url or "")
        except httpx.InvalidURL as error:
            raise InvalidSettings(f"RAGE_EMBEDDING_URL is no address: {error}.") from error
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise InvalidSettings(
                "RAGE_EMBEDDING_URL is no address of a server.",
                hint="Write https://HOST or http://HOST:PORT; a key goes to RAGE_EMBEDDING_API_KEY.",
            )
        self.base = str(url).rstrip("/")
        key = settings.embedding_api_key
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._client = guarded_client(
            settings,
            also_allowed=[f"[{url.host}]" if ":" in url.host else url.host],
            redirects=0,
            max_bytes=_LARGEST,
            max_seconds=_WHOLE_S,
            timeout_s=_PAUSE_S,
        )
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_FAILURES, reset_timeout=_REST_S, throw_new_error_on_trip=False, name="embedding server"
        )

    def ask(self, method: str, url: str, body: Any = None) -> Any:
        """The JSON with which the server answers.

        Raises:
            Refused: It does not do this.
            InvalidSettings: It does not let us in.
            ServiceUnavailable: It gives no answer, even after some time.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._breaker.calling():
                    response = self._attempt(method, url, body)
                if response.status_code == 429:  # it is well, and busy
                    raise _Unanswered("is asked too much", _told(response.headers.get("Retry-After")))
                return self._read(response.status_code, response.content)
            except pybreaker.CircuitBreakerError as error:
                raise unavailable("has failed several times just now", _REST_S) from error
            except _Unanswered as error:
                wait = min(_WAIT_S * 2**attempt, _LONGEST_WAIT_S) * random.uniform(0.5, 1)  # noqa: S311 -- jitter
                wait = max(wait, error.wait_s or 0)
                # Whoever is told to wait longer than anybody would is told so, and does not wait here.
                if attempt + 1 == _ATTEMPTS or wait > _LONGEST_WAIT_S:
                    raise unavailable(str(error), wait) from error
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _attempt(self, method: str, url: str, body: Any) -> httpx.Response:
        try:
            response = self._client.request(method, url, json=body, headers=self._headers)
        except httpx.HTTPError as error:
            raise _Unanswered(f"does not answer ({type(error).__name__})") from error
        except RageError as error:  # the guard's: its host may not be reached, or its answer is too large
            raise unavailable(f"cannot be used: {error.message}") from error
        if response.status_code >= 500:
            raise _Unanswered(f"answers with status {response.status_code}", _told(response.headers.get("Retry-After")))
        return response

    def _read(self, status: int, content: bytes) -> Any:
        if status in (401, 403):
            raise InvalidSettings(
                f"The embedding server does not let us in (status {status}).", hint="Check RAGE_EMBEDDING_API_KEY."
            )
        if status != 200:
            raise Refused(status, content[:300].decode("utf-8", "replace"))
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Refused(status, "no JSON") from error


def unavailable(what: str, retry_after_s: float = 5) -> ServiceUnavailable:
    """The error for a server that `what`."""
    return ServiceUnavailable(
        f"The embedding server {what}.", hint="Check RAGE_EMBEDDING_URL.", retry_after_s=max(1, round(retry_after_s))
    )


def _told(header: str | None) -> float | None:
    """The seconds of a Retry-After header; its other form, a date, is left to our own waiting."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if seconds >= 0 else None

"""Requests to a server that embeds: each with a time limit, a bounded size, a few retries and a circuit breaker.

Whoever searches waits in person: what is asked in a hurry is waited for a short time, and not asked at all where that has
just failed. A run that embeds passages is patient.
"""

import json
import random
import time
from typing import Any, NamedTuple

import httpx
import pybreaker

from resources.egress.client import guarded_client
from resources.errors import InvalidSettings, RageError, ServiceUnavailable
from resources.settings import Settings

_WAIT_S = 0.2
_LARGEST = 64 * 2**20
_REST_S = 10.0


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


class _Way(NamedTuple):
    """One way to ask.

    Attributes:
        attempts: At most.
        within_s: After so long no other attempt begins.
        longest_wait_s: Between two of them.
        whole_s: For an answer.
        pause_s: Within an answer.
        failures: From so many in a row on nobody asks for a while.
    """

    attempts: int
    within_s: float
    longest_wait_s: float
    whole_s: float
    pause_s: float
    failures: int


_PATIENT = _Way(4, 300.0, 10.0, 60.0, 30.0, 5)
_HURRIED = _Way(2, 1.0, 0.5, 3.0, 3.0, 2)


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
        self._clients = {way: _client(settings, url.host, way) for way in (_PATIENT, _HURRIED)}
        self._breakers = {way: _breaker(way) for way in (_PATIENT, _HURRIED)}

    def ask(self, method: str, url: str, body: Any = None, *, hurry: bool = False) -> Any:
        """The JSON with which the server answers.

        Args:
            method: Of HTTP.
            url: What is asked.
            body: What is sent, as JSON.
            hurry: Whether somebody waits for it.

        Raises:
            Refused: It does not do this.
            InvalidSettings: It does not let us in.
            ServiceUnavailable: It gives no answer, even after some time.
        """
        way = _HURRIED if hurry else _PATIENT
        began = time.monotonic()
        for attempt in range(way.attempts):
            try:
                with self._breakers[way].calling():
                    response = self._attempt(self._clients[way], method, url, body)
                if response.status_code == 429:  # it is well, and busy
                    raise _Unanswered("is asked too much", _told(response.headers.get("Retry-After")))
                return self._read(response.status_code, response.content)
            except pybreaker.CircuitBreakerError as error:
                raise unavailable("has failed several times just now", _REST_S) from error
            except _Unanswered as error:
                wait = min(_WAIT_S * 2**attempt, way.longest_wait_s) * random.uniform(0.5, 1)  # noqa: S311 -- jitter
                wait = max(wait, error.wait_s or 0)
                # Whoever is told to wait longer than anybody would is told so, and does not wait here.
                is_last = attempt + 1 == way.attempts or time.monotonic() - began > way.within_s
                if is_last or wait > way.longest_wait_s:
                    raise unavailable(str(error), wait) from error
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            client.close()

    def _attempt(self, client: httpx.Client, method: str, url: str, body: Any) -> httpx.Response:
        try:
            response = client.request(method, url, json=body, headers=self._headers)
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


def _client(settings: Settings, host: str, way: _Way) -> httpx.Client:
    return guarded_client(
        settings,
        also_allowed=[f"[{host}]" if ":" in host else host],
        redirects=0,
        max_bytes=_LARGEST,
        max_seconds=way.whole_s,
        timeout_s=way.pause_s,
    )


def _breaker(way: _Way) -> pybreaker.CircuitBreaker:
    return pybreaker.CircuitBreaker(
        fail_max=way.failures, reset_timeout=_REST_S, throw_new_error_on_trip=False, name="embedding server"
    )


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

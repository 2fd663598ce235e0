"""Requests to the issuer: each with a time limit, a bounded size and no redirects, so that an answer is the issuer's own."""

import json
import threading
import time
from typing import Any

import httpx
import pybreaker
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from resources.errors import ServiceUnavailable
from resources.logs import get_logger

_CONNECT_S, _READ_S, _WHOLE_S = 2.0, 5.0, 8.0
_LARGEST = 1 << 20
_FAILURES, _REST_S = 5, 5
_log = get_logger(__name__)


class _Unanswered(Exception):
    """The issuer gave no answer that can be used."""


class IssuerHttp:
    """JSON over HTTP with one issuer; threads may share it."""

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._opened: httpx.Client | None = None
        # For requests that people wait for; those for keys have a back-off of their own.
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_FAILURES, reset_timeout=_REST_S, throw_new_error_on_trip=False, name="issuer"
        )

    def get(self, url: str) -> dict[str, Any]:
        """The JSON object at `url`; asks twice where the first time fails.

        Raises:
            ServiceUnavailable: There is no such answer in time.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_Unanswered),
            stop=stop_after_attempt(2),
            wait=wait_random_exponential(multiplier=0.1, max=0.5),
            reraise=True,
        )
        try:
            status, body = retrying(self._send, "GET", url, {}, "")
        except _Unanswered as error:
            raise self._unavailable(error) from error
        if status != 200:
            raise self._unavailable(f"status {status}")
        return body

    def post(self, url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        """Posts a form, and gives the status and the JSON object of the answer, which may be a refusal.

        Only a connection that was never made is tried again: a code or a refresh token counts once.

        Raises:
            ServiceUnavailable: There is no such answer in time, or there was none several times just now.
        """
        retrying = Retrying(
            retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
            stop=stop_after_attempt(2),
            wait=wait_random_exponential(multiplier=0.1, max=0.5),
            reraise=True,
        )
        try:
            with self._breaker.calling():
                return self._raised(retrying, url, headers, body)
        except (pybreaker.CircuitBreakerError, _Unanswered) as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Closes the connections."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _raised(self, retrying: Retrying, url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        try:
            return retrying(self._attempt, "POST", url, headers, body)
        except httpx.HTTPError as error:
            raise _Unanswered(type(error).__name__) from error

    def _send(self, method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        try:
            return self._attempt(method, url, headers, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Unanswered(type(error).__name__) from error

    def _attempt(self, method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + _WHOLE_S
        content = bytearray()
        with self._client().stream(method, url, headers=headers, content=body or None) as response:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _LARGEST or time.monotonic() > deadline:
                    raise _Unanswered("the answer is too long or too slow")
            status = response.status_code
        if status == 429 or status >= 500 or 300 <= status < 400:
            raise _Unanswered(f"status {status}")
        if not content:
            return status, {}
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise _Unanswered(f"status {status} without JSON") from error
        if not isinstance(answer, dict):
            raise _Unanswered(f"status {status} without a JSON object")
        return status, answer

    def _client(self) -> httpx.Client:
        with self._opening:
            if self._opened is None:
                self._opened = httpx.Client(
                    timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S),
                    follow_redirects=False,
                    headers={"Accept": "application/json", "User-Agent": "rage"},
                )
            return self._opened

    @staticmethod
    def _unavailable(reason: object) -> ServiceUnavailable:
        _log.warning("issuer_does_not_answer", reason=str(reason) or type(reason).__name__)
        return unavailable()


def unavailable(retry_after_s: int = _REST_S) -> ServiceUnavailable:
    """What to answer where the issuer does not."""
    return ServiceUnavailable(
        "The sign-in service does not answer.",
        hint="Try again in a moment; if it goes on, check RAGE_OIDC_ISSUER.",
        retry_after_s=retry_after_s,
    )

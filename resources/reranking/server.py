"""A server with `/rerank`: every request with a time limit, a bounded size, one retry and a circuit breaker."""

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pybreaker
from numpy.typing import NDArray
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from resources.egress.client import guarded_client
from resources.errors import InvalidSettings, RageError, ServiceUnavailable
from resources.reranking.cross_encoder import sigmoid
from resources.reranking.dialects import Dialect, dialects, question, read_answer
from resources.reranking.protocol import OutOfTime
from resources.settings import Settings

_BATCH = 32  # what text-embeddings-inference takes at once, unless told otherwise
_LARGEST = 4 * 2**20
_WHOLE_S = 10.0
_FAILURES, _REST_S = 5, 10
_ANOTHER_DIALECT = frozenset({400, 404, 405, 415, 422})  # such a server does not know what it was asked


class _Unanswered(Exception):
    """The server gave no answer that can be used; another attempt may."""


class _NotUnderstood(Exception):
    """The server does not speak this dialect."""


class ServerReranker:
    """Scores by a server; which dialect it speaks is found out by its answers.

    Args:
        settings: With the server's address, key and model. Its host may lie in a private network: the operator named it.

    Raises:
        InvalidSettings: The address is none.
    """

    parallel = 4

    def __init__(self, settings: Settings) -> None:
        self.name = settings.reranker_url or ""
        self._model = settings.reranker_model
        self._left = dialects(self.name)
        self._is_raw = False
        key = settings.reranker_api_key
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        try:
            url = httpx.URL(self.name)
        except httpx.InvalidURL as error:
            raise InvalidSettings(f"RAGE_RERANKER_URL is no address: {error}.") from error
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise InvalidSettings(
                "RAGE_RERANKER_URL is no address of a server.", hint="Write https://HOST; keys go to RAGE_RERANKER_API_KEY."
            )
        self._client = guarded_client(
            settings,
            also_allowed=[f"[{url.host}]" if ":" in url.host else url.host],
            redirects=0,
            max_bytes=_LARGEST,
            max_seconds=_WHOLE_S,
        )
        self._lock = threading.Lock()
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=_FAILURES, reset_timeout=_REST_S, throw_new_error_on_trip=False, name="reranker"
        )

    def score(self, query: str, texts: Sequence[str], deadline: float) -> NDArray[np.float64]:
        """See `Reranker.score`."""
        scores: list[float] = []
        for start in range(0, len(texts), _BATCH):
            if time.monotonic() >= deadline:
                raise OutOfTime(done=start)
            scores += self._asked(query, texts[start : start + _BATCH], deadline)
        found = np.array(scores, np.float64)
        # A server that gives logits does so always, but not every one of them shows it.
        self._is_raw = self._is_raw or bool(((found < 0) | (found > 1)).any())
        return sigmoid(found) if self._is_raw else found

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _asked(self, query: str, texts: Sequence[str], deadline: float) -> list[float]:
        try:
            with self._breaker.calling():
                return self._in_a_known_dialect(query, texts, deadline)
        except pybreaker.CircuitBreakerError as error:
            raise _unavailable("has failed several times just now") from error
        except _Unanswered as error:
            raise _unavailable(str(error)) from error

    def _in_a_known_dialect(self, query: str, texts: Sequence[str], deadline: float) -> list[float]:
        with self._lock:
            left = list(self._left)
        for dialect in left:
            try:
                answer = self._retried(dialect, query, texts, deadline)
            except _NotUnderstood:
                continue
            scores = read_answer(dialect.shape, answer, len(texts))
            if scores is not None:
                with self._lock:
                    self._left = [dialect]
                return scores
        with self._lock:  # another server may stand there by now
            self._left = dialects(self.name)
        raise _unavailable("gives answers of an unknown shape")

    def _retried(self, dialect: Dialect, query: str, texts: Sequence[str], deadline: float) -> Any:
        retrying = Retrying(
            retry=retry_if_exception_type(_Unanswered),
            stop=stop_after_attempt(2),
            wait=wait_random_exponential(multiplier=0.02, max=0.1),
            reraise=True,
        )
        return retrying(self._attempt, dialect, question(dialect.shape, self._model, query, texts), deadline)

    def _attempt(self, dialect: Dialect, body: dict[str, Any], deadline: float) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime
        content = bytearray()
        try:
            with self._client.stream("POST", dialect.url, json=body, headers=self._headers, timeout=left) as response:
                for piece in response.iter_bytes():
                    content += piece
                    if time.monotonic() > deadline:
                        raise OutOfTime
                status = response.status_code
        except httpx.TimeoutException as error:
            raise OutOfTime from error
        except httpx.HTTPError as error:
            raise _Unanswered(f"does not answer ({type(error).__name__})") from error
        except RageError as error:
            if isinstance(error, ServiceUnavailable):
                raise
            raise _unavailable(f"cannot be used: {error.message}") from error
        if status in _ANOTHER_DIALECT:
            raise _NotUnderstood
        if status in (401, 403):
            raise _unavailable(f"does not let us in (status {status}); check RAGE_RERANKER_API_KEY")
        if status != 200:
            raise _Unanswered(f"answers with status {status}")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise _Unanswered("answers without JSON") from error


def _unavailable(what: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"The rerank server {what}.", hint="Check RAGE_RERANKER_URL; hits keep their fused order meanwhile."
    )

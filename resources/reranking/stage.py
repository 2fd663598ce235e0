"""The stage of a search that reranks: as many of the best hits as fit into its time, or none, and it says so.

The reranker works in threads of its own, a bounded number at a time. Whoever waits for one waits no longer than the
budget; what comes later is thrown away, and ends by itself at its next look at the clock.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resources.errors import ServiceUnavailable
from resources.logs import get_logger
from resources.reranking import open_reranker
from resources.reranking.pace import Pace
from resources.reranking.protocol import OutOfTime, Reranker
from resources.retrieval.models import RERANKER_SKIPPED, RERANKER_UNAVAILABLE
from resources.settings import Settings

_FEWEST = 2  # one hit has no order
_QUEUE_SHARE = 0.5  # of the budget, waiting for a turn
_REST_S = 5.0  # between two attempts at what did not work, or was too slow
_PROBE_S = 5.0
_WARM_S = 30.0
_SAMPLE_QUERY = "How much leave do I have in a year?"
_SAMPLES = ["Everyone has thirty days of leave in a year; days that are left may be taken until March. " * 8] * 4
_log = get_logger(__name__)


class Reranked(NamedTuple):
    """The scores of the first texts, 0–1, as many as were read; and why there are none, where there should be some."""

    scores: NDArray[np.float64]
    degraded: str | None = None


_NONE = np.empty(0, np.float64)


def configured_reranking(settings: Settings) -> "Reranking | None":
    """The stage as configured; None where there is no reranker."""
    name = settings.reranker_url or settings.reranker_model
    if not name:
        return None

    def opened() -> Reranker:
        reranker = open_reranker(settings)
        assert reranker is not None
        return reranker

    identity = f"{name} {settings.reranker_model or ''} {settings.rerank_depth}"
    return Reranking(opened, settings.rerank_budget_ms / 1000, settings.rerank_depth, identity)


class Reranking:
    """Reranks within a budget; threads may share it.

    Args:
        opened: Opens the reranker; called in a thread, at first use.
        budget_s: Time for the stage.
        depth: The most texts that it reads.
        identity: Stands for what its scores depend on; results of another are others.
    """

    def __init__(self, opened: Callable[[], Reranker], budget_s: float, depth: int, identity: str = "") -> None:
        self.depth = depth
        self.identity = identity
        self._open_with = opened
        self._budget_s = budget_s
        self._pace = Pace()
        self._lock = threading.Lock()
        self._opener = ThreadPoolExecutor(1, "reranker-opening")
        self._opening: Future[Reranker] | None = None
        self._not_before = 0.0
        self._workers: ThreadPoolExecutor | None = None
        self._slots = threading.BoundedSemaphore(1)
        self._probed = 0.0
        self._failure: str | None = None

    def rank(self, query: str, texts: Sequence[str]) -> Reranked:
        """Scores of the first of `texts`, best hits first, as many as fit; takes no longer than the budget."""
        deadline = time.monotonic() + self._budget_s
        texts = texts[: self.depth]
        if len(texts) < _FEWEST:
            return Reranked(_NONE)
        try:
            reranker = self._opened(deadline)
        except ServiceUnavailable:
            return Reranked(_NONE, RERANKER_UNAVAILABLE)
        if self._pace.fitting(query, texts, self._budget_s) < _FEWEST:
            self._probe(reranker, query, texts[:_FEWEST])
            return Reranked(_NONE, RERANKER_SKIPPED)
        if not self._slots.acquire(timeout=self._budget_s * _QUEUE_SHARE):
            return Reranked(_NONE, RERANKER_SKIPPED)
        fitting = self._pace.fitting(query, texts, deadline - time.monotonic())
        if fitting < _FEWEST:
            self._slots.release()
            return Reranked(_NONE, RERANKER_SKIPPED)
        try:
            work = self._start(reranker, query, texts[:fitting], deadline)
            return Reranked(work.result(max(0.0, deadline - time.monotonic())))
        except (NotYet, OutOfTime):
            return Reranked(_NONE, RERANKER_SKIPPED)
        except Exception:  # whatever a model's runtime raises, the fused order stands
            return Reranked(_NONE, RERANKER_UNAVAILABLE)

    def warm(self) -> Reranker:
        """Opens the reranker and learns how fast it is, however long that takes.

        Raises:
            RageError: It cannot be opened, or does not work.
        """
        return self._begin_opening().result()

    def state(self) -> tuple[bool, str]:
        """Whether it serves, and what it is or what is wrong; waits for nothing."""
        with self._lock:
            opening, failure = self._opening, self._failure
        if opening is None or not opening.done():
            return False, "not loaded yet"
        if failure is not None:
            return False, failure
        count = self._pace.fitting(_SAMPLE_QUERY, [_SAMPLES[0]] * self.depth, self._budget_s)
        return True, f"{opening.result().name}, reads some {count} passages in {self._budget_s * 1000:.0f} ms"

    def close(self) -> None:
        """Lets go of the reranker; work that is under way ends by itself."""
        self._opener.shutdown(wait=False, cancel_futures=True)
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            opening = self._opening
        if opening is not None and opening.done() and not opening.cancelled() and opening.exception() is None:
            opening.result().close()

    def _opened(self, deadline: float) -> Reranker:
        with self._lock:
            known = self._opening
        opening = self._begin_opening()
        try:
            # Whoever began it waits for it; whoever finds it under way goes on.
            return opening.result(deadline - time.monotonic() if opening is not known else 0)
        except NotYet as error:
            raise ServiceUnavailable("The reranker is not loaded yet.") from error
        except Exception as error:  # whatever a broken model makes its library raise
            raise ServiceUnavailable(f"The reranker cannot be opened: {error}") from error

    def _begin_opening(self) -> "Future[Reranker]":
        with self._lock:
            now = time.monotonic()
            failed = self._opening is not None and self._opening.done() and self._opening.exception() is not None
            if self._opening is None or (failed and now >= self._not_before):
                self._opening = self._opener.submit(self._open)
            return self._opening

    def _open(self) -> Reranker:
        reranker = None
        try:
            reranker = self._open_with()
            for _ in range(2):  # the first time is slower than all that follow
                began = time.monotonic()
                reranker.score(_SAMPLE_QUERY, _SAMPLES, began + _WARM_S)
                taken = time.monotonic() - began
        except Exception as error:
            if reranker is not None:
                reranker.close()
            self._not_before = time.monotonic() + _REST_S
            self._note(str(error))
            raise
        self._note(None)
        self._pace.begin_anew(_SAMPLE_QUERY, _SAMPLES, taken)
        self._slots = threading.BoundedSemaphore(reranker.parallel)
        self._workers = ThreadPoolExecutor(reranker.parallel, "reranker")
        return reranker

    def _note(self, failure: str | None) -> None:
        """Remembers whether it works, and logs when that changes."""
        with self._lock:
            before, self._failure = self._failure, failure
        if failure is not None and before is None:
            _log.warning("reranker_fails", reason=failure)
        elif failure is None and before is not None:
            _log.info("reranker_works_again")

    def _probe(self, reranker: Reranker, query: str, texts: Sequence[str]) -> None:
        """Lets a few texts be read whatever time they take, now and then: what was too slow may have recovered."""
        with self._lock:
            now = time.monotonic()
            due = now >= self._probed + _REST_S
            self._probed = now if due else self._probed
        if due and self._slots.acquire(blocking=False):
            self._start(reranker, query, texts, now + _PROBE_S, probing=True)

    def _start(
        self, reranker: Reranker, query: str, texts: Sequence[str], deadline: float, *, probing: bool = False
    ) -> "Future[NDArray[np.float64]]":
        """Begins to work in a slot that was taken, and gives it back when that is done."""
        assert self._workers is not None
        try:
            return self._workers.submit(self._work, reranker, query, texts, deadline, probing)
        except RuntimeError:
            self._slots.release()
            raise

    def _work(
        self, reranker: Reranker, query: str, texts: Sequence[str], deadline: float, probing: bool
    ) -> NDArray[np.float64]:
        began = time.monotonic()
        try:
            scores = reranker.score(query, texts, deadline)
        except OutOfTime as late:
            taken = time.monotonic() - began
            # Not averaged: whoever was late once is likely to be late again.
            self._pace.learn_at_least(query, texts[: late.done] if late.done else texts, taken)
            raise
        except Exception as error:
            self._note(str(error))
            raise
        else:
            taken = time.monotonic() - began
            if probing:
                self._pace.begin_anew(query, texts, taken)
            else:
                self._pace.learn(query, texts, taken)
            self._note(None)
            return scores
        finally:
            self._slots.release()

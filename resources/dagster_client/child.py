"""Runs without a webserver: child processes, a few at a time, whose end somebody waits for."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from resources.logs import get_logger

_AT_ONCE = 2
_GRACE_S = 8.0
_NEVER_BEGAN = "The server stopped before the run began."
_log = get_logger(__name__)


class _Job(NamedTuple):
    space: str
    job_id: UUID
    on_death: Callable[[str], None]


class ChildRunner:
    """Runs `python -m rage_assets.ingest` in processes of its own; those that find no room wait their turn.

    A child survives a crash of this process, and ends with its orderly shutdown.

    Args:
        home: The platform's home, for children whose environment does not name it.
        command: What to run; a space and a job id are appended.
    """

    def __init__(self, home: Path, command: tuple[str, ...] = (sys.executable, "-m", "rage_assets.ingest")) -> None:
        self._command = command
        self._environment = {**os.environ, "RAGE_HOME": str(home)}
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._running: dict[UUID, subprocess.Popen[bytes]] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def run(self, space: str, job_id: UUID, on_death: Callable[[str], None]) -> None:
        """Runs an ingestion as soon as there is room.

        Args:
            space: The space.
            job_id: The run's id.
            on_death: Called with a reason if the child does not end well, or never starts.
        """
        with self._lock:
            self._waiting.put(_Job(space, job_id, on_death))
            if len(self._threads) < _AT_ONCE:
                thread = threading.Thread(target=self._work, name="ingest-children", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Ends the children, and tells on whose behalf they ran; returns within seconds."""
        with self._lock:
            self._closed = True
            children = list(self._running.values())
        with suppress(queue.Empty):
            while job := self._waiting.get_nowait():
                _tell(job, _NEVER_BEGAN)
        for _ in self._threads:
            self._waiting.put(None)
        for child in children:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S  # for all of them together
        for child in children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
        for thread in self._threads:
            thread.join(2)

    def _work(self) -> None:
        while job := self._waiting.get():
            self._attend(job)

    def _attend(self, job: _Job) -> None:
        try:
            with self._lock:
                if self._closed:
                    _tell(job, _NEVER_BEGAN)
                    return
                child = subprocess.Popen(  # noqa: S603 -- a command of our own; names of spaces are checked
                    [*self._command, job.space, str(job.job_id)],
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
                self._running[job.job_id] = child
            status = child.wait()
        except OSError as error:
            _tell(job, f"The run's process cannot be started: {error}.")
            return
        finally:
            self._running.pop(job.job_id, None)
        _log.info("ingest_child_ended", job_id=str(job.job_id), status=status)
        if status:
            _tell(job, "The server stopped." if self._closed else f"The run's process ended with status {status}.")


def _tell(job: _Job, reason: str) -> None:
    try:
        job.on_death(reason)
    except Exception:  # the next job must still have its turn
        _log.exception("run_state_not_noted", job_id=str(job.job_id))


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)

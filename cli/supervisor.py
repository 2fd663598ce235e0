"""Child processes of `rage up`: started in order, watched, restarted with back-off, stopped in reverse order.

Each child leads a process group of its own: Ctrl-C reaches only the supervisor, and a stop reaches grandchildren, too.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from resources.errors import ServiceUnavailable

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_STEADY_S = 60.0
_MOST_LOG_BYTES = 10 * 2**20
_MOST_EARLY_DEATHS = 3
_PR_SET_PDEATHSIG = 1


class Child:
    """One process that should run until it is told to stop.

    Args:
        name: What people call it.
        command: What to run.
        environment: Its environment.
        log: Where its output goes.
        ready: Whether it serves.
        grace_s: How long it may take to stop.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        ready: Callable[[], bool],
        grace_s: float = 6.0,
    ) -> None:
        self.name = name
        self.log = log
        self.ready = ready
        self._command = list(command)
        self._environment = dict(environment)
        self._grace_s = grace_s
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._start_at = 0.0
        self._wait_s = _FIRST_WAIT_S
        self.early_deaths = 0
        self.was_ready = False

    def start(self) -> None:
        """Starts it; its output is appended to its log, which begins anew when it has grown large."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        mode = "wb" if self.log.exists() and self.log.stat().st_size > _MOST_LOG_BYTES else "ab"
        with self.log.open(mode) as output:
            self._process = subprocess.Popen(  # noqa: S603 -- commands of our own
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # safe: the supervisor starts children from its only thread
            )
        self._began = time.monotonic()

    def tend(self) -> str:
        """Looks after it once; returns what there is to say: why it is being started again, or nothing."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_at:
                self.start()
            return ""
        status = self._process.poll()
        if status is None:
            return ""
        self._kill_group()  # grandchildren of a dead leader would hold its port
        if not self.was_ready:
            self.early_deaths += 1
        steady = now - self._began > _STEADY_S
        self._wait_s = _FIRST_WAIT_S if steady else min(self._wait_s * 2, _LONGEST_WAIT_S)
        self._start_at = now + self._wait_s
        self._process = None
        return f"{self.name} ended with status {status}; starting it again in {self._wait_s:.0f} s (see {self.log})."

    def ask_to_stop(self) -> None:
        """Tells it to stop, and does not wait."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def wait_stopped(self) -> None:
        """Waits until it has stopped, and makes sure of it and of its children."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._grace_s)
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Supervisor:
    """Keeps children running.

    Args:
        say: Prints a line for a person.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []

    def start(self, *children: Child) -> None:
        """Starts children and looks after them from now on."""
        for child in children:
            self._children.append(child)
            child.start()

    def wait_ready(self, child: Child, within_s: float) -> None:
        """Waits until a child serves, and looks after the others meanwhile.

        Raises:
            ServiceUnavailable: It does not in time, or dies again and again.
        """
        deadline = time.monotonic() + within_s
        while not child.ready():
            self.tend()
            if child.early_deaths >= _MOST_EARLY_DEATHS or time.monotonic() > deadline:
                raise ServiceUnavailable(
                    f"{child.name} does not start: {_last_line(child.log)}", hint=f"Its log is {child.log}."
                )
            time.sleep(0.2)
        child.was_ready = True

    def tend(self) -> None:
        """Looks after every child once."""
        for child in self._children:
            if message := child.tend():
                self._say(message)

    def stop(self) -> None:
        """Stops every child, the last started first; each within its grace."""
        for child in reversed(self._children):
            child.ask_to_stop()
        for child in reversed(self._children):
            child.wait_stopped()
        self._children.clear()


def _die_with_parent() -> None:
    """Asks Linux to stop this child if the supervisor is killed; elsewhere does nothing."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    return lines[-1][:300] if lines else "it said nothing"

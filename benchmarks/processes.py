"""The memory of processes, and servers that a benchmark starts and stops."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_EVERY_S = 0.2
_START_S = 180.0
_STOP_S = 60.0


@dataclass
class Peak:
    """The most memory that was seen."""

    bytes: int = 0


@contextmanager
def peak_of(pid: int) -> Iterator[Peak]:
    """Watches the resident memory of a process and its descendants, but for PostgreSQL's, as long as this lasts."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY_S):
            peak.bytes = max(peak.bytes, _resident(pid), _highest(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _resident(pid: int) -> int:
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                total += 0 if "postgres" in each.name() else each.memory_info().rss
    return total


def _highest(pid: int) -> int:
    """What the kernel remembers as the process's peak, which samples may miss."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def server(
    command: list[str], environment: Mapping[str, str], folder: Path, ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server until this ends.

    Args:
        command: What to run.
        environment: Its environment.
        folder: Its working directory, where its log goes, too.
        ready: Whether it serves.

    Raises:
        RuntimeError: It does not start.
    """
    log = folder / "bench-server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + _START_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[-1]} does not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

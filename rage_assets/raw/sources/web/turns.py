"""One request at a time to a host, from all processes of this machine, with a pause after each."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Turn:
    """A request under way.

    Attributes:
        pause_s: How long nobody asks the host after it.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.pause_s = 0.0

    @property
    def took_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began


class Turns:
    """The turns at a host.

    Args:
        folder: Where all processes note them.
        host: The host and its port.
    """

    def __init__(self, folder: Path, host: str) -> None:
        from fasteners import InterProcessLock

        folder.mkdir(parents=True, exist_ok=True)
        self._note = folder / f"{hashlib.sha256(host.encode()).hexdigest()[:32]}.turn"
        self._lock = InterProcessLock(self._note)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Waits for a turn; its pause is noted when it ends."""
        with self._lock:
            # a clock that was set back must not make anybody wait for what it once said
            time.sleep(min(max(0.0, self._note.stat().st_mtime - time.time()), 300.0))
            turn = Turn()
            try:
                yield turn
            finally:
                until = time.time() + turn.pause_s
                os.utime(self._note, (until, until))

"""A pool of child processes that read files: reused while they behave, killed and replaced when they do not."""

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Iterable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as OutOfTime
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from types import TracebackType

from pebble import ProcessExpired, ProcessPool

from rage_assets.blocks.isolation.limits import Limits, confine
from rage_assets.blocks.isolation.reading import Reading, Refusal, Request, read
from resources.embedding.cores import cores
from resources.errors import ParseFailed

# A library's small leaks end with the process that has them.
_FILES_A_PROCESS = 400
# Bytes a second; what is read in pieces may take longer the longer it is.
_LEAST_PACE = 500_000
_PREFIX = "rage-reading-"


class ReaderPool:
    """Reads files side by side. A context manager: at its end no child and no scratch file is left.

    Args:
        workers: How many processes; by default as many as there are cores.
        limits: What one file may take.
        max_bytes: A larger file is refused.
        passwords: What encrypted files may open with.
        skip_generated: Whether code that nobody wrote is refused.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        *,
        max_bytes: int,
        passwords: tuple[str, ...] = (),
        skip_generated: bool = True,
    ) -> None:
        self.workers = workers or cores()
        self._limits = limits or Limits()
        self._max_bytes = max_bytes
        self._passwords = passwords
        self._skip_generated = skip_generated
        _sweep()
        self._scratch = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        # a server that has imported the parsers once forks children that have them at once
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["rage_assets.blocks.isolation.preloaded"])
        self._pool = ProcessPool(self.workers, _FILES_A_PROCESS, confine, [self._limits], context)

    def __enter__(self) -> "ReaderPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.close()  # type: ignore[no-untyped-call]
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def submit(self, data: Path | Iterable[bytes], path: str) -> "Future[Reading]":
        """Reads a file.

        Args:
            data: Where its bytes are, or they themselves in pieces.
            path: Its path in its source.

        Returns:
            What it holds, to be closed by whoever takes it; or ParseFailed, with the reasons of `parse_file` and
            `timeout`, `memory` and `crashed`.
        """
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        if not isinstance(data, Path):
            with (folder / "file").open("wb") as file:
                file.writelines(data)
        request = Request(
            path=path,
            file=data if isinstance(data, Path) else folder / "file",
            scratch=folder,
            max_bytes=self._max_bytes,
            passwords=self._passwords,
            skip_generated=self._skip_generated,
            limits=self._limits,
        )
        _start_server()
        outcome: Future[Reading] = Future()
        longest = self._limits.total_seconds + request.file.stat().st_size / _LEAST_PACE
        under_way = self._pool.schedule(read, args=[request], timeout=longest)
        under_way.add_done_callback(partial(self._settle, outcome, folder, longest))
        return outcome

    def _settle(self, outcome: "Future[Reading]", folder: Path, longest: float, done: "Future[Reading | Refusal]") -> None:
        try:
            found = done.result()
            if isinstance(found, Reading):
                outcome.set_result(found)
                return
            failure: BaseException = ParseFailed(found.reason, found.message, hint=found.hint)
        except OutOfTime:
            failure = ParseFailed("timeout", f"Reading it took more than {longest:.0f} seconds.")
        except ProcessExpired as error:
            failure = self._ended(error)
        except CancelledError:
            failure = ParseFailed("cancelled", "The run ended before the file was read.")
        except BaseException as error:  # whatever it is belongs to whoever waits for the file
            failure = error
        shutil.rmtree(folder, ignore_errors=True)
        outcome.set_exception(failure)

    def _ended(self, error: ProcessExpired) -> ParseFailed:
        code = error.exitcode or 0
        if code == -signal.SIGALRM:
            return ParseFailed("timeout", f"Reading it did not get on for {self._limits.seconds:g} seconds.")
        if code == -signal.SIGKILL:
            return ParseFailed("memory", "The process that read it was killed, as the kernel does when memory runs out.")
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return ParseFailed("crashed", f"The process that read it ended with {how}.")


def _start_server() -> None:
    """Starts the server of readers unless it runs; Ctrl-C, which is for the parent, does not reach it from the first on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _sweep() -> None:
    """Removes what pools left behind whose process was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

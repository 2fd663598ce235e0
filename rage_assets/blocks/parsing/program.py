"""Programs of others, which end with the process that asks them, whichever way that dies."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress

# A program may be several processes, which outlive the one that is started. A shell leads their group, and beside it one
# waits that ends the group when our end of a pipe is closed. The pipe comes as the place of errors, which nobody reads.
_GUARD = (
    '(read -r _ <&2; rm -f "$0"; kill -s KILL 0) >/dev/null & "$@" 2>/dev/null; code=$?; kill -s KILL $!; wait; exit $code'
)


def output_of(
    command: Sequence[str],
    seconds: float,
    environment: Mapping[str, str],
    *,
    data: bytes = b"",
    folder: str | None = None,
    leaves: str = "",
) -> bytes | None:
    """Run a program to its end.

    Args:
        command: The program and its arguments: ours, with nothing of a file's name or text in them.
        seconds: How long it may take.
        environment: Its whole environment.
        data: What it is given to read.
        folder: Where it is run.
        leaves: A file that it leaves behind where it is killed.

    Returns:
        What it prints; None where it cannot be started, fails or takes too long.
    """
    ours, theirs = os.pipe()[::-1]
    try:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
            given.write(data)
            given.seek(0)
            process = subprocess.Popen(  # noqa: S603 - see `command`
                ["/bin/sh", "-c", _GUARD, leaves, *command], stdin=given, stdout=printed, stderr=theirs,
                env=environment, cwd=folder, start_new_session=True,
            )  # fmt: skip
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _end(process)
            printed.seek(0)
            return printed.read() if code == 0 else None
    finally:
        os.close(ours)
        os.close(theirs)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

"""What a process that reads strangers' files gives up before it reads the first one. Linux; elsewhere what there is."""

import ctypes
import os
import resource
import signal
import sys
from multiprocessing import forkserver
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# What a child needs of its parent's environment; all else, secrets first, stays behind.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "OMP_NUM_THREADS", "TESSDATA_PREFIX")
_NETWORK_EVENTS = frozenset(("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"))


class Limits(BaseModel):
    """What reading one file may take.

    Attributes:
        seconds: Without getting on: a page, or a piece of a long file, starts the clock anew.
        total_seconds: From the first byte to the last block.
        memory_bytes: Of a process, its code apart.
        output_bytes: Of a file that it writes into its scratch folder.
        open_files: At once.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float = Field(default=120, gt=0)
    total_seconds: float = Field(default=3600, gt=0)
    memory_bytes: int = Field(default=1 << 30, gt=0)
    output_bytes: int = Field(default=16 << 30, gt=0)
    open_files: int = Field(default=256, ge=32)


def confine(limits: Limits) -> None:
    """Gives up, for this process and for good, what reading files does not need."""
    for name in set(os.environ) - set(_KEPT):
        del os.environ[name]
    # one thread a process: as many processes read at once as there are cores
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its children
    _let_go_of_server()
    if sys.platform == "linux":
        _die_with_parent()
    _leave_network()
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.output_bytes),
        (resource.RLIMIT_DATA, limits.memory_bytes),
    ):
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _let_go_of_server() -> None:
    """Closes this process's copy of the pipe by whose end the server of readers sees that whoever started it is gone.

    As long as a reader held it, the server would outlive a process that was killed, and the reader with it.
    """
    server: Any = vars(forkserver)["_forkserver"]
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def _die_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked
        os._exit(1)


def _leave_network() -> None:
    """Moves into a network of its own with no way out where the kernel lets it; refuses Python's sockets in any case."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NETWORK_EVENTS:
        raise PermissionError(f"Reading a file reaches for the network ({event}), which it may not.")

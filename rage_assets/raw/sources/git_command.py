"""git as a program that trusts nobody: no configuration but ours, no other program or host, bounded time and bytes."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO, cast

from resources.egress.locations import Remote

TIMEOUT_S = 600
_MOST_OUTPUT = 4 * 2**30
# What a repository may take on this machine's disk; it stands beside a copy of its documents.
_MOST_COPY = 50 * 2**30
_LOOK_EVERY_S = 0.5
# What git may know of its surroundings. Its own variables could name programs, and ours hold secrets.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR",
         "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY")  # fmt: skip
_RULES = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
    "http.followRedirects": "false",  # another host would be one that nobody checked
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "transfer.bundleURI": "false",
    "fetch.recurseSubmodules": "false",
    "gc.autoDetach": "false",
    "credential.helper": "",
}
_PINNING_SINCE = (2, 37)


class GitCommand:
    """Runs git in a bare repository.

    Args:
        copy: The repository.
        remote: The server that may be spoken to; None for a repository on this machine.
        addresses: Where that server was found; the connection goes there and to nothing else.
    """

    def __init__(self, copy: Path, remote: Remote | None, addresses: Sequence[str]) -> None:
        self._copy = copy
        self._remote = remote
        self._rules = dict(_RULES)
        self._environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",  # a repository on this machine might name a program to fetch with
            "GIT_ALLOW_PROTOCOL": remote.scheme if remote else "file",
            "GIT_SSH_COMMAND": _ssh(remote, addresses),
            "GIT_SSH_VARIANT": "ssh",
            "LC_ALL": "C.UTF-8",
        }
        self._pinned = addresses[0] if addresses else ""
        if remote and addresses and remote.scheme in ("http", "https") and _version() >= _PINNING_SINCE:
            listed = ",".join(_bracketed(address) for address in addresses)
            self._rules["http.curloptResolve"] = f"{remote.host}:{remote.port}:{listed}"

    def address(self, location: str) -> str:
        """What to fetch from; git's own protocol has no names, so there the address stands for the host."""
        if self._remote is None or self._remote.scheme != "git" or not self._pinned:
            return location
        path = location.removeprefix("git://").partition("/")[2]
        return f"git://{_bracketed(self._pinned)}:{self._remote.port}/{path}"

    def run(self, *arguments: str) -> IO[bytes]:
        """What git prints, as a file; the caller closes it.

        Raises:
            OSError: It failed, took too long, or wrote too much; the message is the last that it said.
        """
        rules = [part for key, value in self._rules.items() for part in ("-c", f"{key}={value}")]
        output = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115 -- the caller closes it
        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(  # noqa: S603 -- a list; the location stands behind -- and was checked
                    ["git", *rules, "--git-dir", str(self._copy), *arguments],  # noqa: S607 -- as the user finds it
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=said,
                    env=self._environment,
                    start_new_session=True,
                )
                problem = self._watch(process, output)
                if process.returncode or problem:
                    said.seek(0)
                    last = said.read(64 * 1024).decode(errors="replace").strip().splitlines()[-1:]
                    raise OSError(problem or " ".join(last) or "git said nothing")
            except OSError:
                output.close()
                raise
        output.seek(0)
        return output

    def _watch(self, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> str:
        """Waits for git, and ends it with all that it started where it goes beyond its bounds; the reason."""
        deadline = time.monotonic() + TIMEOUT_S
        try:
            while True:
                try:
                    process.wait(_LOOK_EVERY_S)
                    return ""
                except subprocess.TimeoutExpired:
                    if time.monotonic() > deadline:
                        return f"git took longer than {TIMEOUT_S} s"
                    if os.fstat(output.fileno()).st_size > _MOST_OUTPUT or _bytes_in(self._copy) > _MOST_COPY:
                        return "the repository is too large"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _ssh(remote: Remote | None, addresses: Sequence[str]) -> str:
    """Ssh without prompts and other programs, which connects to the checked address and still checks the host's key."""
    options = ["BatchMode=yes", "ProxyCommand=none", "PermitLocalCommand=no", "ClearAllForwardings=yes"]
    if remote and remote.scheme == "ssh" and addresses:
        alias = remote.host if remote.port == 22 else f"[{remote.host}]:{remote.port}"
        options += [f"HostName={addresses[0]}", f"HostKeyAlias={alias}"]
    return " ".join(["ssh", *(f"'-o{option}'" for option in options)])


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:  # written and renamed meanwhile
                continue
    return total


@cache
def _version() -> tuple[int, ...]:
    """The version of git; (0,) where it does not say."""
    try:
        said = subprocess.run(["git", "version"], capture_output=True, timeout=10, check=True).stdout  # noqa: S607
        return tuple(int(part) for part in said.split()[2].split(b".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return (0,)

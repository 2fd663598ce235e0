"""A git repository: the tracked files of its default branch, read from a bare copy under `$RAGE_HOME`."""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import SourceUnreadable

_TIMEOUT_S = 600
# No prompt for a password may stop a run, and a URL may not start a program.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
}


class GitReader:
    """Lists a repository by its blobs: a blob's id changes with its content, so nothing unchanged is read.

    Args:
        location: What `git clone` takes.
        copy: Where the bare copy lies.
    """

    def __init__(self, location: str, copy: Path) -> None:
        self._location = location.removeprefix("git+")
        self._copy = copy

    def identity(self) -> str | None:
        """Nothing: a repository is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`; fetches first. Links and submodules are left out."""
        if (self._copy / "HEAD").exists():
            self._git("-C", str(self._copy), "fetch", "--quiet", "--depth=1", "origin", "+HEAD:refs/heads/rage")
        else:
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", str(self._copy))
            self._git("-C", str(self._copy), "remote", "add", "--", "origin", self._location)
            self._git("-C", str(self._copy), "fetch", "--quiet", "--depth=1", "origin", "+HEAD:refs/heads/rage")
        listing = self._git("-C", str(self._copy), "ls-tree", "-r", "-z", "--long", "--full-tree", "refs/heads/rage")
        for entry in listing.split(b"\0"):
            facts, _, name = entry.partition(b"\t")
            if not name:
                continue
            mode, kind, blob, size = facts.split()
            if kind == b"blob" and mode != b"120000":
                path = name.decode("utf-8", "backslashreplace")
                yield SeenFile(path, int(size), int(blob[:14], 16), blob.decode())

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        try:
            return io.BytesIO(self._git("-C", str(self._copy), "cat-file", "blob", file.locator))
        except SourceUnreadable as error:
            raise OSError(str(error)) from error

    def _git(self, *arguments: str) -> bytes:
        try:
            return subprocess.run(  # noqa: S603 -- arguments are a list, and the location stands behind --
                ["git", *arguments],  # noqa: S607 -- git is found as the user finds it
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
                env=os.environ | _ENVIRONMENT,
            ).stdout
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
            raise self._unreadable(said[0]) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, why: str) -> SourceUnreadable:
        return SourceUnreadable(
            f"The repository {self._location} cannot be read: {why}.",
            hint="Check its address and the rights of RAGE's user; nothing of the source was removed.",
        )

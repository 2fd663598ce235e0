"""A bare copy of a repository under `$RAGE_HOME`: fetching one commit of it, and what that commit holds."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.git_command import TIMEOUT_S, GitCommand
from rage_assets.raw.sources.git_local import check_within
from resources.egress.locations import git_remote, local_repository
from resources.egress.revisions import is_commit, reference_of, split_revision
from resources.errors import InvalidInput, SourceUnreadable

_TIP = "refs/rage/tip"
_LIST = ("ls-tree", "-r", "-z", "--long", "--full-tree", _TIP)
_STALE_S = 2 * TIMEOUT_S
_LINK = b"120000"
_SUBMODULE = b"160000"


@dataclass(frozen=True)
class Entry:
    """What a commit holds at a path: a blob with its size, or the commit of a submodule.

    Attributes:
        path: The path, as valid text.
        id: The blob's, or the submodule's commit.
        size: In bytes; 0 for a submodule.
        is_submodule: Which of them it is.
    """

    path: str
    id: str
    size: int
    is_submodule: bool


class Repository:
    """One repository and its copy.

    Args:
        location: An address as `resources.egress.locations` takes it, with the revision if it names one.
        copy: Where the bare copy lies.
        allowed_hosts: Hosts of private networks that may be reached.
        roots: See `check_within`.
    """

    def __init__(self, location: str, copy: Path, allowed_hosts: Sequence[str] = (), roots: Sequence[Path] = ()) -> None:
        address, self.revision = split_revision(location)
        self.address = address.removeprefix("git+")
        self.copy = copy
        self._allowed_hosts = list(allowed_hosts)
        self._roots = roots
        self.local = GitCommand(copy, None, [])
        self._listing: IO[bytes] | None = None

    def fetch(self) -> None:
        """Brings the copy to what the revision means now; a commit that is there is not asked for again.

        A copy that is damaged is made anew.

        Raises:
            SourceUnreadable: The repository may not be reached, does not answer, or has no such revision.
        """
        try:
            self._bring()
            self._list()
        except SourceUnreadable:
            if not self.copy.exists() or self._is_sound():
                raise
            shutil.rmtree(self.copy)
            self._bring()
            self._list()

    def _bring(self) -> None:
        try:
            remote = git_remote(self.address)
            addresses = remote.check(self._allowed_hosts) if remote is not None else []
        except InvalidInput as error:
            raise SourceUnreadable(error.message, hint=error.hint) from error
        if (folder := local_repository(self.address)) is not None:
            check_within(Path(folder), self._roots)
        reference = reference_of(self.revision)
        self._unlock()
        if not (self.copy / "HEAD").exists():
            self.copy.parent.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare").close()
        elif is_commit(reference) and self._tip() == reference:
            return
        command = GitCommand(self.copy, remote, addresses)
        address = command.address(local_repository(self.address) or self.address)
        fetch = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
        try:
            self._run(*fetch, "--depth=1", "--", address, f"+{reference}:{_TIP}", command=command).close()
        except SourceUnreadable as error:
            if "remote ref" in error.message:
                raise self._no_revision() from error
            if not is_commit(reference):
                raise
            # a server that gives no single commit gives its branches and tags, with what led to them
            everything = ("+refs/heads/*:refs/rage/heads/*", "+refs/tags/*:refs/rage/tags/*")
            self._run(*fetch, "--", address, *everything, command=command).close()
            self._point_to(reference)

    def entries(self) -> Iterator[Entry]:
        """The tracked files and submodules in git's order; links are left out."""
        listing = self._listing or self._list()
        listing.seek(0)
        for line in _parts(listing):
            facts, _, name = line.partition(b"\t")
            mode, kind, found, size = facts.split()
            if mode != _LINK and (kind == b"blob" or mode == _SUBMODULE):
                path = name.decode("utf-8", "backslashreplace")
                yield Entry(path, found.decode(), int(size) if size != b"-" else 0, mode == _SUBMODULE)

    def _list(self) -> IO[bytes]:
        if self._listing is not None:
            self._listing.close()
            self._listing = None
        self._listing = self._run(*_LIST)
        return self._listing

    def configured(self, blob: str) -> list[tuple[str, str]]:
        """The keys and values of a file of git's configuration, such as `.gitmodules`."""
        with self._run("config", "--blob", blob, "--no-includes", "-z", "--list") as listing:
            pairs = [part.decode("utf-8", "replace").partition("\n") for part in _parts(listing)]
        return [(key, value) for key, _, value in pairs]

    def blob(self, blob: str) -> IO[bytes]:
        """The bytes of a blob."""
        return self._run("cat-file", "blob", blob)

    def _is_sound(self) -> bool:
        """Whether git can use the copy, with all that its commit names."""
        try:
            self.local.run("rev-parse", "--git-dir").close()
            if self._tip():
                self.local.run(*_LIST).close()
        except OSError:
            return False
        return True

    def _unlock(self) -> None:
        """Removes the locks of a git that was killed; none that works holds one for so long."""
        for lock in [*self.copy.glob("*.lock"), *self.copy.glob("refs/**/*.lock")]:
            with suppress(OSError):
                if time.time() - lock.stat().st_mtime > _STALE_S:
                    lock.unlink()

    def _tip(self) -> str:
        try:
            with self.local.run("rev-parse", "--verify", "--quiet", _TIP) as said:
                return said.read(100).decode().strip()
        except OSError:
            return ""

    def _point_to(self, commit: str) -> None:
        try:
            self.local.run("update-ref", _TIP, commit).close()
        except OSError as error:
            raise self._no_revision() from error

    def _no_revision(self) -> SourceUnreadable:
        if not self.revision:
            return SourceUnreadable(f"The repository {self.address} is empty.", hint="Nothing of the source was removed.")
        return SourceUnreadable(
            f"The repository {self.address} has no {self.revision.replace('=', ' ')}.",
            hint="A source may name a branch, a tag or a whole commit id; nothing of it was removed.",
        )

    def _run(self, *arguments: str, command: GitCommand | None = None) -> IO[bytes]:
        try:
            return (command or self.local).run(*arguments)
        except OSError as error:
            raise SourceUnreadable(
                f"The repository {self.address} cannot be read: {error.strerror or error}.",
                hint="Check its address and the rights of RAGE's user; nothing of the source was removed.",
            ) from error


def _parts(listing: IO[bytes]) -> Iterator[bytes]:
    """The parts of a stream between NULs."""
    rest = b""
    while piece := listing.read(1 << 20):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    if rest:
        yield rest

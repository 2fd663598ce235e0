"""A git repository: the tracked files of its default branch, read from a bare copy under `$RAGE_HOME`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.git_command import GitCommand
from rage_assets.raw.sources.protocol import SeenFile
from resources.egress.locations import git_remote, local_repository
from resources.errors import InvalidInput, SourceUnreadable

_BRANCH = "refs/heads/rage"


class GitReader:
    """Lists a repository by its blobs: a blob's id changes with its content, so nothing unchanged is read.

    Args:
        location: An address as `resources.egress.locations` takes it.
        copy: Where the bare copy lies.
        allowed_hosts: Hosts of private networks that may be reached.
    """

    def __init__(self, location: str, copy: Path, allowed_hosts: Sequence[str] = ()) -> None:
        self._location = location.removeprefix("git+")
        self._copy = copy
        self._allowed_hosts = list(allowed_hosts)
        self._local = GitCommand(copy, None, [])

    def identity(self) -> str | None:
        """Nothing: a repository is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`; fetches first. Links and submodules are left out."""
        self._fetch()
        with self._run("ls-tree", "-r", "-z", "--long", "--full-tree", _BRANCH) as listing:
            for entry in _entries(listing):
                facts, _, name = entry.partition(b"\t")
                mode, kind, blob, size = facts.split()
                if kind == b"blob" and mode != b"120000":
                    path = name.decode("utf-8", "backslashreplace")
                    yield SeenFile(path, int(size), int(blob[:14], 16), blob.decode())

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        try:
            return self._run("cat-file", "blob", file.locator)
        except SourceUnreadable as error:
            raise OSError(str(error)) from error

    def _fetch(self) -> None:
        try:
            remote = git_remote(self._location)
            addresses = remote.check(self._allowed_hosts) if remote is not None else []
        except InvalidInput as error:
            raise SourceUnreadable(error.message, hint=error.hint) from error
        if not (self._copy / "HEAD").exists():
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare").close()
        command = GitCommand(self._copy, remote, addresses)
        address = command.address(local_repository(self._location) or self._location)
        fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", address)
        self._run(*fetch, f"+HEAD:{_BRANCH}", command=command).close()

    def _run(self, *arguments: str, command: GitCommand | None = None) -> IO[bytes]:
        try:
            return (command or self._local).run(*arguments)
        except OSError as error:
            raise SourceUnreadable(
                f"The repository {self._location} cannot be read: {error.strerror or error}.",
                hint="Check its address and the rights of RAGE's user; nothing of the source was removed.",
            ) from error


def _entries(listing: IO[bytes]) -> Iterator[bytes]:
    """The parts of a stream between NULs."""
    rest = b""
    while piece := listing.read(1 << 20):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    if rest:
        yield rest

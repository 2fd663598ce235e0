"""A git repository: the tracked files of a branch, tag or commit and of its submodules, from bare copies."""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.git_repository import Entry, Repository
from rage_assets.raw.sources.git_submodules import addresses, resolve
from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import InvalidInput, RageError, SourceUnreadable

_MOST_DEPTH = 5
_MOST_SUBMODULES = 200
# What stands in the place of a file that is kept by Git LFS.
_POINTER = b"version https://git-lfs.github.com/spec/"
_MOST_POINTER = 1024


class GitReader:
    """Lists a repository by its blobs: a blob's id changes with its content, so nothing unchanged is read.

    Args:
        location: An address as `resources.egress.locations` takes it; `resources.egress.revisions` says how it names a
            branch or tag.
        copy: Where the bare copy lies, those of submodules in it.
        allowed_hosts: Hosts of private networks that may be reached.
        roots: Folders of this machine that a repository below one of them does not lead out of.
    """

    def __init__(self, location: str, copy: Path, allowed_hosts: Sequence[str] = (), roots: Sequence[Path] = ()) -> None:
        self._repository = Repository(location, copy, allowed_hosts, roots)
        self._roots = roots
        self._local = self._repository.local
        self._allowed_hosts = allowed_hosts
        self._submodules = 0

    def identity(self) -> str | None:
        """Nothing: a repository is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`; fetches first. Links are left out; a submodule that cannot be read is named."""
        self._submodules = 0
        self._repository.fetch()
        yield from self._listed(self._repository, "", 0)

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        repository, blob = file.locator
        try:
            opened: IO[bytes] = repository.blob(blob)
        except SourceUnreadable as error:
            raise OSError(str(error)) from error
        if file.size < _MOST_POINTER and opened.read(len(_POINTER)) == _POINTER:
            opened.close()
            raise OSError("It lies in Git LFS, which is not read")
        opened.seek(0)
        return opened

    def _listed(self, repository: Repository, prefix: str, depth: int) -> Iterator[SeenFile]:
        modules: list[Entry] = []
        odd: list[SeenFile] = []  # names that are no text have another place than git gives them
        configured = ""
        for entry in repository.entries():
            if entry.is_submodule:
                modules.append(entry)
            elif entry.path == ".gitmodules":
                configured = entry.id
            elif "\\" in entry.path:
                odd.append(_seen(repository, prefix, entry))
        places = _places(repository, configured) if configured and modules else {}
        plain = (
            _seen(repository, prefix, entry)
            for entry in repository.entries()
            if not entry.is_submodule and "\\" not in entry.path
        )
        odd.sort(key=lambda file: file.path)
        inner = [self._submodule(repository, prefix, entry, places.get(entry.path, ""), depth) for entry in modules]
        yield from heapq.merge(plain, odd, *inner, key=lambda file: file.path)

    def _submodule(self, parent: Repository, prefix: str, entry: Entry, address: str, depth: int) -> Iterator[SeenFile]:
        path = f"{prefix}{entry.path}/"
        try:
            if not address:
                raise InvalidInput(".gitmodules does not say where it lies.")
            self._submodules += 1
            if depth >= _MOST_DEPTH or self._submodules > _MOST_SUBMODULES:
                raise InvalidInput(f"There are more than {_MOST_SUBMODULES} submodules, or one in another too often.")
            place = hashlib.sha256(entry.path.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            copy = parent.copy / "modules" / place
            location = f"{resolve(parent.address, address)}#commit={entry.id}"
            repository = Repository(location, copy, self._allowed_hosts, self._roots)
            repository.fetch()
            found = self._listed(repository, path, depth + 1)
            first = next(found, None)
        except RageError as error:
            yield SeenFile(path, 0, 0, problem=f"The submodule cannot be read: {error.message}")
            return
        if first is not None:
            yield first
            yield from found


def _places(repository: Repository, configured: str) -> dict[str, str]:
    """Where the submodules lie; nowhere, if what says so cannot be understood: then each of them is named."""
    try:
        return addresses(repository.configured(configured))
    except SourceUnreadable:
        return {}


def _seen(repository: Repository, prefix: str, entry: Entry) -> SeenFile:
    return SeenFile(f"{prefix}{entry.path}", entry.size, int(entry.id[:14], 16), (repository, entry.id))

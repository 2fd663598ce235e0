"""Files on any fsspec file system: S3, GCS, Azure, SFTP."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from rage_assets.raw.sources.opened import opened
from rage_assets.raw.sources.protocol import SeenFile
from resources.egress.locations import check_remote, pinned
from resources.errors import InvalidInput, SourceUnreadable

# Of which time the database can hold the nanoseconds.
_LATEST_S = 9e9

# How the drivers call what changes with a file's content: its hash or version first, its time where there is none.
_TOKENS = (
    *("ETag", "etag", "e_tag", "md5Hash", "md5", "content_md5", "checksum", "VersionId", "version_id", "generation"),
    *("mtime", "LastModified", "last_modified", "updated", "modify", "last_write_time", "modificationTime"),
)


class ObjectStoreReader:
    """Lists a folder of an fsspec file system.

    A bucket is listed at once. What has real folders is walked one by one: fsspec itself would pass over a folder that it
    cannot list as if it were empty.

    Args:
        fs: The file system.
        root: The folder.
    """

    def __init__(self, fs: Any, root: str) -> None:
        self._fs = fs
        self._root = root.rstrip("/")
        self._top = self._root or root[:1]

    def identity(self) -> str | None:
        """Nothing: a bucket is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`. An ETag or version stands for the content where the store gives one."""
        problems: list[str] = []
        found = self._found(problems)
        found += [(path, -1, 0, "") for path in problems]
        found.sort()
        found.reverse()
        while found:  # what was handed on is not held any longer
            path, size, token, name = found.pop()
            if size < 0:
                yield SeenFile(path, 0, 0, problem="The folder cannot be listed: RAGE has no right to it.")
            else:
                yield SeenFile(path, size, token, name)

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        return opened(lambda: self._fs.open(file.locator, "rb"))

    def _found(self, problems: list[str]) -> list[tuple[str, int, int, str]]:
        """Path, size, token and name of each file: little of each, for there may be millions."""
        try:
            self._fs.invalidate_cache()
            if not self._fs.isdir(self._top):
                raise FileNotFoundError(self._top)
            found = self._of_bucket() if _is_flat(self._fs) else self._of_folders(problems)
            self._fs.invalidate_cache()  # or the driver holds it all a second time
        except Exception as error:  # drivers raise errors of their own libraries
            raise SourceUnreadable(
                f"{self._top} cannot be listed: {type(error).__name__}: {error}.",
                hint="Check the address and the credentials; nothing of the source was removed.",
            ) from error
        return found

    def _of_bucket(self) -> list[tuple[str, int, int, str]]:
        listing: dict[str, dict[str, Any]] = self._fs.find(self._top, detail=True)
        self._fs.invalidate_cache()
        found = []
        while listing:
            full, facts = listing.popitem()
            found += self._as_file(full, facts)
        return found

    def _of_folders(self, problems: list[str]) -> list[tuple[str, int, int, str]]:
        found = []
        waiting = [self._top]
        while waiting:
            folder = waiting.pop()
            try:
                listing = self._fs.ls(folder, detail=True)
            except FileNotFoundError:
                if folder == self._top:
                    raise
                continue  # gone since its parent was listed
            except PermissionError:
                if folder == self._top:
                    raise
                problems.append(f"{self._path_of(folder)}/")
                continue
            for facts in listing:
                full = facts["name"].rstrip("/")
                if facts.get("type") == "directory" and full != folder.rstrip("/"):
                    waiting.append(full)
                else:
                    found += self._as_file(full, facts)
        return found

    def _as_file(self, full: str, facts: dict[str, Any]) -> list[tuple[str, int, int, str]]:
        path = self._path_of(full)
        # a key may be any text, and a path in the database has no NUL
        if facts.get("type") != "file" or not path or path.endswith("/") or "\0" in path:
            return []
        return [(path, int(facts.get("size") or 0), change_token(facts), full)]

    def _path_of(self, full: str) -> str:
        """As valid text; a key that differs from another by a slash alone stays another one."""
        return full[len(self._root) :].removeprefix("/").encode("utf-8", "backslashreplace").decode()


def _is_flat(fs: Any) -> bool:
    """Whether a driver lists all that lies below a folder by itself, or fsspec walks through folders for it."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    if isinstance(fs, AsyncFileSystem):
        return type(fs)._find is not AsyncFileSystem._find
    return getattr(type(fs), "find", None) is not AbstractFileSystem.find


def open_url(url: str, allowed_hosts: Sequence[str] = ()) -> ObjectStoreReader:
    """The reader of a folder named by an fsspec URL; its server is checked anew, since names move.

    Raises:
        SourceUnreadable: It may not be reached, or there is no driver for it.
    """
    import fsspec

    try:
        addresses = check_remote("object_store", url, allowed_hosts)
        # what one reader has listed and signed in with is none of the next one's business
        fs, root = fsspec.core.url_to_fs(pinned(url, addresses), skip_instance_cache=True)
    except InvalidInput as error:
        raise SourceUnreadable(error.message, hint=error.hint) from error
    except (ImportError, ValueError) as error:
        raise SourceUnreadable(f"{url} cannot be opened: {error}.", hint="Install the driver it names.") from error
    except Exception as error:  # a server that does not answer, or refuses, in the words of its driver
        raise SourceUnreadable(
            f"{url} cannot be opened: {type(error).__name__}: {error}.",
            hint="Check the address and the credentials; nothing of the source was removed.",
        ) from error
    return ObjectStoreReader(fs, root)


def change_token(facts: dict[str, Any]) -> int:
    """A number that changes with the content, by what a file system says of a file.

    Of a file of which nothing is said but its size, it is another one each time: then its bytes decide.
    """
    said = next((facts[name] for name in _TOKENS if facts.get(name) not in (None, "")), None)
    if isinstance(said, float) and abs(said) < _LATEST_S:
        return int(said * 1e9)
    if said is None:
        return time.time_ns()
    text = said.isoformat() if isinstance(said, datetime) else str(said)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])

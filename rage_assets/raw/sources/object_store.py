"""Files on any fsspec file system: S3, GCS, Azure, SFTP."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from rage_assets.raw.sources.protocol import SeenFile
from resources.egress.locations import check_remote, pinned
from resources.errors import InvalidInput, SourceUnreadable

# How the drivers call what changes with a file's content: its hash or version first, its time where there is none.
_TOKENS = (
    *("ETag", "etag", "e_tag", "md5Hash", "md5", "content_md5", "checksum", "VersionId", "version_id", "generation"),
    *("mtime", "LastModified", "last_modified", "updated", "modify", "last_write_time", "modificationTime"),
)


class ObjectStoreReader:
    """Lists a folder of an fsspec file system.

    Args:
        fs: The file system.
        root: The folder.
    """

    def __init__(self, fs: Any, root: str) -> None:
        self._fs = fs
        self._root = root.rstrip("/")

    def identity(self) -> str | None:
        """Nothing: a bucket is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`. An ETag or version stands for the content where the store gives one."""
        found = self._found()
        found.sort()
        found.reverse()
        while found:  # what was handed on is not held any longer
            yield SeenFile(*found.pop())

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        opened: IO[bytes] = self._fs.open(file.locator, "rb")
        return opened

    def _found(self) -> list[tuple[str, int, int, str]]:
        """Path, size, token and name of each file: little of each, for there may be millions."""
        try:
            self._fs.invalidate_cache()
            if not self._fs.isdir(self._root):
                raise FileNotFoundError(self._root)
            listing: dict[str, dict[str, Any]] = self._fs.find(self._root, detail=True)
        except Exception as error:  # drivers raise errors of their own libraries
            raise SourceUnreadable(
                f"{self._root} cannot be listed: {type(error).__name__}: {error}.",
                hint="Check the address and the credentials; nothing of the source was removed.",
            ) from error
        self._fs.invalidate_cache()  # or the driver holds it all a second time
        found = []
        while listing:
            full, facts = listing.popitem()
            relative = full[len(self._root) :].lstrip("/")
            # a key may be any text, and a path in the database has no NUL
            if facts.get("type") == "file" and relative and not relative.endswith("/") and "\0" not in relative:
                found.append((relative, int(facts.get("size") or 0), change_token(facts), full))
        return found


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
    if isinstance(said, float):
        return int(said * 1e9)
    if said is None:
        return time.time_ns()
    text = said.isoformat() if isinstance(said, datetime) else str(said)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])

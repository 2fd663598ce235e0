"""Files on any fsspec file system: S3, GCS, Azure, SFTP."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

from rage_assets.raw.sources.protocol import SeenFile
from resources.egress.locations import check_remote, pinned
from resources.errors import InvalidInput, SourceUnreadable


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
        try:
            self._fs.invalidate_cache()
            if not self._fs.isdir(self._root):
                raise FileNotFoundError(self._root)
            found = self._fs.find(self._root, detail=True)
        except Exception as error:  # drivers raise errors of their own libraries
            raise SourceUnreadable(
                f"{self._root} cannot be listed: {type(error).__name__}: {error}.",
                hint="Check the address and the credentials; nothing of the source was removed.",
            ) from error
        for full, facts in sorted(found.items(), key=lambda item: str(item[0])):
            if facts.get("type") == "file":
                relative = full[len(self._root) :].lstrip("/")
                yield SeenFile(relative, int(facts.get("size") or 0), change_token(facts), full)

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`."""
        opened: IO[bytes] = self._fs.open(file.locator, "rb")
        return opened


def open_url(url: str, allowed_hosts: Sequence[str] = ()) -> ObjectStoreReader:
    """The reader of a folder named by an fsspec URL; its server is checked anew, since names move.

    Raises:
        SourceUnreadable: It may not be reached, or there is no driver for it.
    """
    import fsspec

    try:
        addresses = check_remote("object_store", url, allowed_hosts)
        fs, root = fsspec.core.url_to_fs(pinned(url, addresses))
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
    """A number that changes with the content, by what a file system says of a file."""
    if isinstance(facts.get("mtime"), float):
        return int(facts["mtime"] * 1e9)
    token = next((facts[key] for key in ("ETag", "etag", "md5Hash", "LastModified", "last_modified") if key in facts), "")
    return int.from_bytes(hashlib.sha256(str(token).encode()).digest()[:7])

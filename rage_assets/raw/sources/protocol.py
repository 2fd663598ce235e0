"""What a source is to the scan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol


@dataclass(frozen=True)
class SeenFile:
    """A file as a source lists it.

    Attributes:
        path: Relative to the source's location, with `/`, as valid text whatever the bytes of the name.
        size: In bytes.
        mtime_ns: The time of the last change in nanoseconds, or any number that changes with the content.
        locator: How the reader itself finds the file again.
        problem: Why it cannot be read just now. What is known of it stays as it is; where `path` is empty or ends with
            `/`, what is known of everything below it that is not listed.
        leads_to: Of a link, the path of what it leads to: it is for those alone who may see both.
    """

    path: str
    size: int
    mtime_ns: int
    locator: Any = None
    problem: str = ""
    leads_to: str = ""


class SourceReader(Protocol):
    """Lists and opens the files of one source."""

    def identity(self) -> str | None:
        """What the root lies on (a device, a bucket), so that an unmounted root is not taken for an empty one."""
        ...

    def scan(self) -> Iterator[SeenFile]:
        """The files in the order of their paths' bytes, and among them what cannot be read just now.

        Raises:
            SourceUnreadable: The source, or a folder in it, cannot be read. What came before is no reason to remove
                anything.
        """
        ...

    def open(self, file: SeenFile) -> IO[bytes]:
        """The bytes of a file.

        Raises:
            OSError: It cannot be read, or is gone.
        """
        ...

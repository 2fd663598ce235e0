"""Reading a file of a source once: its bytes on a spool, and their hash."""

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, cast

from rage_assets.raw.sources import SeenFile, SourceReader

# Small files stay in memory until they are stored; larger ones wait on disk.
_SPOOL_BYTES = 8 * 2**20
_PIECE = 1 << 20


@dataclass(frozen=True)
class Content:
    """What was read: the bytes from their start, their SHA-256, and how many there are."""

    stream: IO[bytes]
    sha256: bytes
    size: int


class Refused(Exception):
    """A file that is not taken in: the reason for quarantine, a sentence, and whether it may pass."""

    def __init__(self, reason: str, detail: str, *, retryable: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retryable = retryable


def read_file(reader: SourceReader, file: SeenFile, limit: int) -> Content | None:
    """Reads a file; None where it is gone since it was listed.

    Raises:
        Refused: It has more than `limit` bytes, or cannot be read.
    """
    if file.size > limit:
        raise Refused("too_large", f"{file.size} bytes; the limit is {limit}.")
    spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES))  # noqa: SIM115 -- its user closes it
    try:
        digest, size = _copy(reader, file, spool, limit)
    except FileNotFoundError:
        spool.close()
        return None
    except OSError as error:
        spool.close()
        raise Refused("unreadable", f"{error.strerror or error}.", retryable=True) from error
    except Refused:
        spool.close()
        raise
    spool.seek(0)
    return Content(spool, digest, size)


def _copy(reader: SourceReader, file: SeenFile, spool: IO[bytes], limit: int) -> tuple[bytes, int]:
    digest = hashlib.sha256()
    size = 0
    with reader.open(file) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > limit:
                raise Refused("too_large", f"It grew over the limit of {limit} bytes.")
            digest.update(piece)
            spool.write(piece)
    return digest.digest(), size

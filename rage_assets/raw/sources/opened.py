"""A file that a driver has opened: whatever goes wrong with it is an error of reading this one file."""

import io
from collections.abc import Callable
from typing import IO, Any, cast

from resources.encryption.errors import Tampered
from resources.errors import RageError

_PIECE = 1 << 20


def opened(open_it: Callable[[], IO[bytes]]) -> IO[bytes]:
    """What a driver opens, as a file of which every error is an OSError, whatever library it comes from.

    Raises:
        OSError: It cannot be opened.
        RageError: More than this file is out of reach, such as the key of its space.
    """
    return cast(IO[bytes], io.BufferedReader(_Opened(open_it), _PIECE))


class _Opened(io.RawIOBase):
    def __init__(self, open_it: Callable[[], IO[bytes]]) -> None:
        self._file: IO[bytes] = _told(open_it)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = _told(self._file.read, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            _told(self._file.close)


def _told(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Tampered as error:
        raise OSError(error.message) from error
    except (OSError, RageError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error

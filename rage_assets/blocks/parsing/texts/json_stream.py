"""One large JSON value, entry by entry, with no more of it in memory than an entry."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from resources.errors import ParseFailed

_SPACE = re.compile(r"[ \t\n\r\ufeff]*")
_LARGEST_ENTRY = 32 * 2**20
# The file's value and those right in it; what lies deeper is read as a whole.
_STREAMED_LEVELS = 2


class _Number(str):
    """A number as its digits."""


# Numbers stay as they are written: no limit on digits, no rounding.
_DECODER = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_Number)


def load(text: str) -> Any:
    """The value of JSON text; numbers are strings, as they are written."""
    return _DECODER.decode(text.lstrip("\ufeff"))


class JsonStream:
    """Reads entries from a window that moves over the text."""

    def __init__(self, pieces: Iterable[str]) -> None:
        """Read from pieces of text."""
        self._pieces = iter(pieces)
        self._text = ""
        self._at = 0
        self._ended = False

    def entries(self) -> Iterator[tuple[str, Any]]:
        """The entries of the value, or of several one after the other, each with its path of keys."""
        while self._next():
            yield from self._value("", 0)

    def _value(self, path: str, level: int) -> Iterator[tuple[str, Any]]:
        sign = self._next()
        if level >= _STREAMED_LEVELS or sign not in ("[", "{"):
            yield path, self._whole()
            return
        self._at += 1
        closing = "]" if sign == "[" else "}"
        count = 0
        if self._next() == closing:
            self._at += 1
            return
        while True:
            if sign == "[":
                inner = f"{path}[{count}]"
            else:
                if self._next() != '"':
                    raise self._broken()
                key = self._whole()
                if self._next() != ":":
                    raise self._broken()
                self._at += 1
                inner = f"{path}.{key}" if path else key
            yield from self._value(inner, level + 1)
            count += 1
            following = self._next()
            self._at += 1
            if following == closing:
                return
            if following != ",":
                raise self._broken()

    def _next(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(1):
                return ""

    def _whole(self) -> Any:
        """The value that begins here."""
        self._next()
        wanted = 2**16
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                value, end = None, len(self._text)
            # What reaches the window's end may go on behind it.
            if end < len(self._text):
                self._at = end
                return value
            wanted = max(wanted, 2 * (len(self._text) - self._at))
            if wanted > _LARGEST_ENTRY:
                raise ParseFailed("too_large", f"One entry has more than {_LARGEST_ENTRY // 2} characters.")
            if not self._more(wanted):
                break
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            raise self._broken() from None
        return value

    def _more(self, wanted: int) -> bool:
        """Move the window on until so many characters lie ahead; whether there were any more."""
        parts, ahead, before = [self._text[self._at :]], len(self._text) - self._at, self._ended
        while ahead < wanted and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            else:
                parts.append(piece)
                ahead += len(piece)
        self._text, self._at = "".join(parts), 0
        return not before and len(parts) > 1

    def _broken(self) -> ParseFailed:
        return ParseFailed("broken", f"Not JSON near {self._text[self._at : self._at + 30]!r}.")

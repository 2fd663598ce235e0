"""Compound files (OLE), the containers of Office before 2007: streams by name, and the document's own facts."""

import io
from struct import error as StructError
from struct import unpack_from
from typing import Any

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.rtf_tokens import code_page, decoded
from resources.errors import ParseFailed

_FACTS = {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "comments"}
_CODE_PAGE, _TEXT, _WIDE_TEXT = 1, 30, 31
_MAX_PROPERTIES = 1000


class CompoundFile:
    """The streams of a compound file."""

    def __init__(self, content: Content) -> None:
        """Open a file.

        Raises:
            ParseFailed: `broken` where it is none.
        """
        import olefile

        try:
            self._file: Any = olefile.OleFileIO(io.BytesIO(content.data))
        except (OSError, ValueError, IndexError, AttributeError) as error:
            raise ParseFailed("broken", f"The file is no Office document: {error}.") from None

    def has(self, name: str) -> bool:
        """Whether there is a stream of this name."""
        return bool(self._file.exists(name))

    def read(self, name: str) -> bytes:
        """The bytes of a stream; none where it is missing.

        Raises:
            ParseFailed: `broken` where it is damaged.
        """
        if not self.has(name):
            return b""
        try:
            return bytes(self._file.openstream(name).read())
        except (OSError, ValueError, IndexError) as error:
            raise ParseFailed("broken", f"Stream {name} cannot be read: {error}.") from None

    def facts(self) -> dict[str, str]:
        """Title, author, subject and so on, as far as they can be read."""
        try:
            return _facts(self.read("\x05SummaryInformation"))
        except (StructError, ParseFailed):
            return {}


def _facts(data: bytes) -> dict[str, str]:
    """The texts of a set of properties; olefile's own reader follows counts that a damaged file makes endless."""
    start = unpack_from("<I", data, 44)[0]
    count = min(unpack_from("<I", data, start + 4)[0], _MAX_PROPERTIES)
    places = dict(unpack_from("<II", data, start + 8 + 8 * at) for at in range(count))
    page = unpack_from("<H", data, start + places[_CODE_PAGE] + 4)[0] if _CODE_PAGE in places else 1252
    found = {}
    for number, name in _FACTS.items():
        if number not in places:
            continue
        kind, length = unpack_from("<II", data, start + places[number])
        place = start + places[number] + 8
        if kind == _WIDE_TEXT:
            found[name] = data[place : place + 2 * length].decode("utf-16-le", "replace").partition("\0")[0]
        elif kind == _TEXT:
            found[name] = decoded(data[place : place + length].partition(b"\0")[0], code_page(page))
    return found

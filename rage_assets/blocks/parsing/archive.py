"""Zip archives whose parts are read with bounds, since a small one can unpack to more than any memory holds."""

import io
import zipfile
from typing import TYPE_CHECKING

from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_TOTAL = 1_000_000_000
_MAX_PART = 200_000_000
_MAX_RATIO = 200
_MAX_MEMBERS = 20_000


class Archive:
    """The parts of a zip archive."""

    def __init__(self, data: bytes) -> None:
        """Open an archive and check what it says of its sizes.

        Raises:
            ParseFailed: `broken` for what is no archive or would unpack to too much, `encrypted` with a password.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise ParseFailed("broken", f"The file is a damaged archive: {error}.") from None
        members = self._zip.infolist()
        total = sum(member.file_size for member in members)
        if len(members) > _MAX_MEMBERS or total > _MAX_TOTAL or (total > 50_000_000 and total > _MAX_RATIO * len(data)):
            raise ParseFailed("broken", f"The archive would unpack to {total} bytes in {len(members)} parts.")
        if any(member.flag_bits & 1 for member in members):
            raise ParseFailed("encrypted", "The archive is protected by a password.")
        self.names = set(self._zip.namelist())

    def read(self, name: str) -> bytes:
        """The bytes of a part; a part that unpacks to more than it says is refused."""
        try:
            with self._zip.open(name) as part:
                data = part.read(_MAX_PART + 1)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            raise ParseFailed("broken", f"Part {name} cannot be read: {error}.") from None
        if len(data) > _MAX_PART:
            raise ParseFailed("broken", f"Part {name} unpacks to more than {_MAX_PART} bytes.")
        return data

    def xml(self, name: str) -> "_Element":
        """The root of an XML part; entities stay unexpanded and nothing is fetched."""
        return parse_xml(self.read(name))


def parse_xml(data: bytes) -> "_Element":
    """The root of an XML document; entities stay unexpanded and nothing is fetched.

    Raises:
        ParseFailed: `broken` when it is not XML.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ParseFailed("broken", f"Not XML: {error}") from None

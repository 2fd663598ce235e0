"""Zip archives whose parts are read with bounds, since a small one can unpack to more than any memory holds."""

import io
import mmap
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_TOTAL = 1_000_000_000
MOST_OF_FILES = 4_000_000_000
_MAX_PART = 200_000_000
_MAX_RATIO = 200
_MAX_MEMBERS = 20_000
_MAX_SIGNATURES = 200_000  # those of archives within the archive included
_LOCAL_HEADER = 30
_ENTRY = b"PK\1\2"
_MAX_PROLOG = 256 * 1024
_LONGEST_ENTITY = 1000
# For every parser of lxml: nothing is replaced, loaded or fetched, and the library's own bounds hold.
XML_OPTIONS: dict[str, Any] = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "dtd_validation": False, "attribute_defaults": False,
    "huge_tree": False,
}  # fmt: skip


class Archive:
    """The parts of a zip archive."""

    def __init__(self, data: bytes) -> None:
        """Open an archive and check it, see `open_zip`.

        Raises:
            ParseFailed: `broken` for what is no archive or would unpack to too much, `encrypted` with a password.
        """
        try:
            self._zip = open_zip(data)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise ParseFailed("broken", f"The file is a damaged archive: {error}.") from None
        self.names = set(self._zip.namelist())

    def read(self, name: str) -> bytes:
        """The bytes of a part; a part that unpacks to more than it says is refused."""
        try:
            with self._zip.open(name) as part:
                data = part.read(_MAX_PART + 1)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError, NotImplementedError, zlib.error) as error:
            raise ParseFailed("broken", f"Part {name} cannot be read: {error}.") from None
        if len(data) > _MAX_PART:
            raise ParseFailed("broken", f"Part {name} unpacks to more than {_MAX_PART} bytes.")
        return data

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream, for parts that are read in pieces; it ends where the part says that it does."""
        try:
            return self._zip.open(name)
        except (KeyError, zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise ParseFailed("broken", f"Part {name} cannot be read: {error}.") from None

    def xml(self, name: str) -> "_Element":
        """The root of an XML part; entities stay unexpanded and nothing is fetched."""
        return parse_xml(self.read(name))

    def refuse_doctypes(self, *parts: str) -> None:
        """Refuses XML parts that declare a document type, before a library reads them that may follow it.

        No format of this kind has one. What is no XML is left for the library to find out.

        Args:
            *parts: The parts that are read; all where none is named.

        Raises:
            ParseFailed: `broken`.
        """
        from lxml import etree

        for name in parts or self.names:
            if name not in self.names or not name.lower().endswith((".xml", ".rels", ".vml")):
                continue
            parser = etree.XMLPullParser(events=("start",), **XML_OPTIONS)
            start = self._start(name)
            try:
                parser.feed(start)
                root = next((element for _, element in parser.read_events()), None)
                # Where no element is found, a part is empty or tiny, as programs write some, or hides what it declares.
                hides = len(start) == _MAX_PROLOG or b"DOCTYPE" in start.replace(b"\0", b"")
                declares = hides if root is None else bool(root.getroottree().docinfo.doctype)
            except etree.XMLSyntaxError:
                declares = b"DOCTYPE" in start.replace(b"\0", b"")
            if declares:
                raise ParseFailed("broken", f"Part {name} declares a document type, which no such file needs.")

    def _start(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as part:
                return part.read(_MAX_PROLOG)
        except (KeyError, zipfile.BadZipFile, OSError, EOFError, NotImplementedError, zlib.error) as error:
            raise ParseFailed("broken", f"Part {name} cannot be read: {error}.") from None


def open_zip(source: bytes | Path, *, of_files: bool = False) -> zipfile.ZipFile:
    """Opens a zip archive, and checks what it says of its members before any is unpacked.

    Args:
        source: Its bytes, or where they are.
        of_files: Whether it is an archive of somebody's files and not a document that is packed as one: it may unpack to
            more, its members may be encrypted, and packed in any way that Python knows.

    Raises:
        ParseFailed: `broken` where it would unpack to too much, its members overlap, leave their folder or are packed
            otherwise than usual; `encrypted` with a password.
        zipfile.BadZipFile, ValueError, OSError, NotImplementedError: It is no archive.
    """
    if _signatures(source) > _MAX_SIGNATURES:  # before each becomes an object
        raise ParseFailed("broken", "The archive has too many parts.")
    archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    most = MOST_OF_FILES if of_files else _MAX_TOTAL
    if len(members) > _MAX_MEMBERS or total > most or (total > 50_000_000 and total > _MAX_RATIO * size):
        raise ParseFailed("broken", f"The archive would unpack to {total} bytes in {len(members)} parts.")
    if not of_files and any(member.flag_bits & 1 for member in members):
        raise ParseFailed("encrypted", "The archive is protected by a password.")
    usual = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if not of_files and any(member.compress_type not in usual for member in members):
        raise ParseFailed("broken", "A part of the archive is packed in an unusual way.")
    if any(".." in member.filename.replace("\\", "/").split("/") for member in members):
        raise ParseFailed("broken", "A part of the archive names a place outside of it.")
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise ParseFailed("broken", "Parts of the archive overlap.")
        end = member.header_offset + _LOCAL_HEADER + member.compress_size
    return archive


def _signatures(source: bytes | Path) -> int:
    """How many entries of a directory of parts there may be in a file."""
    if isinstance(source, bytes):
        return source.count(_ENTRY)
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        found, at = 0, view.find(_ENTRY)
        while at >= 0 and found <= _MAX_SIGNATURES:
            found, at = found + 1, view.find(_ENTRY, at + 1)
        return found


def parse_xml(data: bytes) -> "_Element":
    """The root of an XML document; entities stay unexpanded and nothing is fetched.

    Raises:
        ParseFailed: `broken` when it is not XML, or declares entities that lead elsewhere or multiply.
    """
    from lxml import etree

    parser = etree.XMLParser(remove_comments=True, remove_pis=True, **XML_OPTIONS)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ParseFailed("broken", f"Not XML: {error}") from None
    refuse_entities(root)
    return root


def refuse_entities(root: "_Element") -> None:
    """Refuses a document that declares more than short texts as its entities.

    Raises:
        ParseFailed: `broken` where an entity leads elsewhere or multiplies.
    """
    declared = root.getroottree().docinfo.internalDTD
    for entity in declared.iterentities() if declared is not None else ():
        value = entity.content
        if value is None or len(value) > _LONGEST_ENTITY or "&" in value or "%" in value:
            raise ParseFailed(
                "broken", f"The XML declares an entity, {str(entity.name)[:40]}, that is more than a short text."
            )

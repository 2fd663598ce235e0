"""Packages of Office Open XML: parts, and the relations by which one part names another."""

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote

from rage_assets.blocks.parsing.archives.archive import Archive
from rage_assets.blocks.parsing.office.docx_styles import local
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_EMBEDDED = ("package", "oleObject")
_MOST_EMBEDDED = 1000
_NATIVE = "\x01Ole10Native"
_DOCUMENTS = {"WordDocument": ".doc", "Workbook": ".xls", "Book": ".xls", "PowerPoint Document": ".ppt"}


@dataclass(frozen=True)
class Relation:
    """What a part says of another: the last word of the relation's type, and the other part."""

    kind: str
    target: str


class Package:
    """The parts of a document of Word, Excel or PowerPoint."""

    def __init__(self, data: bytes) -> None:
        """Open the package, see `Archive`."""
        self.archive = Archive(data)
        self._relations: dict[str, dict[str, Relation]] = {}

    @cached_property
    def _names(self) -> dict[str, str]:
        # Names of parts are equal whatever their case, and old programs write backslashes.
        return {name.replace("\\", "/").lower(): name for name in self.archive.names}

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.lower() in self._names

    def xml(self, part: str | None) -> "_Element | None":
        """The root of a part; None where there is no such part.

        Raises:
            ParseFailed: `broken`.
        """
        return self.archive.xml(self._names[part.lower()]) if part and self.has(part) else None

    def further(self, part: str | None) -> "_Element | None":
        """The root of a part that the document can do without: None also where it is damaged."""
        try:
            return self.xml(part)
        except ParseFailed:
            return None

    def open(self, part: str) -> IO[bytes]:
        """A part as a stream."""
        return self.archive.open(self._names[part.lower()])

    def read(self, part: str) -> bytes:
        """The bytes of a part."""
        return self.archive.read(self._names[part.lower()])

    def main(self, usual: str) -> str:
        """The part that holds the document, as the package says; `usual` where it says nothing."""
        found = [relation.target for relation in self.relations("").values() if relation.kind == "officeDocument"]
        return next((part for part in found if self.has(part)), usual)

    def relations(self, part: str) -> dict[str, Relation]:
        """The relations of a part to others of the package, by their ids."""
        if part not in self._relations:
            folder, name = posixpath.split(part)
            root = self.further(posixpath.join(folder, "_rels", f"{name}.rels"))
            found = {}
            for each in root if root is not None else ():
                if local(each) == "Relationship" and each.get("TargetMode") != "External":
                    target = unquote(str(each.get("Target", ""))).replace("\\", "/")
                    path = (
                        target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                    )
                    found[str(each.get("Id"))] = Relation(str(each.get("Type", "")).rpartition("/")[2], path)
            self._relations[part] = found
        return self._relations[part]

    def related(self, part: str, kind: str) -> list[str]:
        """The parts of one kind that a part names."""
        return [each.target for each in self.relations(part).values() if each.kind == kind and self.has(each.target)]

    def embedded(self, parts: list[str]) -> list[tuple[str, bytes]]:
        """The files inside the document that parts name, each once; data of charts stand in the charts already."""
        found = dict.fromkeys(
            each.target for part in parts for each in self.relations(part).values() if each.kind in _EMBEDDED
        )
        names = [name for name in found if self.has(name)][:_MOST_EMBEDDED]
        files = (embedded_file(posixpath.basename(name), self.read(name)) for name in names)
        return [file for file in files if file is not None]

    def title(self) -> str:
        """The title among the document's properties."""
        found = [each.target for each in self.relations("").values() if each.kind in ("core-properties", "coreProperties")]
        root = self.further(next((part for part in found if self.has(part)), "docProps/core.xml"))
        return "" if root is None else next((text.strip() for text in root.xpath("//*[local-name()='title']/text()")), "")


def embedded_file(name: str, data: bytes) -> tuple[str, bytes] | None:
    """The name and bytes of an embedded object, without the container that OLE puts around a file.

    Returns:
        None for objects that are no file, such as the equations of old programs.
    """
    import olefile

    if not data.startswith(olefile.MAGIC):
        return name, data
    try:
        with olefile.OleFileIO(data) as container:
            for stream in ("Package", "CONTENTS"):
                if container.exists(stream):
                    return name, container.openstream(stream).read()
            if container.exists(_NATIVE):
                return _native(name, container.openstream(_NATIVE).read())
            suffix = next((suffix for stream, suffix in _DOCUMENTS.items() if container.exists(stream)), None)
    except (OSError, ValueError, IndexError):
        return None
    return (posixpath.splitext(name)[0] + suffix, data) if suffix else None


def _native(name: str, data: bytes) -> tuple[str, bytes] | None:
    """The file in an `Ole10Native` stream: size, flags, name, path, flags, path, size, bytes."""
    label, _, rest = data[6:].partition(b"\0")
    _, _, rest = rest.partition(b"\0")
    length = int.from_bytes(rest[4:8], "little")
    rest = rest[8 + length :]
    size = int.from_bytes(rest[:4], "little")
    shown = label.decode("utf-8", "replace") if label.isascii() else label.decode("cp1252", "replace")
    return (shown or name, rest[4 : 4 + size]) if 0 < size <= len(rest) - 4 else None

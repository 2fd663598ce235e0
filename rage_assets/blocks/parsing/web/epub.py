"""EPUB: the chapters of a book in reading order."""

import posixpath
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from rage_assets.blocks.parsing.archives.archive import Archive, parse_xml
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import decode
from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.feeds import read_drawing
from rage_assets.blocks.parsing.web.html import fragment
from rage_assets.blocks.parsing.web.xml_text import text_of
from resources.domain import BlockType
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are made unusable outside of their book; its text is not concerned.
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_FACTS = {"creator": "author", "language": "lang", "publisher": "publisher", "date": "date", "identifier": "identifier",
          "description": "description", "subject": "subjects", "rights": "rights"}  # fmt: skip
_LONGEST = 1000


class EpubParser:
    """Reads the spine of an EPUB 2 or 3, each chapter as HTML."""

    name = "epub"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {".epub": "application/epub+zip"}

    def parse(self, content: Content) -> Outline:
        """Blocks of all chapters that can be read; a chapter is no page, so `page` stays empty.

        Raises:
            ParseFailed: `encrypted` for a book whose chapters only its shop's readers open, `broken`.
        """
        archive = Archive(content.data)
        place = _package(archive)
        package = archive.xml(place)
        book = _Book(archive, place, package)
        book.refuse_encrypted()
        outline = Outline()
        outline.title = package.xpath("string(//*[local-name()='metadata']//*[local-name()='title'])")
        failure: ParseFailed | None = None
        for part, media_type in book.chapters():
            try:
                _add_chapter(outline, archive.read(part), media_type, book.labels.get(part, ""), posixpath.basename(part))
            except ParseFailed as one:
                if one.reason != "broken":
                    raise
                failure = failure or one
        if failure and not outline.blocks:
            raise failure
        if outline.blocks:
            outline.blocks[0].metadata |= _facts(package) | ({"incomplete": failure.message} if failure else {})
        return outline


class _Book:
    """The parts of a book."""

    def __init__(self, archive: Archive, place: str, package: "_Element") -> None:
        self.archive = archive
        self.folder = posixpath.dirname(place)
        self.package = package
        self.items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*")}
        self.labels = self._labels()

    def chapters(self) -> list[tuple[str, str]]:
        """The names and types of the parts in reading order; what stands beside it, such as notes, comes last."""
        main: dict[str, str] = {}
        beside: dict[str, str] = {}
        for reference in self.package.xpath("//*[local-name()='spine']/*[local-name()='itemref']"):
            item = self.items.get(reference.get("idref"))
            if item is None or "nav" in (item.get("properties") or "").split():
                continue
            part = self._part(item.get("href", ""), self.folder)
            if part in self.archive.names:  # a chapter stands in a book once, however often its list names it
                place = beside if reference.get("linear") == "no" else main
                place.setdefault(part, item.get("media-type") or "")
        return list((main | {part: kind for part, kind in beside.items() if part not in main}).items())

    def refuse_encrypted(self) -> None:
        """Refuse a book whose chapters are encrypted."""
        if _ENCRYPTION not in self.archive.names:
            return
        chapters = {part for part, _ in self.chapters()}
        for entry in self.archive.xml(_ENCRYPTION).iter("{*}EncryptedData"):
            method = next((node.get("Algorithm") for node in entry.iter("{*}EncryptionMethod")), "")
            parts = {unquote(node.get("URI") or "").lstrip("/") for node in entry.iter("{*}CipherReference")}
            if method not in _FONTS and not chapters.isdisjoint(parts):
                raise ParseFailed("encrypted", "The book is protected; only its seller's readers open it.")

    def _labels(self) -> dict[str, str]:
        """What the table of contents calls each part: the first entry that leads to it."""
        labels: dict[str, str] = {}
        for item in self.items.values():
            is_nav = "nav" in (item.get("properties") or "").split()
            part = self._part(item.get("href", ""), self.folder)
            if part not in self.archive.names or not (is_nav or item.get("media-type") == "application/x-dtbncx+xml"):
                continue
            try:
                contents = parse_xml(self.archive.read(part))
            except ParseFailed:  # a book without a table of contents can still be read
                continue
            for point in contents.iter("{*}navPoint", "{*}a"):
                address = point.get("href") or point.xpath("string(./*[local-name()='content']/@src)")
                label = text_of(point) if local(point) == "a" else point.xpath("string(./*[local-name()='navLabel'])")
                labels.setdefault(self._part(address, posixpath.dirname(part)), " ".join(label.split()))
        return labels

    @staticmethod
    def _part(address: str, folder: str) -> str:
        return posixpath.normpath(posixpath.join(folder, unquote(address.partition("#")[0])))


def _package(archive: Archive) -> str:
    """Where the description of the book is."""
    named = ""
    if _CONTAINER in archive.names:
        named = archive.xml(_CONTAINER).xpath("string(//*[local-name()='rootfile']/@full-path)")
    found = named if named in archive.names else next((name for name in sorted(archive.names) if name.endswith(".opf")), "")
    if not found:
        raise ParseFailed("broken", "The book has no description of its parts.")
    return found


def _add_chapter(outline: Outline, data: bytes, media_type: str, label: str, anchor: str) -> None:
    """Add a chapter; one without a heading has the one that the table of contents gives it."""
    chapter = Outline()
    if "svg" in media_type:
        read_drawing(chapter, parse_xml(data))
    else:
        chapter = fragment(decode(data))
    words = any(block.type is not BlockType.IMAGE for block in chapter.blocks)
    if label and words and not any(block.type is BlockType.HEADING for block in chapter.blocks):
        outline.heading(label, 1, anchor=anchor)
        if chapter.blocks[0].text.casefold() == label.casefold():  # set in large type, but not marked
            del chapter.blocks[0]
    for block in chapter.blocks:
        if block.type is BlockType.HEADING:
            outline.heading(block.text, **block.metadata)
        else:
            outline.add(block.type, block.text, language=block.language, **block.metadata)


def _facts(package: "_Element") -> dict[str, str]:
    facts: dict[str, list[str]] = {}
    for node in package.xpath("//*[local-name()='metadata']//*"):
        if local(node) in _FACTS and (text := text_of(node)):
            facts.setdefault(_FACTS[local(node)], []).append(text)
    return {name: "; ".join(dict.fromkeys(values))[:_LONGEST] for name, values in facts.items()}

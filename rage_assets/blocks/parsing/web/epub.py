"""EPUB: the chapters of a book in reading order."""

import posixpath
from typing import ClassVar
from urllib.parse import unquote

from rage_assets.blocks.parsing.archives.archive import Archive
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import decode
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.html import add_fragment


class EpubParser:
    """Reads the spine of an EPUB, each chapter as HTML."""

    name = "epub"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".epub": "application/epub+zip"}

    def parse(self, content: Content) -> Outline:
        """Blocks of all chapters; a chapter is no page, so `page` stays empty."""
        archive = Archive(content.data)
        container = archive.xml("META-INF/container.xml")
        root = container.xpath("string(//*[local-name()='rootfile']/@full-path)")
        package = archive.xml(root)
        outline = Outline()
        outline.title = package.xpath("string(//*[local-name()='metadata']/*[local-name()='title'])")
        read: set[str] = set()
        hrefs = {item.get("id"): item.get("href", "") for item in package.xpath("//*[local-name()='manifest']/*")}
        for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']"):
            href = unquote(hrefs.get(reference.get("idref"), ""))
            part = posixpath.normpath(posixpath.join(posixpath.dirname(root), href))
            if part in archive.names and part not in read and reference.get("linear") != "no":
                read.add(part)  # a chapter stands in a book once, however often its list names it
                add_fragment(outline, decode(archive.read(part)))
        return outline

"""OpenDocument texts and slides (ODT, ODP and relatives), as LibreOffice and others write them."""

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.flow import Flow, finish
from rage_assets.blocks.parsing.office.odf_charts import add_chart, chart_of
from rage_assets.blocks.parsing.office.odf_package import Package, attribute, first, tag
from rage_assets.blocks.parsing.office.odf_text import Reader
from rage_assets.blocks.parsing.office.story import plain, write
from rage_assets.blocks.parsing.outline import Outline

if TYPE_CHECKING:
    from lxml.etree import _Element

_ODF = "application/vnd.oasis.opendocument"
_HEADERS = ("style:header", "style:header-left", "style:header-first")
_FOOTERS = ("style:footer", "style:footer-left", "style:footer-first")
_TITLES = ("title",)
# What stands on each slide alike, or shows the slide itself.
_FURNITURE = ("date-time", "footer", "header", "page-number", "page", "handout")
_MAX_OBJECTS = 1000


class OdtParser:
    """Reads OpenDocument texts: headings, lists, tables, frames, notes and comments."""

    name = "odt"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {
        ".odt": f"{_ODF}.text", ".ott": f"{_ODF}.text-template", ".odm": f"{_ODF}.text-master",
        ".fodt": f"{_ODF}.text-flat-xml",
    }  # fmt: skip

    def parse(self, content: Content) -> Outline:
        """The text's blocks, then its notes and comments; headers and footers as metadata."""
        package, outline = Package(content), Outline()
        reader, flow = Reader(package), Flow(outline)
        write(reader.items(package.body), flow)
        flow.flush()
        _add_notes(reader, outline)
        _add_objects(reader, outline)
        finish(outline, headers=_texts(package, _HEADERS), footers=_texts(package, _FOOTERS), **package.facts())
        return outline


class OdpParser:
    """Reads OpenDocument slides and drawings: titles, texts, tables and the speaker's notes."""

    name = "odp"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {
        ".odp": f"{_ODF}.presentation", ".otp": f"{_ODF}.presentation-template", ".fodp": f"{_ODF}.presentation-flat-xml",
        ".odg": f"{_ODF}.graphics", ".fodg": f"{_ODF}.graphics-flat-xml",
    }  # fmt: skip

    def parse(self, content: Content) -> Outline:
        """The blocks of each slide, with the slide's number as `page`; a slide without a title is called by its name."""
        package, outline = Package(content), Outline()
        seen: set[str] = set()
        pages = (element for element in package.body if tag(element) == "draw:page")
        for page, slide in enumerate(pages, start=1):
            part, reader = Outline(), Reader(package)
            part.page = page
            flow = Flow(part)
            _add_slide(slide, reader, flow)
            _add_notes(reader, part)
            _add_objects(reader, part)
            for role, text in _furniture(slide, package, reader):
                if text not in seen and any(map(str.isalpha, text)):  # once for all slides
                    seen.add(text)
                    part.paragraph(text, role=role)
            outline.extend(part)
        finish(outline, **package.facts())
        return outline


def _add_slide(slide: "_Element", reader: Reader, flow: Flow) -> None:
    shapes = [(attribute(shape, "presentation:class"), shape) for shape in slide]
    titles = [plain(reader.shape(shape)) for kind, shape in shapes if kind in _TITLES]
    items = [item for kind, shape in shapes if kind not in (*_TITLES, *_FURNITURE) for item in reader.items([shape])]
    heading = " ".join(filter(None, titles)) or (attribute(slide, "draw:name") if items else "")
    flow.heading(heading, 1)
    write(items, flow)
    flow.flush()
    notes = first(slide, "presentation:notes")
    for shape in notes if notes is not None else ():
        if attribute(shape, "presentation:class") == "notes":
            text = "\n".join(plain([item]) for item in reader.shape(shape))
            flow.paragraph(text, role="note")


def _furniture(slide: "_Element", package: Package, reader: Reader) -> Iterator[tuple[str, str]]:
    """The headers and footers of a slide: typed on it, or declared once and named by it."""
    for role in ("header", "footer"):
        name = attribute(slide, f"presentation:use-{role}-name")
        for each in package.body if name else ():
            if tag(each) == f"presentation:{role}-decl" and attribute(each, "presentation:name") == name:
                yield role, "".join(map(str, each.itertext()))
        for shape in slide:
            if attribute(shape, "presentation:class") == role:
                yield role, plain(reader.shape(shape))


def _add_notes(reader: Reader, outline: Outline) -> None:
    for mark, note in reader.notes:
        text = plain(note)
        outline.paragraph(f"[{mark}] {text}" if text else "", role="footnote")
    for author, comment in reader.comments:
        outline.paragraph(plain(comment), role="comment", author=author.strip() or None)


def _texts(package: Package, names: tuple[str, ...]) -> list[str]:
    """The texts of headers or footers, each once."""
    masters = package.section("office:master-styles")
    found = (part for master in (masters if masters is not None else ()) for part in master if tag(part) in names)
    return list(dict.fromkeys(filter(None, (plain(Reader(package).items(part)) for part in found))))


def _add_objects(reader: Reader, outline: Outline) -> None:
    """Charts as their tables, and other objects as files of their own."""
    archive = reader.package.archive
    for path in list(dict.fromkeys(reader.objects))[:_MAX_OBJECTS] if archive is not None else ():
        assert archive is not None
        if path in archive.names:
            outline.attach(f"{path}.bin", archive.read(path))
        elif (root := reader.package.object(path)) is not None:
            if chart_of(root) is not None:
                add_chart(outline, root=root)
            elif tag(root) == "office:document-content":
                body = first(root, "office:body")
                kind = tag(body[0]).rpartition(":")[2] if body is not None and len(body) else "text"
                suffix = {"spreadsheet": ".ods", "presentation": ".odp", "drawing": ".odg"}.get(kind, ".odt")
                outline.attach(f"{path}{suffix}", _packed(reader.package, path))


def _packed(package: Package, path: str) -> bytes:
    """An object inside a document as a document of its own."""
    assert package.archive is not None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(package.archive.names):
            if name.startswith(f"{path}/") and not name.endswith("/"):
                # A fixed date: the same document has the same objects.
                file.writestr(zipfile.ZipInfo(name.removeprefix(f"{path}/")), package.archive.read(name))
    return buffer.getvalue()

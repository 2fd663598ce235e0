"""XML: documents by the words of their vocabularies, feeds and drawings, and any other as records."""

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS, parse_xml
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.feeds import FEEDS, read_drawing, read_feed, read_opml
from rage_assets.blocks.parsing.web.html import page
from rage_assets.blocks.parsing.web.jats import read_article
from rage_assets.blocks.parsing.web.xml_document import DocumentReader
from rage_assets.blocks.parsing.web.xml_records import read_records
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_JOURNAL_PARTS = ("front", "front-stub", "body", "back", "floats-group")
_JOURNALS = ("sub-article", "response", "pmc-articleset")
_DOCUMENTS = ("book", "article", "chapter", "section", "TEI", "TEI.2", "teiCorpus", "topic", "concept", "task", "reference",
              "troubleshooting", "dita", "refentry", "set", "appendix", "preface", "glossentry", "part",
              "sect1")  # fmt: skip
_START = 65536
# A document in memory takes many times its bytes; larger ones are read in pieces.
_LARGEST = 64 * 2**20


class XmlParser:
    """Reads XML; entities stay unexpanded and nothing is fetched."""

    name = "xml"
    version = 4
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".xml", ".nxml", ".jats", ".docbook", ".dbk", ".tei", ".dita", ".ditamap", ".rss", ".atom", ".opml"),
        "application/xml",
    ) | {".svg": "image/svg+xml"}

    def parse(self, content: Content) -> Outline:
        """Headings, paragraphs, lists and tables of documents; the records of data, however large the file."""
        outline = Outline()
        root = None if content.size > _LARGEST else _start(content)
        name = local(root) if root is not None else ""
        if name == "html":
            return page(content.text, site=True)
        if name in ("article", *_JOURNALS):
            tree = parse_xml(content.data)
            (_read_document if name == "article" and not _is_journal(tree) else read_article)(outline, tree)
        elif name in FEEDS:
            read_feed(outline, parse_xml(content.data))
        elif name == "opml":
            read_opml(outline, parse_xml(content.data))
        elif name == "svg":
            read_drawing(outline, parse_xml(content.data))
        elif name in _DOCUMENTS:
            _read_document(outline, parse_xml(content.data))
        else:
            with content.open() as stream:
                read_records(outline, stream)
        return outline


def _start(content: Content) -> "_Element | None":
    """The root element as far as its name and attributes; None where the start of the file is no XML."""
    from lxml import etree

    parser = etree.XMLPullParser(events=("start",), **XML_OPTIONS)
    with content.open() as stream, suppress(etree.XMLSyntaxError):
        parser.feed(stream.read(_START))
    return next((element for _, element in parser.read_events()), None)


def _is_journal(article: "_Element") -> bool:
    """Whether an article is of JATS; DocBook has articles, too, but parts none into front, body and back."""
    return any(local(part) in _JOURNAL_PARTS for part in article)


def _read_document(outline: Outline, root: "_Element") -> None:
    reader = DocumentReader(outline)
    header = next(root.iter("{*}teiHeader"), None)
    level = 0
    if header is not None:
        titles = [" ".join("".join(node.itertext()).split()) for node in header.iter("{*}title")]
        outline.title = titles[0] if titles else ""
        outline.heading(outline.title, 1)
        level = 1
    reader.read(root, level)
    first = next((block for block in outline.blocks if block.type is BlockType.HEADING), None)
    outline.title = outline.title or (first.text if first else "")
    if header is not None and outline.blocks:
        authors = [" ".join("".join(node.itertext()).split()) for node in header.iter("{*}author")]
        if any(authors):
            outline.blocks[0].metadata["author"] = ", ".join(filter(None, authors))

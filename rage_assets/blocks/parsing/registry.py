"""Which parser reads which file. A new format is one file in this folder and one line here."""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import PurePosixPath
from typing import Protocol

from rage_assets.blocks.parsing.archives.container import ArchiveParser
from rage_assets.blocks.parsing.code.languages import code_language, language_named
from rage_assets.blocks.parsing.code.source_code import CodeParser
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.images.parser import ImageParser
from rage_assets.blocks.parsing.mail.eml import EmlParser
from rage_assets.blocks.parsing.mail.mbox import MboxParser
from rage_assets.blocks.parsing.mail.msg import MsgParser
from rage_assets.blocks.parsing.office.binary_sheets import BinarySheetsParser
from rage_assets.blocks.parsing.office.delimited import DelimitedParser
from rage_assets.blocks.parsing.office.docx import DocxParser
from rage_assets.blocks.parsing.office.msdoc import DocParser
from rage_assets.blocks.parsing.office.msppt import PptParser
from rage_assets.blocks.parsing.office.odf import OdpParser, OdtParser
from rage_assets.blocks.parsing.office.ods import OdsParser
from rage_assets.blocks.parsing.office.pptx import PptxParser
from rage_assets.blocks.parsing.office.rtf import RtfParser
from rage_assets.blocks.parsing.office.xlsx import XlsxParser
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.parser import PdfParser
from rage_assets.blocks.parsing.texts.asciidoc.parser import AsciiDocParser
from rage_assets.blocks.parsing.texts.json_values import JsonParser
from rage_assets.blocks.parsing.texts.latex.parser import LatexParser
from rage_assets.blocks.parsing.texts.markdown import MarkdownParser
from rage_assets.blocks.parsing.texts.notebook import NotebookParser
from rage_assets.blocks.parsing.texts.org.parser import OrgParser
from rage_assets.blocks.parsing.texts.plain_text import TextParser
from rage_assets.blocks.parsing.texts.rst.parser import RstParser
from rage_assets.blocks.parsing.texts.subtitles import SubtitlesParser
from rage_assets.blocks.parsing.web.epub import EpubParser
from rage_assets.blocks.parsing.web.html import HtmlParser
from rage_assets.blocks.parsing.web.xml import XmlParser

ENTRY_POINTS = "rage.parsers"


class Parser(Protocol):
    """Reads one family of formats."""

    @property
    def name(self) -> str:
        """A word for people and programs, such as `markdown`."""

    @property
    def version(self) -> int:
        """Goes up when the blocks of the same bytes change, so that the documents concerned are parsed again."""

    @property
    def suffixes(self) -> Mapping[str, str]:
        """The suffixes of the names that it reads, each with its media type."""

    def parse(self, content: Content) -> Outline:
        """Turn a file into blocks.

        Raises:
            ParseFailed: With a reason. Any other exception counts as `broken`.
        """
        ...


_CODE = CodeParser()
_BUILT_IN: tuple[Parser, ...] = (
    MarkdownParser(),
    AsciiDocParser(),
    LatexParser(),
    RstParser(),
    OrgParser(),
    TextParser(),
    HtmlParser(),
    DocxParser(),
    PdfParser(),
    DelimitedParser(),
    JsonParser(),
    NotebookParser(),
    EmlParser(),
    MboxParser(),
    MsgParser(),
    EpubParser(),
    XmlParser(),
    XlsxParser(),
    BinarySheetsParser(),
    OdsParser(),
    PptxParser(),
    SubtitlesParser(),
    ArchiveParser(),
    DocParser(),
    PptParser(),
    RtfParser(),
    OdtParser(),
    OdpParser(),
    ImageParser(),
    _CODE,
)


@cache
def parsers() -> tuple[Parser, ...]:
    """All parsers; those of other packages (entry points of `rage.parsers`) come first, so they can replace ours."""
    return (*(point.load()() for point in entry_points(group=ENTRY_POINTS)), *_BUILT_IN)


@cache
def _by_suffix() -> dict[str, str]:
    return {suffix: kind for parser in reversed(parsers()) for suffix, kind in parser.suffixes.items()}


def forget() -> None:
    """Look for parsers anew, for packages that were installed meanwhile."""
    parsers.cache_clear()
    _by_suffix.cache_clear()


def parser_for(path: str, media_type: str | None = None) -> Parser | None:
    """The parser that reads a file.

    Args:
        path: The file's path.
        media_type: What was found by content; it counts for more than the name.

    Returns:
        None where no parser reads such files. A name that says nothing promises plain text.
    """
    if media_type is not None:
        found = next((parser for parser in parsers() if media_type in parser.suffixes.values()), None)
        return found or (_CODE if media_type.startswith("text/x-") else None)
    promised = media_type_for(path)
    if promised is not None:
        return parser_for(path, promised)
    return None if mimetypes.guess_type(path)[0] else parser_for(path, "text/plain")


def media_type_for(path: str) -> str | None:
    """The media type that a name promises; None where no parser claims the name."""
    if language := language_named(path):
        return f"text/x-{language}"
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _by_suffix():
        return _by_suffix()[suffix]
    language = code_language(path)
    return f"text/x-{language}" if language else None


def fingerprint() -> str:
    """A word that changes whenever any parser does."""
    versions = sorted(f"{parser.name}/{parser.version}" for parser in parsers())
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:16]

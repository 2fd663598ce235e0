"""DOC: the binary documents of Word 97 to 2003."""

from struct import error as StructError
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.doc_file import WordFile
from rage_assets.blocks.parsing.office.doc_reader import DocReader
from rage_assets.blocks.parsing.office.docx import DocxParser
from rage_assets.blocks.parsing.office.flow import Flow, finish
from rage_assets.blocks.parsing.office.ole import CompoundFile
from rage_assets.blocks.parsing.office.soffice import read_converted
from rage_assets.blocks.parsing.office.story import Item, plain, write
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class DocParser:
    """Reads binary Word documents: headings, lists, tables, text boxes, notes and comments."""

    name = "doc"
    version = 3
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".doc", ".dot"), "application/msword")

    def parse(self, content: Content) -> Outline:
        """The text's blocks, then its notes and comments; headers and footers as metadata.

        Where LibreOffice is installed, the document is read as what it makes of it.
        """
        outline = read_converted(content, "docx", _DOCX, DocxParser().parse)
        return outline if outline is not None else self.read(content)

    def read(self, content: Content) -> Outline:
        """Read a document without LibreOffice."""
        file = CompoundFile(content)
        if not file.has("WordDocument"):
            raise ParseFailed("unsupported_format", "The file is an Office file, but no Word document.")
        outline = Outline()
        try:
            _read(DocReader(WordFile(file)), file, outline)
        except StructError:
            raise ParseFailed("broken", "The Word document is damaged.") from None
        return outline


def _read(reader: DocReader, file: CompoundFile, outline: Outline) -> None:
    flow = Flow(outline)
    write(reader.body(), flow)
    flow.flush()
    for role, mark, items in reader.notes():
        text = plain(items)
        if role == "comment":
            outline.paragraph(text, role=role, author=mark or None)
        else:
            outline.paragraph(f"[{mark}] {text}" if text else "", role=role)
    headers, footers = map(_texts, reader.page_texts())
    finish(outline, headers=headers, footers=footers, **file.facts())


def _texts(stories: list[list[Item]]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(plain, stories))))

"""RTF: Rich Text Format, as Word, LibreOffice, WordPad, TextEdit and many programs' exports write it."""

from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.flow import Flow, finish
from rage_assets.blocks.parsing.office.rtf_reader import RtfReader
from rage_assets.blocks.parsing.office.story import plain, write
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed


class RtfParser:
    """Reads RTF: headings, lists, tables, notes and comments; headers and footers as metadata."""

    name = "rtf"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {".rtf": "application/rtf"}

    def parse(self, content: Content) -> Outline:
        """The text's blocks, then its notes and comments."""
        data = content.data
        start = data[:4096].find(b"{\\rtf")
        if start < 0:
            raise ParseFailed("broken", "The file does not begin as RTF does.")
        outline = Outline()
        facts: dict[str, Any] = {}
        while start >= 0:
            reader = RtfReader()
            end = reader.read(data, start)
            _write(reader, outline)
            facts = facts or {"headers": reader.headers, "footers": reader.footers, **reader.facts}
            # Databases export several documents as one file.
            start = data.find(b"{\\rtf", end)
        finish(outline, **facts)
        return outline


def _write(reader: RtfReader, outline: Outline) -> None:
    flow = Flow(outline)
    write(reader.body.finish(), flow)
    flow.flush()
    for number, note in enumerate(reader.notes, start=1):
        text = plain(note.finish())
        outline.paragraph(f"[{number}] {text}" if text else "", role="footnote")
    for author, comment in reader.comments:
        outline.paragraph(plain(comment.finish()), role="comment", author=author or None)

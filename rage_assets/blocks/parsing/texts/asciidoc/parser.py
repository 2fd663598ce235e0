"""AsciiDoc documents: the header, then the blocks."""

import re
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.asciidoc.blocks import BlockReader
from rage_assets.blocks.parsing.texts.asciidoc.lines import Attributes, Line, logical_lines

_AUTHOR = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}(?: <[^<>\s]+>)?(?:; .+)?")
_REVISION = re.compile(r"v?\d+[\w.]*(?:, .+)?|\d{4}-\d\d-\d\d.*")
_MOST_ATTRIBUTES = 50


class AsciiDocParser:
    """Reads AsciiDoc: text without syntax, its attributes replaced, nothing included."""

    name = "asciidoc"
    version = 2
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".adoc", ".asciidoc", ".asc"), "text/asciidoc")

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1."""
        outline = Outline()
        attributes, includes = Attributes(), list[str]()
        header, lines = _header(list(logical_lines(content.text, includes)))
        for line in header:
            attributes.entry(line.text)
        BlockReader(outline, attributes).read([*header, *lines])
        if includes and not outline.blocks:
            outline.paragraph("Includes: " + ", ".join(includes))
        if outline.blocks:
            outline.blocks[0].metadata |= _facts(attributes, includes)
        return outline


def _header(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines down to the first blank one below the title, those of author and revision apart; and the others."""
    head = (
        place for place, line in enumerate(lines[:200]) if line.text.strip() and not line.text.startswith(("//", ":", "["))
    )
    at = next(head, None)
    if at is None or not lines[at].text.startswith(("= ", "# ")):
        return lines[: at or 0], lines[at or 0 :]
    end = next((place for place, line in enumerate(lines[at:], start=at) if not line.text.strip()), len(lines))
    header, patterns = lines[: at + 1], [_AUTHOR, _REVISION]
    for line in lines[at + 1 : end]:
        entry = line.text.startswith(("//", ":"))
        if not entry and not (patterns and patterns.pop(0).fullmatch(line.text[:500])):
            return header, lines[len(header) - header.count(Line(0, "")) :]
        header += [line] if entry else [line, Line(0, "")]
    return header, lines[end:]


def _facts(attributes: Attributes, includes: list[str]) -> dict[str, object]:
    """What the document says of itself, for the metadata."""
    own = {name: value for name, value in list(attributes.own.items())[:_MOST_ATTRIBUTES] if value}
    return {key: value for key, value in (("attributes", own), ("includes", includes)) if value}

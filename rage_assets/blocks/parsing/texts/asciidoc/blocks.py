"""The blocks of AsciiDoc: sections, delimited blocks, tables, images and paragraphs."""

import re
from typing import Any

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from rage_assets.blocks.parsing.texts.asciidoc.inline import Inline, first_value
from rage_assets.blocks.parsing.texts.asciidoc.lines import Attributes, Line
from rage_assets.blocks.parsing.texts.asciidoc.lists import is_item, read_list
from rage_assets.blocks.parsing.texts.asciidoc.signs import (
    ATTRIBUTES,
    DELIMITER,
    TITLE,
    begins_text,
    behind_comments,
    ends_paragraph,
    has_caption,
    joined,
    section,
)
from rage_assets.blocks.parsing.texts.asciidoc.table import table_rows
from rage_assets.blocks.parsing.texts.list_items import ListItems
from resources.domain import BlockType

_MACRO = re.compile(r"(image|video|audio|toc)::([^\[]{0,1000})\[(.*)\]")
_RULE = re.compile(r"'{3,}|<{3,}|-{3}|\*{3}|- - -|\* \* \*")
_ADMONITION = re.compile(r"(NOTE|TIP|IMPORTANT|CAUTION|WARNING):[ \t]+\S")
_ADMONITIONS = frozenset(("NOTE", "TIP", "IMPORTANT", "CAUTION", "WARNING"))
_VERBATIM = frozenset(("source", "listing", "literal"))
_CALLOUT = re.compile(r"[ \t]*(?:(?://|#|--|;;)[ \t]*)?<(?:\d{1,3}|\.)>(?=[ \t]*(?:<\d{1,3}>[ \t]*)*$)")
_NAMED = re.compile(r"""([\w-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,"']*))""")
_SHORT = re.compile(r"[#.%]([\w:-]+)")
_MOST_NESTED = 30


class BlockReader:
    """Walks the lines of a document; blocks within blocks are walked the same way, to a bound."""

    def __init__(self, outline: Outline, attributes: Attributes) -> None:
        """Add what is read to an outline."""
        self.outline = outline
        self.attributes = attributes
        self.inline = Inline()
        self.items = ListItems()
        self.item_lines = [0, 0]
        self.options: dict[str, str] = {}
        self.depth = 0

    def read(self, lines: list[Line]) -> None:
        """Add the blocks of some lines."""
        if self.depth >= _MOST_NESTED:
            self.text(" ".join(line.text for line in lines), lines)
            return
        self.depth += 1
        at = 0
        while at < len(lines):
            at = self.block(lines, at)
        self.depth -= 1

    def block(self, lines: list[Line], at: int) -> int:
        """Add the block that begins at a line; where the next one begins."""
        line = lines[at].text
        if not line.strip():
            return at + 1
        if self.options.get("1") in _VERBATIM:
            following = behind_comments(lines, at)
            if begins_text(lines, following):
                options, self.options = self.options, {}
                return self._verbatim(lines, at, options)
            if following > at:
                return following
        if line.startswith("//") and not line.startswith("///"):
            return at + 1
        if line[0] == ":" and self.attributes.entry(line):
            return at + 1
        if ATTRIBUTES.fullmatch(line):
            self._attributes(line)
            return at + 1
        if delimiter := DELIMITER.fullmatch(line):
            return self._delimited(lines, at, delimiter[1])
        if found := TITLE.fullmatch(line):
            role = "caption" if has_caption(lines, at + 1) else "title"
            self.text(self.plain(found[1]), lines[at : at + 1], role=role)
            return at + 1
        if not self.items.depth and (found_section := section(lines, at)):
            level, title, used = found_section
            self._section(title, level, lines[at : at + used])
            return at + used
        if found := _MACRO.fullmatch(line):
            self._image(found, lines[at])
            return at + 1
        if _RULE.fullmatch(line) or line == "+":
            return at + 1
        options, self.options = self.options, {}
        if is_item(line):
            return read_list(self, lines, at, options)
        return self._paragraph(lines, at, options)

    def plain(self, text: str) -> str:
        """Marked-up text as plain text."""
        return self.inline.plain(self.attributes.fill(text))

    def text(self, text: str, lines: list[Line], **metadata: Any) -> None:
        """Add text to the list that is open, else as a paragraph; then the footnotes in it."""
        if self.items.depth:
            self.items.text(text)
            if lines:
                self.item_lines[1] = lines[-1].number
        else:
            self.outline.paragraph(text, lines=_numbers(lines), **metadata)
            self.footnotes(lines)

    def footnotes(self, lines: list[Line]) -> None:
        """Add the footnotes that the last text had."""
        notes, self.inline.footnotes = self.inline.footnotes, []
        for note in notes:
            self.outline.paragraph(self.plain(note), role="footnote", lines=_numbers(lines))
        self.inline.footnotes = []

    def end_list(self, lines: list[Line]) -> None:
        """Add the list so far; what else it holds follows."""
        self.outline.add(BlockType.LIST, self.items.take(), lines=list(self.item_lines))
        if lines:
            self.item_lines = [lines[0].number, lines[-1].number]
        self.footnotes(lines)

    def _attributes(self, line: str) -> None:
        if line.startswith("[["):
            return
        inner = self.attributes.fill(line[1:-1])
        # In quotes, a comma is text.
        named = _NAMED.findall(inner)
        positional = re.sub(r'"[^"]*"', "", inner).split(",")
        short = positional[0]
        for place, value in enumerate(positional[:3], start=1):
            if value.strip() and "=" not in value:
                self.options[str(place)] = _SHORT.sub("", value).strip()
        for name, *values in named:
            self.options[name] = "".join(values).strip()
        if options := re.findall(r"%([\w-]+)", short):
            self.options["options"] = ",".join([*options, self.options.get("options", "")])

    def _section(self, title: str, level: int, lines: list[Line]) -> None:
        options, self.options = self.options, {}
        text = self.plain(title)
        if level == 1 and not self.outline.title and options.get("1") not in ("discrete", "float"):
            self.outline.title = text
        self.outline.heading(text, level, lines=_numbers(lines))
        self.footnotes(lines)

    def _paragraph(self, lines: list[Line], at: int, options: dict[str, str]) -> int:
        end = at + 1
        while end < len(lines) and not ends_paragraph(lines[end].text):
            end += 1
        taken = [line for line in lines[at:end] if not line.text.startswith("//")]
        style = options.get("1", "")
        if lines[at].text[0] in " \t" and style not in ("normal", "abstract"):
            return self._verbatim(lines, at, options)
        text = self.plain(joined([line.text.strip() for line in taken]))
        if style in ("quote", "verse"):
            text = "\n".join(self.plain(line.text) for line in taken) if style == "verse" else text
            self.text(text, taken, role="quote")
            self._source(options, lines[at:end])
        elif style in _ADMONITIONS:
            self.text(f"{style}: {text}", taken, role="admonition")
        else:
            self.text(text, taken, role="admonition" if _ADMONITION.match(text) else None)
        return end

    def _verbatim(self, lines: list[Line], at: int, options: dict[str, str]) -> int:
        """Add a paragraph of code, in which no line means anything but itself."""
        end = next((place for place in range(at, len(lines)) if lines[place].text.strip() in ("", "+")), len(lines))
        self._code(lines[at:end], options)
        return end

    def _delimited(self, lines: list[Line], at: int, delimiter: str) -> int:
        closing = "```" if delimiter.startswith("```") else delimiter
        end = at + 1
        while end < len(lines) and lines[end].text != closing:
            end += 1
        inner, whole = lines[at + 1 : end], lines[at : end + 1]
        options, self.options = self.options, {}
        style = options.get("1", "")
        sign = delimiter[0]
        if sign == "/" or style == "comment":
            pass
        elif delimiter[-3:] == "===" and sign in "|!,:":
            self._table(inner, whole, options, sign)
        elif sign in "`" or (delimiter != "--" and sign in "-.") or style in _VERBATIM:
            if sign == "`":
                options = {"1": "source", "2": delimiter[3:]} | options
            self._code(inner, options)
        elif sign == "+":
            self._passed(inner, style)
        elif sign == "_" and style == "verse":
            self.text("\n".join(self.plain(line.text) for line in inner), whole, role="quote")
            self._source(options, whole)
        else:
            self._compound(inner, whole, style, options)
        return end + 1

    def _compound(self, inner: list[Line], whole: list[Line], style: str, options: dict[str, str]) -> None:
        """Blocks within a block: an example, a sidebar, a quotation, an admonition, an open block."""
        before = len(self.outline.blocks)
        listed, depth = self.items, self.items.depth
        if style in _ADMONITIONS:
            inner = self._labelled(inner, style)
        if not depth:
            self.items = ListItems()
        self.read(inner)
        self.items = listed
        role = (
            "quote" if whole[0].text.startswith("_") or style == "quote" else "admonition" if style in _ADMONITIONS else None
        )
        for block in self.outline.blocks[before:] if role else ():
            block.metadata.setdefault("role", role)
        self._source(options if role == "quote" else {}, whole)

    def _labelled(self, lines: list[Line], label: str) -> list[Line]:
        """Lines whose first paragraph says what they are; else that stands above them."""
        at = next((place for place, line in enumerate(lines) if line.text.strip()), None)
        if at is None:
            return lines
        number, first = lines[at]
        if first[0].isspace() or is_item(first) or ends_paragraph(first) or not (first[0].isalnum() or first[0] in "*_`{<"):
            self.text(f"{label}:", lines[at : at + 1], role="admonition")
            return lines
        return [*lines[:at], Line(number, f"{label}: {first}"), *lines[at + 1 :]]

    def _source(self, options: dict[str, str], lines: list[Line]) -> None:
        """Who said what is quoted, and where."""
        said = [options.get("2", options.get("attribution", "")), options.get("3", options.get("citetitle", ""))]
        if any(said):
            self.text("— " + self.plain(", ".join(filter(None, said))), lines[-1:], role="quote")

    def _code(self, lines: list[Line], options: dict[str, str]) -> None:
        texts = [_CALLOUT.sub("", line.text) for line in lines]
        margin = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
        text = "\n".join(line[margin:] for line in texts)
        if self.items.depth:
            self.items.text(text)
            return
        language = options.get("2") or options.get("language") or self.attributes.own.get("source-language")
        known = language if options.get("1") == "source" else None
        self.outline.add(BlockType.CODE, text, language=known.lower()[:40] if known else None, lines=_numbers(lines))

    def _passed(self, lines: list[Line], style: str) -> None:
        """Lines that go through as they are: formulas, or HTML."""
        text = "\n".join(line.text for line in lines)
        if style in ("stem", "latexmath", "asciimath"):
            self.text(text, lines, role="formula")
            return
        from rage_assets.blocks.parsing.web.html import fragment

        for block in fragment(text).blocks if text.strip() else ():
            if self.items.depth:
                self.items.text(block.text)
            else:
                self.outline.add(block.type, block.text, language=block.language, lines=_numbers(lines))

    def _table(self, inner: list[Line], whole: list[Line], options: dict[str, str], sign: str) -> None:
        rows = table_rows([line.text for line in inner if not line.text.startswith("//")], options, sign, self.plain)
        if self.items.depth:
            self.end_list(whole)
        self.outline.add(BlockType.TABLE, pipe_table(rows), lines=_numbers(whole))
        self.footnotes(whole)

    def _image(self, found: re.Match[str], line: Line) -> None:
        kind, target, inner = found.groups()
        self.options = {}
        text = self.plain(first_value(inner)) if kind == "image" else ""
        if not text:
            return
        if self.items.depth:
            self.items.text(text)
        else:
            source = self.attributes.fill(target)[:500]
            self.outline.add(BlockType.IMAGE, text, source=source, lines=[line.number, line.number])


def _numbers(lines: list[Line]) -> list[int] | None:
    return [lines[0].number, lines[-1].number] if lines else None

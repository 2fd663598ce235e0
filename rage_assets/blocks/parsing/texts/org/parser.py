"""Org documents."""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from rage_assets.blocks.parsing.texts.org.inline import Inline
from rage_assets.blocks.parsing.texts.org.lists import read_list
from rage_assets.blocks.parsing.texts.org.signs import (
    BEGIN,
    CODE,
    COMMENT,
    DRAWER,
    HEADING,
    ITEM,
    KEYWORD,
    NOTE,
    SILENT,
    code,
    goes_on,
    marks,
)
from resources.domain import BlockType

_TAGS = re.compile(r"[ \t]+:([\w@#%:]{1,300}):[ \t]*$")
_PRIORITY = re.compile(r"\[#(\w{1,3})\][ \t]+")
_PROPERTY = re.compile(r"[ \t]*:([\w+-]{1,50}):(?:[ \t]+(.*))?")
_PLANNING = re.compile(r"(SCHEDULED|DEADLINE|CLOSED):[ \t]*([<\[][^>\]]{1,60}[>\]])")
_PLANNED = re.compile(rf"[ \t]*(?:{_PLANNING.pattern}(?:--[<\[][^>\]]{{1,60}}[>\]])?[ \t]*)+")
_RULE_ROW = re.compile(r"[ \t]*\|[-+ ]+[|+]?[ \t]*")
_STATES = ("TODO", "DONE", "NEXT", "WAITING", "CANCELLED", "CANCELED", "HOLD", "STARTED", "SOMEDAY")
_SILENT_DRAWERS = ("properties", "logbook", "clock", "feedstatus")
_MOST_NESTED = 20
_LONGEST_PLAN = 500
_FACTS = ("author", "date", "email", "filetags", "description", "keywords", "subtitle", "language")


class OrgParser:
    """Reads Org: text without marks; states, tags, times and properties of headings are their metadata."""

    name = "org"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {".org": "text/x-org"}

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1."""
        reader = Reader(content.text.split("\n"), Inline())
        reader.read()
        outline = reader.outline
        first = next((block.text for block in outline.blocks if block.type is BlockType.HEADING), "")
        outline.title = outline.title or first
        if outline.blocks and reader.facts:
            outline.blocks[0].metadata |= reader.facts
        return outline


class Reader:
    """Walks the lines of a document, or of a block in it."""

    def __init__(self, lines: list[str], inline: Inline, depth: int = 0) -> None:
        """Begin at the first line."""
        self.lines = lines
        self.inline = inline
        self.depth = depth
        self._marks = marks(lines)
        self.at = 0
        self.outline = Outline()
        self.facts: dict[str, str] = {}
        self.states = list(_STATES)
        self.above = 0  # levels of headings above the first star's

    def read(self) -> None:
        """Add the blocks of all lines."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if found := HEADING.fullmatch(line):
                self._heading(found)
            elif found := BEGIN.fullmatch(line):
                self._block(found[1].lower(), found[2] or "")
            elif found := KEYWORD.fullmatch(line):
                self._keyword(found[1].lower(), found[2])
            elif (found := DRAWER.fullmatch(line)) and (end := self.end(":end:")) is not None:
                # What a drawer of any other name holds is text of the document, such as results of code.
                self.at = end + 1 if found[1].lower() in _SILENT_DRAWERS else self.at + 1
            elif not line.strip() or COMMENT.fullmatch(line) or SILENT.fullmatch(line):
                self.at += 1
            elif line.lstrip().startswith("|"):
                self._table()
            elif re.match(r"[ \t]*:(?:[ \t]|$)", line):
                first = self.at
                texts = self._while(lambda line: bool(re.match(r"[ \t]*:(?:[ \t]|$)", line)))
                self._add(BlockType.CODE, "\n".join(text.lstrip()[2:] for text in texts), first)
            elif ITEM.fullmatch(line):
                self._list()
            elif found := NOTE.fullmatch(line):
                first = self.at
                self.at += 1
                texts = [found[2], *self._while(goes_on)]
                self._paragraph(f"[{found[1]}] " + " ".join(texts), first, role="footnote")
            else:
                self._text()

    def _heading(self, found: re.Match[str]) -> None:
        first, text = self.at, found[2]
        facts: dict[str, Any] = {}
        if tags := _TAGS.search(" " + text[-400:]):
            facts["tags"] = [tag for tag in tags[1].split(":") if tag]
            text = text[: text.rindex(":" + tags[1] + ":")]
        state, _, rest = text.partition(" ")
        if state in self.states:
            facts["state"], text = state, rest.strip()
        if priority := _PRIORITY.match(text):
            facts["priority"], text = priority[1], text[priority.end() :]
        self.at += 1
        if self.at < len(self.lines):
            line = self.lines[self.at]
            planned = _PLANNING.findall(line) if len(line) < _LONGEST_PLAN and _PLANNED.fullmatch(line) else []
            facts |= {name.lower(): time.strip("<>[]") for name, time in planned}
            self.at += bool(planned)
        if self.at < len(self.lines) and self.lines[self.at].strip().lower() == ":properties:":
            end = self.end(":end:")
            if end is not None:
                pairs = [_PROPERTY.fullmatch(line[:2000]) for line in self.lines[self.at + 1 : end][:100]]
                facts["properties"] = {pair[1]: pair[2] or "" for pair in pairs if pair} or None
                self.at = end + 1
        name = self.inline.plain(text.removeprefix("COMMENT "))
        self.outline.heading(name, len(found[1]) + self.above, lines=[first + 1, self.at], **facts)
        self._footnotes(first)

    def _keyword(self, name: str, value: str) -> None:
        first = self.at
        self.at += 1
        if name == "title":
            self.outline.title = self.inline.plain(value)
            self.outline.heading(self.outline.title, 1, lines=[self.at, self.at])
            self._footnotes(first)
            self.above = 1
        elif name in ("todo", "seq_todo", "typ_todo"):
            self.states += [re.sub(r"\(.*", "", word) for word in value.split()[:50] if word != "|"]
        elif name == "macro":
            self.inline.define(*value.partition(" ")[::2])
        elif name == "caption":
            self._paragraph(value, first, role="caption")
        elif name in _FACTS and value:
            self.facts[name] = value[:1000]
        elif name == "include" and len(self.facts) < 50:
            self.facts["includes"] = ", ".join(filter(None, [self.facts.get("includes", ""), value]))[:2000]

    def _block(self, kind: str, option: str) -> None:
        first, end = self.at, self.end(f"#+end_{kind}")
        if end is None or self.depth > _MOST_NESTED:
            self._text()
            return
        inner = self.lines[first + 1 : end]
        if kind in CODE:
            language = (option.split() or [""])[0].lower()[:40] if kind == "src" else ""
            self.at = end + 1
            if kind != "comment":
                self._add(BlockType.CODE, code(inner), first, language=language or None)
            return
        inside = Reader(["", *inner], self.inline, self.depth + 1)
        inside.read()
        for block in inside.outline.blocks:
            lines = [number + first for number in block.metadata["lines"]]
            metadata = {"role": "quote" if kind in ("quote", "verse") else None} | block.metadata | {"lines": lines}
            self.outline.add(block.type, block.text, language=block.language, **metadata)
        self.at = end + 1

    def _table(self) -> None:
        first = self.at
        texts = self._while(lambda line: line.lstrip().startswith("|"))
        rows = [
            line.strip().removeprefix("|").removesuffix("|").split("|") for line in texts if not _RULE_ROW.fullmatch(line)
        ]
        rows = [[self.inline.plain(cell.strip().replace("\\vert", "|")) for cell in row] for row in rows]
        # A row of widths and alignments, such as <10> or <r>.
        rows = [row for row in rows if not all(re.fullmatch(r"(?:<[lcr]?\d{0,3}>)?", cell) for cell in row)]
        self._add(BlockType.TABLE, pipe_table(rows), first)

    def _list(self) -> None:
        first = self.at
        text = read_list(self)
        self._add(BlockType.LIST, text, first)

    def _text(self) -> None:
        first = self.at
        self.at += 1
        texts = [self.lines[first], *self._while(goes_on)]
        self._paragraph(" ".join(text.strip() for text in texts), first)

    def _paragraph(self, text: str, first: int, **metadata: Any) -> None:
        self.outline.paragraph(self.inline.plain(text), lines=[first + 1, self._last(first)], **metadata)
        self._footnotes(first)

    def _footnotes(self, first: int) -> None:
        """Add the footnotes that were written in the last block."""
        notes, self.inline.notes = self.inline.notes, []
        for note in notes:
            self.outline.paragraph(self.inline.plain(note), role="footnote", lines=[first + 1, self._last(first)])
        self.inline.notes = []

    def _add(self, kind: BlockType, text: str, first: int, **metadata: Any) -> None:
        self.outline.add(kind, text, lines=[first + 1, self._last(first)], **metadata)
        self._footnotes(first)

    def _last(self, first: int) -> int:
        last = max(self.at, first + 1)
        while last > first + 1 and not self.lines[min(last, len(self.lines)) - 1].strip():
            last -= 1
        return last

    def _while(self, holds: Callable[[str], bool]) -> list[str]:
        """The lines from here on for which something holds."""
        first = self.at
        while self.at < len(self.lines) and holds(self.lines[self.at]):
            self.at += 1
        return self.lines[first : self.at]

    def end(self, mark: str) -> int | None:
        """The line that ends a block or drawer; a drawer's stands before the next heading."""
        places = self._marks.get(mark, [])
        at = bisect_right(places, self.at)
        if at == len(places):
            return None
        if mark == ":end:":
            following = bisect_right(self._marks["*"], self.at)
            if following < len(self._marks["*"]) and self._marks["*"][following] < places[at]:
                return None
        return places[at]

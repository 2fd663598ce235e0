"""Org documents."""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from rage_assets.blocks.parsing.texts.list_items import ListItems
from rage_assets.blocks.parsing.texts.org.inline import plain
from resources.domain import BlockType

_HEADING = re.compile(r"(\*{1,30})[ \t]+(\S.*)")
_TAGS = re.compile(r"[ \t]+:([\w@#%:]{1,300}):[ \t]*$")
_PRIORITY = re.compile(r"\[#(\w{1,3})\][ \t]+")
_KEYWORD = re.compile(r"[ \t]*#\+([\w-]{1,50})(?:\[.{0,200}\])?:[ \t]*(.*)")
_BEGIN = re.compile(r"[ \t]*#\+begin_(\w{1,40})(?:[ \t]+(.*))?", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:([\w-]{1,50}):[ \t]*")
_PROPERTY = re.compile(r"[ \t]*:([\w+-]{1,50}):(?:[ \t]+(.*))?")
_PLANNING = re.compile(r"(SCHEDULED|DEADLINE|CLOSED):[ \t]*([<\[][^>\]]{1,60}[>\]])")
_ITEM = re.compile(r"([ \t]*)([-+]|\*(?<=[ \t]\*)|\d{1,5}[.)]|[a-zA-Z][.)])(?:[ \t]+(.*)|$)")
_CHECK = re.compile(r"(?:\[@\d{1,5}\][ \t]*)?\[[ xX-]\][ \t]+")
_TERM = re.compile(r"(\S.{0,300}?)[ \t]+::(?:[ \t]+|$)(.*)")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t].*)?")
_RULE_ROW = re.compile(r"[ \t]*\|[-+ ]+[|+]?[ \t]*")
_SILENT = re.compile(r"[ \t]*(?:-{5,}[ \t]*|CLOCK:.*|:(?:end|END):[ \t]*)")
_NOTE = re.compile(r"\[fn:([\w-]{1,50})\][ \t]*(.*)")
_STATES = ("TODO", "DONE", "NEXT", "WAITING", "CANCELLED", "CANCELED", "HOLD", "STARTED", "SOMEDAY")
_SILENT_DRAWERS = ("properties", "logbook", "clock", "feedstatus")
_MOST_NESTED = 20
_CODE = ("src", "example", "export", "comment")
_FACTS = ("author", "date", "email", "filetags", "description", "keywords", "subtitle", "language")


class OrgParser:
    """Reads Org: text without marks; states, tags, times and properties of headings are their metadata."""

    name = "org"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {".org": "text/x-org"}

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1."""
        reader = _Reader(content.text.split("\n"))
        reader.read()
        outline = reader.outline
        first = next((block.text for block in outline.blocks if block.type is BlockType.HEADING), "")
        outline.title = outline.title or first
        if outline.blocks and reader.facts:
            outline.blocks[0].metadata |= reader.facts
        return outline


class _Reader:
    def __init__(self, lines: list[str], depth: int = 0) -> None:
        self.lines = lines
        self.depth = depth
        self._marks = _marks(lines)
        self.at = 0
        self.outline = Outline()
        self.facts: dict[str, str] = {}
        self.notes: list[str] = []
        self.states = list(_STATES)
        self.above = 0  # levels of headings above the first star's

    def read(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if found := _HEADING.fullmatch(line):
                self._heading(found)
            elif found := _BEGIN.fullmatch(line):
                self._block(found[1].lower(), found[2] or "")
            elif found := _KEYWORD.fullmatch(line):
                self._keyword(found[1].lower(), found[2])
            elif (found := _DRAWER.fullmatch(line)) and (end := self._end(":end:")) is not None:
                # What a drawer of any other name holds is text of the document, such as results of code.
                self.at = end + 1 if found[1].lower() in _SILENT_DRAWERS else self.at + 1
            elif not line.strip() or _COMMENT.fullmatch(line) or _SILENT.fullmatch(line):
                self.at += 1
            elif line.lstrip().startswith("|"):
                self._table()
            elif re.match(r"[ \t]*:(?:[ \t]|$)", line):
                first = self.at
                texts = self._while(lambda line: bool(re.match(r"[ \t]*:(?:[ \t]|$)", line)))
                self._add(BlockType.CODE, "\n".join(text.lstrip()[2:] for text in texts), first)
            elif _ITEM.fullmatch(line):
                self._list()
            elif found := _NOTE.fullmatch(line):
                first = self.at
                self.at += 1
                texts = [found[2], *self._while(_goes_on)]
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
            planned = _PLANNING.findall(self.lines[self.at][:500])
            facts |= {name.lower(): time.strip("<>[]") for name, time in planned}
            self.at += bool(planned)
        if self.at < len(self.lines) and self.lines[self.at].strip().lower() == ":properties:":
            end = self._end(":end:")
            if end is not None:
                pairs = [_PROPERTY.fullmatch(line[:2000]) for line in self.lines[self.at + 1 : end][:100]]
                facts["properties"] = {pair[1]: pair[2] or "" for pair in pairs if pair} or None
                self.at = end + 1
        name = plain(text.removeprefix("COMMENT "), self.notes)
        self.outline.heading(name, len(found[1]) + self.above, lines=[first + 1, self.at], **facts)

    def _keyword(self, name: str, value: str) -> None:
        first = self.at
        self.at += 1
        if name == "title":
            self.outline.title = plain(value, self.notes)
            self.outline.heading(self.outline.title, 1, lines=[self.at, self.at])
            self.above = 1
        elif name in ("todo", "seq_todo", "typ_todo"):
            self.states += [re.sub(r"\(.*", "", word) for word in value.split()[:50] if word != "|"]
        elif name == "caption":
            self._paragraph(value, first, role="caption")
        elif name in _FACTS and value:
            self.facts[name] = value[:1000]
        elif name == "include" and len(self.facts) < 50:
            self.facts["includes"] = ", ".join(filter(None, [self.facts.get("includes", ""), value]))[:2000]

    def _block(self, kind: str, option: str) -> None:
        first, end = self.at, self._end(f"#+end_{kind}")
        if end is None or self.depth > _MOST_NESTED:
            self._text()
            return
        inner = self.lines[first + 1 : end]
        if kind in _CODE:
            language = (option.split() or [""])[0].lower()[:40] if kind == "src" else ""
            margin = min((len(line) - len(line.lstrip()) for line in inner if line.strip()), default=0)
            text = "\n".join(re.sub(r"^,(?=[*#,])", "", line[margin:]) for line in inner)
            self.at = end + 1
            if kind != "comment":
                self._add(BlockType.CODE, text, first, language=language or None)
            return
        inside = _Reader(["", *inner], self.depth + 1)
        inside.read()
        for block in inside.outline.blocks:
            lines = [number + first for number in block.metadata["lines"]]
            metadata = {"role": "quote" if kind in ("quote", "verse") else None} | block.metadata | {"lines": lines}
            self.outline.add(block.type, block.text, language=block.language, **metadata)
        self.at = end + 1

    def _table(self) -> None:
        first = self.at
        texts = self._while(lambda line: line.lstrip().startswith("|"))
        rows = [line.strip().strip("|").split("|") for line in texts if not _RULE_ROW.fullmatch(line)]
        rows = [[plain(cell.strip().replace("\\vert", "|"), self.notes) for cell in row] for row in rows]
        # A row of widths and alignments, such as <10> or <r>.
        rows = [row for row in rows if not all(re.fullmatch(r"(?:<[lcr]?\d{0,3}>)?", cell) for cell in row)]
        self._add(BlockType.TABLE, pipe_table(rows), first)

    def _list(self) -> None:
        first, items, indents, kinds = self.at, ListItems(), list[int](), dict[int, bool]()
        blank = 0
        while self.at < len(self.lines):
            line = self.lines[self.at]
            indent = len(line) - len(line.lstrip())
            found = _ITEM.fullmatch(line)
            if not line.strip():
                blank += 1
            elif _HEADING.fullmatch(line) or blank > 1 or (not found and indent <= indents[0]):
                break
            elif found:
                while indents and indent < indents[-1]:
                    indents.pop()
                    items.close()
                numbered = found[2][0].isalnum()
                if indents and indent == indents[-1] and numbered != kinds[indent]:
                    indents.pop()
                    items.close()
                if not indents or indent > indents[-1]:
                    indents.append(indent)
                    items.open(int(found[2][:-1]) if found[2][0].isdigit() else 1 if numbered else None)
                kinds[indent] = numbered
                items.item()
                text = _CHECK.sub("", found[3] or "", count=1)
                term = _TERM.fullmatch(text)
                items.text(plain(f"{term[1]}: {term[2]}" if term else text, self.notes))
            elif not re.match(r"[ \t]*(?:#\+|:[\w-]+:)", line):
                items.text(plain(line, self.notes))
            blank = 0 if line.strip() else blank
            self.at += 1
        self._add(BlockType.LIST, items.take(), first)

    def _text(self) -> None:
        first = self.at
        self.at += 1
        texts = [self.lines[first], *self._while(_goes_on)]
        self._paragraph(" ".join(text.strip() for text in texts), first)

    def _paragraph(self, text: str, first: int, **metadata: Any) -> None:
        self.outline.paragraph(plain(text, self.notes), lines=[first + 1, self._last(first)], **metadata)
        notes, self.notes = self.notes, []
        for note in notes:
            self.outline.paragraph(plain(note, []), role="footnote", lines=[first + 1, self._last(first)])

    def _add(self, kind: BlockType, text: str, first: int, **metadata: Any) -> None:
        self.outline.add(kind, text, lines=[first + 1, self._last(first)], **metadata)

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

    def _end(self, mark: str) -> int | None:
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


def _marks(lines: list[str]) -> dict[str, list[int]]:
    """Where headings are, and the ends of blocks and drawers."""
    found: dict[str, list[int]] = {"*": []}
    for place, line in enumerate(lines):
        bare = line.strip().lower()
        if bare == ":end:" or bare.startswith("#+end_"):
            found.setdefault(bare, []).append(place)
        elif _HEADING.fullmatch(line):
            found["*"].append(place)
    return found


def _goes_on(line: str) -> bool:
    """Whether a line belongs to the paragraph above it."""
    other = (_COMMENT, _HEADING, _BEGIN, _KEYWORD, _ITEM, _DRAWER, _NOTE)
    return bool(line.strip()) and not line.lstrip().startswith("|") and not any(kind.fullmatch(line) for kind in other)

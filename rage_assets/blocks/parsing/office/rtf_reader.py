"""Reads RTF's groups and control words, and sends the text where it belongs."""

import re
from collections.abc import Callable

from rage_assets.blocks.parsing.office.rtf_state import FORMATS, State
from rage_assets.blocks.parsing.office.rtf_styles import Entry, Styles
from rage_assets.blocks.parsing.office.rtf_tokens import character, charset, code_page, decoded, joined, tokens
from rage_assets.blocks.parsing.office.rtf_words import (
    CHARACTERS,
    ENCODINGS,
    FACTS,
    FOOTERS,
    HEADERS,
    SENT,
    SKIPPED,
    STORIES,
)  # fmt: skip
from rage_assets.blocks.parsing.office.story import Paragraph, Story, plain
from resources.errors import ParseFailed

_MAX_GROUPS = 3000  # one in another; real files have some dozens
_MAX_EDGES = 1000
_LONGEST_NAME = 2000
_IN_FONTS = ("text", "label")
_LINK = re.compile(r'\s*HYPERLINK\s+"([^"\\]{1,2000})"')


class RtfReader:
    """One pass over an RTF file.

    Attributes:
        body: The text.
        notes: Footnotes and endnotes, in the order of their marks.
        comments: Comments, each with its author.
        headers: Texts above pages, each once.
        footers: Texts below pages.
        facts: The document's own: title, author and so on.
    """

    def __init__(self) -> None:
        self.body = Story()
        self.notes: list[Story] = []
        self.comments: list[tuple[str, Story]] = []
        self.headers: list[str] = []
        self.footers: list[str] = []
        self.facts: dict[str, str] = {}
        self._styles = Styles()
        self._fonts: dict[int, str] = {}
        self._encoding = "cp1252"
        self._default_font: int | None = None
        self._entry = Entry()
        self._author: list[str] = []
        self._instruction: list[str] = []
        self._bytes = bytearray()
        self._skip = 0
        self._edges: dict[bool, list[int]] = {False: [], True: []}
        self._state = State(self.body)
        self._stack: list[State] = []

    def read(self, data: bytes, start: int = 0) -> int:
        """Read a file up to the end of its outermost group, and say where that is."""
        end = len(data)
        for token in tokens(data, start):
            if token.kind == "bytes":
                self._take(token.data)
                continue
            self._decode()
            if token.kind == "word":
                self._word(token.word, token.number)
            elif token.kind == "symbol":
                self._symbol(token.word)
            elif token.kind == "{":
                self._open()
            elif not self._close():
                end = token.end
                break
        self._decode()
        while self._close():
            pass
        self.end_paragraph()
        return end

    def _open(self) -> None:
        if len(self._stack) >= _MAX_GROUPS:
            raise ParseFailed("broken", "The file's groups are nested too deep.")
        self._skip = 0
        self._stack.append(self._state)
        self._state = self._state.inner()

    def _close(self) -> bool:
        self._skip = 0
        if not self._stack:
            return False
        if self._state.at_end:
            self._state.at_end()
        self._state = self._stack.pop()
        return bool(self._stack)

    def _take(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._state.to != "skip":
            self._bytes += data

    def _decode(self) -> None:
        if self._bytes:
            in_font = self._state.font if self._state.to in _IN_FONTS and self._state.font is not None else -1
            font = self._fonts.get(in_font, self._encoding)
            text = decoded(bytes(self._bytes), font, self._encoding)
            self._bytes.clear()
            self._write(text)

    def _write(self, text: str) -> None:
        """Send text to where it belongs."""
        state = self._state
        if state.to == "text":
            if not state.hidden:
                state.story.text.append(text)
        elif state.to == "label":
            state.story.label = ((state.story.label or "") + text)[:_LONGEST_NAME]
        elif state.to == "instruction":
            self._instruction.append(text)
        elif state.to == "atnauthor":
            self._author.append(text)
        elif state.to in ("fonts", "styles"):
            self._entry.name = (self._entry.name + text)[:_LONGEST_NAME]
            if ";" in text:
                self._end_entry()
        elif state.to in FACTS:
            self.facts[state.to] = (self.facts.get(state.to, "") + text)[:_LONGEST_NAME]

    def _end_entry(self) -> None:
        entry, self._entry = self._entry, Entry()
        entry.name = entry.name.partition(";")[0].strip()
        if self._state.to == "styles":
            self._styles.add(entry)
        elif entry.charset is not None and entry.number is not None:
            self._fonts[entry.number] = charset(entry.charset, self._encoding)

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._state.star = True
        elif symbol in "\r\n":
            self._word("par", None)
        elif symbol in CHARACTERS:
            self._character(CHARACTERS[symbol])

    def _character(self, text: str) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._write(text)

    def _word(self, word: str, number: int | None) -> None:
        state = self._state
        if word == "u":
            self._unicode(number)
            return
        if word in CHARACTERS and len(word) > 1:
            self._character(CHARACTERS[word])
            return
        self._skip = 0
        if state.to in ("fonts", "styles") and not state.star:
            self._entry.word(word, number, of=state.to)
        if state.to == "skip":
            pass
        elif self._destination(word):
            state.star = False
        elif state.star:
            state.to, state.star = "skip", False
        elif word in FORMATS:
            FORMATS[word](state, number)
        elif word in _MARKS and state.to == "text":
            _MARKS[word](self, number)
        elif word in ENCODINGS:
            self._encoding = ENCODINGS[word]
        elif word == "ansicpg" and number:
            self._encoding = code_page(number)
        elif word == "deff":
            self._default_font = state.font = number
        elif word == "plain":
            state.font, state.hidden = self._default_font, False

    def _unicode(self, number: int | None) -> None:
        self._skip = self._state.unicode_skip
        if number is None or self._state.to == "skip":
            return
        self._write(character(number))

    def _destination(self, word: str) -> bool:
        """Turn to another destination, which the rest of the group belongs to."""
        state = self._state
        if word in SKIPPED:
            state.to = "skip"
        elif word in SENT:
            state.to = SENT[word]
            state.nested_row = state.nested_row or word == "nesttableprops"
        elif word in FACTS and self._stack and self._stack[-1].to == "info":
            state.to = "skip" if word in self.facts else word
        elif word == "field":
            self._instruction = []
            state.at_end = self._end_field
        elif word in STORIES:
            self._begin_story(word)
        else:
            return False
        return True

    def _begin_story(self, kind: str) -> None:
        outer, story, hidden = self._state.story, Story(), self._state.hidden
        self._state = State(story, font=self._state.font, unicode_skip=self._state.unicode_skip)

        def end() -> None:
            self.end_paragraph()
            items = story.finish()
            if kind == "footnote":
                self.notes.append(story)
                outer.text.append(f"[{len(self.notes)}]")
            elif kind == "annotation":
                self.comments.append(("".join(self._author).strip(), story))
                self._author = []
            elif kind not in HEADERS | FOOTERS:
                outer.boxes += [] if hidden else items
            else:
                texts = self.headers if kind in HEADERS else self.footers
                text = plain(items)
                if text and text not in texts:
                    texts.append(text)

        self._state.at_end = end

    def _end_field(self) -> None:
        target = _LINK.match("".join(self._instruction))
        text = self._state.story.text
        if target and target[1].strip() and target[1] != (text[-1].strip() if text else ""):
            text.append(f" ({target[1]})")
        self._instruction = []

    def _nesting(self) -> int:
        state = self._state
        return state.nesting or int(state.in_table)

    def end_paragraph(self, _: int | None = None, nesting: int | None = None) -> None:
        """End the open paragraph, in so many tables."""
        state, story = self._state, self._state.story
        text = joined("".join(story.text))
        depth = self._nesting() if nesting is None else nesting
        if text.strip():
            level = self._styles.level(state.style, state.outline)
            label = story.label if story.label is not None or not state.listed else ""
            story.add(Paragraph(text, level, label, state.depth), depth)
        for box in story.boxes:
            story.add(box, depth)
        story.text, story.boxes, story.label = [], [], None

    def end_cell(self, _: int | None) -> None:
        """End a cell."""
        self.end_paragraph(nesting=1)
        self._state.story.end_cell(1)

    def end_nested_cell(self, _: int | None) -> None:
        """End a cell of a table in a table."""
        depth = max(self._state.nesting, 2)
        self.end_paragraph(nesting=depth)
        self._state.story.end_cell(depth)

    def end_row(self, _: int | None) -> None:
        """End a row."""
        self.end_paragraph(nesting=1)
        self._state.story.end_row(1, tuple(self._edges[False]))

    def end_nested_row(self, _: int | None) -> None:
        """End a row of a table in a table."""
        depth = max(self._state.nesting, 2)
        self.end_paragraph(nesting=depth)
        self._state.story.end_row(depth, tuple(self._edges[True]))

    def begin_row(self, _: int | None) -> None:
        """Begin what is said of a row."""
        self._edges[self._state.nested_row] = []

    def edge(self, number: int | None) -> None:
        """Take the right edge of a cell."""
        edges = self._edges[self._state.nested_row]
        if len(edges) < _MAX_EDGES:
            edges.append(number or 0)


_MARKS: dict[str, Callable[[RtfReader, int | None], None]] = {
    "par": RtfReader.end_paragraph, "sect": RtfReader.end_paragraph, "page": RtfReader.end_paragraph,
    "column": RtfReader.end_paragraph, "cell": RtfReader.end_cell, "nestcell": RtfReader.end_nested_cell,
    "row": RtfReader.end_row, "nestrow": RtfReader.end_nested_row, "trowd": RtfReader.begin_row, "cellx": RtfReader.edge,
}  # fmt: skip

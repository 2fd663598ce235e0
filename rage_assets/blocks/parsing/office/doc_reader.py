"""Reads the texts of a binary Word document: paragraphs, cells, fields, notes."""

import re
from collections.abc import Iterator
from itertools import pairwise
from struct import unpack_from

from rage_assets.blocks.parsing.office.doc_file import WordFile
from rage_assets.blocks.parsing.office.doc_properties import Properties
from rage_assets.blocks.parsing.office.doc_styles import Lists, Styles
from rage_assets.blocks.parsing.office.numerals import numeral
from rage_assets.blocks.parsing.office.rtf_tokens import joined
from rage_assets.blocks.parsing.office.rtf_words import BULLETS
from rage_assets.blocks.parsing.office.story import Item, Paragraph, Story
from resources.domain import BlockType

_FOOTNOTES, _ENDNOTES, _COMMENTS = (2, 3, 2), (46, 47, 2), (4, 5, 30)
_HEADERS, _AUTHORS, _ANCHORS, _BOXES = 11, 36, 40, 56
_SEPARATORS = 6  # the first texts of the headers part footnotes from the page
_FOOTER_PLACES = (2, 3, 5)  # of the six of a section
_ENDS = re.compile("[\r\x07\x0c]")
_FIELD = re.compile("[\x13\x14\x15]")
_HIDEABLE = re.compile("[^\r\x07\x0c\x13\x14\x15]")
_CODE = re.compile(r"html preformatted|macro(?: text)?|source ?code|code", re.IGNORECASE)
_SPECIAL = re.compile("[\x00-\x08\x0b\x0e-\x1f\ue000-\uf8ff\ufeff]")
_CHARACTERS = {"\x0b": "\n", "\x0e": "\n", "\x1e": "\u2011", "\x1f": "\xad"}
_LONGEST_HEADING = 1000


class DocReader:
    """The texts of a document, one by one."""

    def __init__(self, file: WordFile) -> None:
        self._file = file
        self._properties = Properties(file)
        self._styles = Styles(file)
        self._lists = Lists(file)
        self._text = self._masked()
        self._marks: dict[int, str] = {}
        for (references, _, size), form in ((_FOOTNOTES, "1"), (_ENDNOTES, "i")):
            for at, (place, _) in enumerate(self._entries(references, size), start=1):
                self._marks[place] = numeral(at, form)
        self._anchors: list[int] = []
        self._boxes: dict[int, list[Item]] = {}
        self._boxes = self._anchored_boxes()

    def body(self) -> list[Item]:
        """The text itself, with what stands in text boxes where they are anchored."""
        items = self._read(*self._file.range("body"))
        for place in self._anchors[::-1]:
            items += self._boxes.pop(place, [])
        self._anchors = []
        return items

    def notes(self) -> Iterator[tuple[str, str, list[Item]]]:
        """Footnotes, endnotes and comments: the role, the mark or author, and the text."""
        for indices, name, role, form in (
            (_FOOTNOTES, "footnotes", "footnote", "1"), (_ENDNOTES, "endnotes", "endnote", "i"),
        ):  # fmt: skip
            for at, (start, end) in enumerate(self._parts(indices[1], name, 0), start=1):
                yield role, numeral(at, form), self._read(start, end)
        authors = self._authors()
        references = [entry for _, entry in self._entries(_COMMENTS[0], _COMMENTS[2])]
        for at, (start, end) in enumerate(self._parts(_COMMENTS[1], "comments", 0)):
            number = unpack_from("<H", references[at], 20)[0] if at < len(references) else -1
            yield "comment", authors[number] if 0 <= number < len(authors) else "", self._read(start, end)

    def page_texts(self) -> tuple[list[list[Item]], list[list[Item]]]:
        """Headers and footers."""
        headers: list[list[Item]] = []
        footers: list[list[Item]] = []
        for at, (start, end) in enumerate(self._parts(_HEADERS, "headers", 0)):
            if at >= _SEPARATORS and start < end:
                is_footer = (at - _SEPARATORS) % 6 in _FOOTER_PLACES
                (footers if is_footer else headers).append(self._read(start, end))
        return headers, footers

    def _read(self, start: int, end: int) -> list[Item]:
        """The paragraphs and tables of a range of characters."""
        story = Story()
        at = start
        for mark in _ENDS.finditer(self._text, start, end):
            self._paragraph(story, at, mark.start())
            at = mark.end()
        if at < end:
            self._paragraph(story, at, end)
        return story.finish()

    def _paragraph(self, story: Story, start: int, end: int) -> None:
        properties = self._properties.of(self._file.offset(end))
        mark = self._text[end : end + 1]
        nesting = properties.nesting or int(properties.in_table or mark == "\x07")
        text = self._visible(start, end)
        if text.strip() and not properties.ends_row and not properties.ends_inner_row:
            level = self._styles.level(properties) if len(text) < _LONGEST_HEADING else None
            number, depth = self._styles.list_of(properties)
            label = self._lists.label(number, depth) if number else None
            code = level is None and _CODE.fullmatch(self._styles.name(properties.style))
            kind = BlockType.CODE if code else BlockType.PARAGRAPH
            story.add(Paragraph(text, level, label, depth, kind), nesting)
        while self._anchors and self._anchors[-1] <= end:
            for item in self._boxes.pop(self._anchors.pop(), ()):
                story.add(item, nesting)
        if properties.ends_inner_row:
            story.end_row(nesting, properties.edges)
        elif properties.ends_inner_cell:
            story.end_cell(nesting)
        elif mark == "\x07" and properties.ends_row:
            story.end_row(1, properties.edges)
        elif mark == "\x07":
            story.end_cell(1)

    def _visible(self, start: int, end: int) -> str:
        def shown(match: re.Match[str]) -> str:
            if match[0] == "\x02" and start + match.start() in self._marks:
                return f"[{self._marks[start + match.start()]}]"
            return "•" if ord(match[0]) in BULLETS else _CHARACTERS.get(match[0], "")

        return joined(_SPECIAL.sub(shown, self._text[start:end]))

    def _masked(self) -> str:
        """All characters, those that nobody sees as NUL: hidden and deleted ones, and the instructions of fields."""
        text = self._file.text
        parts, last = [], 0
        offsets = sorted(set(self._properties.hidden()))
        for low, high in sorted(part for start, end in _merged(offsets) for part in self._file.characters(start, end)):
            if low >= last:
                parts += [text[last:low], _HIDEABLE.sub("\0", text[low:high])]
                last = high
        text = "".join((*parts, text[last:]))
        parts, last = [], 0
        for low, high in _instructions(text):
            parts += [text[last:low], "\0" * (high - low)]
            last = high
        return "".join((*parts, text[last:]))

    def _entries(self, index: int, size: int) -> list[tuple[int, bytes]]:
        """The entries of a table that says what stands at which characters."""
        table = self._file.place(index)
        count = max((len(table) - 4) // (4 + size), 0)
        places = unpack_from(f"<{count}I", table) if count else ()
        start = 4 * (count + 1)
        return [(place, table[start + size * at : start + size * (at + 1)]) for at, place in enumerate(places)]

    def _parts(self, index: int, name: str, size: int) -> list[tuple[int, int]]:
        """The ranges of characters of the parts of one of the texts, one after the other."""
        table = self._file.place(index)
        start, end = self._file.range(name)
        count = max((len(table) - 4) // (4 + size), 0)
        bounds = unpack_from(f"<{count + 1}I", table) if count else ()
        pairs = [(min(start + low, end), min(start + high, end)) for low, high in pairwise(bounds)]
        # The last one only marks the end; parts that overlap are damage.
        kept, last = [], start
        for low, high in pairs[:-1] if len(pairs) > 1 else pairs:
            kept.append((max(low, last), max(high, low, last)))
            last = kept[-1][1]
        return kept

    def _authors(self) -> list[str]:
        table, at, found = self._file.place(_AUTHORS), 0, []
        while at + 2 <= len(table):
            size = 2 * int.from_bytes(table[at : at + 2], "little")
            found.append(table[at + 2 : at + 2 + size].decode("utf-16-le", "replace"))
            at += 2 + size
        return found

    def _anchored_boxes(self) -> dict[int, list[Item]]:
        """The contents of text boxes by the character that they are anchored at; those without one come last."""
        anchors = {int.from_bytes(entry[:4], "little"): place for place, entry in self._entries(_ANCHORS, 26)}
        shapes = [int.from_bytes(entry[14:18], "little") for _, entry in self._entries(_BOXES, 22)]
        boxes: dict[int, list[Item]] = {}
        for at, (start, end) in enumerate(self._parts(_BOXES, "boxes", 22)):
            place = anchors.get(shapes[at], len(self._text)) if at < len(shapes) else len(self._text)
            boxes.setdefault(place, []).extend(self._read(start, end))
        self._anchors = sorted(boxes, reverse=True)
        return boxes


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _instructions(text: str) -> list[tuple[int, int]]:
    """The ranges of fields that are no result: from a field's begin to its separator, or to its end without one."""
    begun: list[list[int]] = []
    found: list[tuple[int, int]] = []
    for mark in _FIELD.finditer(text):
        if mark[0] == "\x13":
            begun.append([mark.start(), -1])
        elif begun and mark[0] == "\x14":
            begun[-1][1] = mark.start()
        elif begun:
            start, separator = begun.pop()
            found.append((start, separator if separator >= 0 else mark.start()))
    return _merged(sorted(found))

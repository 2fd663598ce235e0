"""XML that is data: its records as lines of names and values, read in pieces whatever the size."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import IO, TYPE_CHECKING

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS, refuse_entities
from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.xml_text import plain_text
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MOST_LINES = 40
_MOST_TEXT = 2000
_TOGETHER = 400
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass
class _Open:
    """An element whose end is still to come."""

    name: str
    path: str
    # Each with the name of the record that it came from; its own have none.
    lines: list[tuple[str, str]] = field(default_factory=list)
    records: set[str] = field(default_factory=set)
    size: int = 0
    is_parted: bool = False  # its children are records of their own
    had_children: bool = False


class _Writer:
    """Adds records to an outline, small ones of a kind together."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._path = ""
        self._texts: list[str] = []
        self._size = 0

    def add(self, path: str, lines: list[str], name: str) -> None:
        """Add a record; within it, its own name leads nowhere."""
        text = "\n".join(line.removeprefix(f"{name}/") for line in lines)
        if path != self._path or self._size + len(text) > _TOGETHER:
            self.finish()
        if text:
            self._path = path
            self._texts.append(text)
            self._size += len(text)

    def finish(self) -> None:
        """Add what waits for its like."""
        self._outline.paragraph("\n\n".join(self._texts), path=self._path)
        self._texts, self._size = [], 0
        self._outline.flush()


def read_records(outline: Outline, stream: IO[bytes]) -> None:
    """Add the records of a file.

    An element that repeats, with elements in it, is a record and becomes one block: a line for each value, led by the
    names of the elements around it within the record. The path of the record is metadata.

    Raises:
        ParseFailed: `broken` when it is not XML, or declares entities that lead elsewhere or multiply.
    """
    from lxml import etree

    events = etree.iterparse(stream, events=("start", "end"), remove_comments=True, remove_pis=True, **XML_OPTIONS)
    stack: list[_Open] = []
    writer = _Writer(outline)
    try:
        for event, element in events:
            if event == "start":
                if not stack:
                    refuse_entities(element)
                else:
                    stack[-1].had_children = True
                name = local(element)
                stack.append(_Open(name, f"{stack[-1].path}/{name}" if stack else name))
                continue
            closed = stack.pop()
            _close(closed, element)
            if stack:
                _give(writer, stack[-1], closed)
                _forget(element, siblings=stack[-1].is_parted)
            else:
                _emit(writer, closed)
    except etree.XMLSyntaxError as error:
        raise ParseFailed("broken", f"Not XML: {error}") from None
    writer.finish()


def _close(closed: _Open, element: "_Element") -> None:
    """Take the element's own values."""
    mixed = closed.had_children and not closed.is_parted and _has_own_text(element)
    text = plain_text(element) if mixed or not closed.had_children else ""
    if mixed:  # a sentence with marks in it
        closed.lines, closed.records, closed.had_children = [], set(), False
    if text:
        closed.lines.append(("", f"\0{text}"))
    closed.lines[:0] = [
        ("", f"{str(key).rpartition('}')[2]}: {' '.join(str(value).split())}")
        for key, value in element.attrib.items()
        if value.strip() and not str(key).startswith(_SCHEMA)
    ]


def _has_own_text(element: "_Element") -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _give(writer: _Writer, parent: _Open, closed: _Open) -> None:
    """Hand what an element holds to the one around it, or add it as a record."""
    if closed.is_parted:
        _emit(writer, closed)
        _part(writer, parent)
        return
    lines = _named(closed)
    if not lines:
        return
    parent.size += sum(map(len, lines))
    if not closed.had_children:
        if parent.is_parted and not parent.had_children:
            _emit(writer, closed)
        parent.lines += [("", line) for line in lines]
        if len(parent.lines) > _MOST_LINES or parent.size > _MOST_TEXT:
            _part(writer, parent)
            _emit(writer, parent)
        return
    if parent.is_parted or closed.name in parent.records or parent.size > _MOST_TEXT:
        _part(writer, parent)
        writer.add(closed.path, lines, closed.name)
    else:
        parent.records.add(closed.name)
        parent.lines += [(closed.name, line) for line in lines]


def _named(closed: _Open) -> list[str]:
    """An element's lines as they stand in the one around it: each led by the element's name."""
    own = [line for _, line in closed.lines]
    values = [line for line in own if line.startswith("\0")]
    if len(own) == len(values):
        return [f"{closed.name}: {line[1:]}" for line in own]
    return [f"{closed.name}: {line[1:]}" if line.startswith("\0") else f"{closed.name}/{line}" for line in own]


def _part(writer: _Writer, parent: _Open) -> None:
    """Its children are records from now on; those that waited are added."""
    if not parent.is_parted:
        parent.is_parted = True
        for name, group in groupby(parent.lines, key=lambda line: line[0]):
            if name:
                writer.add(f"{parent.path}/{name}", [line for _, line in group], name)
        parent.lines = [line for line in parent.lines if not line[0]]
        parent.records = set()


def _emit(writer: _Writer, closed: _Open) -> None:
    writer.add(closed.path, [line.lstrip("\0") for _, line in closed.lines], "")
    closed.lines, closed.records, closed.size = [], set(), 0


def _forget(element: "_Element", *, siblings: bool) -> None:
    """Free the memory of what was read; the text stays where the element around it may need it as a sentence."""
    parent = element.getparent()
    if not siblings or parent is None:
        return
    element.clear(keep_tail=False)
    while element.getprevious() is not None:
        del parent[0]

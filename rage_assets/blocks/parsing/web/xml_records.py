"""XML that is data: its records as lines of names and values, read in pieces whatever the size."""

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS, refuse_entities
from rage_assets.blocks.parsing.office.docx_styles import local
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_MOST_LINES = 40
_MOST_TEXT = 2000
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass
class _Open:
    """An element whose end is still to come."""

    name: str
    path: str
    lines: list[str] = field(default_factory=list)
    records: dict[str, list[str]] = field(default_factory=dict)
    size: int = 0
    is_parted: bool = False  # its children are records of their own
    had_children: bool = False


def read_records(outline: Outline, stream: IO[bytes]) -> None:
    """Add the records of a file.

    An element that repeats, with elements in it, is a record and becomes one block: a line for each value, led by the
    names of the elements around it within the record. The path of the record is metadata.

    Raises:
        ParseFailed: `broken` when it is not XML, or declares entities that lead elsewhere or multiply.
    """
    from lxml import etree

    events = etree.iterparse(stream, events=("start", "end"), remove_comments=True, remove_pis=True, **_options())
    stack: list[_Open] = []
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
            _close(outline, closed, element)
            if stack:
                _give(outline, stack[-1], closed)
                _forget(element, siblings=stack[-1].is_parted)
            else:
                _emit(outline, closed)
            outline.flush()
    except etree.XMLSyntaxError as error:
        raise ParseFailed("broken", f"Not XML: {error}") from None


def _options() -> dict[str, bool]:
    return XML_OPTIONS


def _close(outline: Outline, closed: _Open, element: "_Element") -> None:
    """Take the element's own values."""
    for key, value in element.attrib.items():
        if value.strip() and not str(key).startswith(_SCHEMA):
            closed.lines.insert(0, f"{str(key).rpartition('}')[2]}: {' '.join(str(value).split())}")
    mixed = closed.had_children and not closed.is_parted and _has_own_text(element)
    text = " ".join("".join(map(str, element.itertext())).split()) if mixed or not closed.had_children else ""
    if mixed:  # a sentence with marks in it
        closed.lines, closed.records, closed.had_children = [], {}, False
    if text:
        closed.lines.append(f"\0{text}")


def _has_own_text(element: "_Element") -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _give(outline: Outline, parent: _Open, closed: _Open) -> None:
    """Hand what an element holds to the one around it, or add it as a record."""
    if closed.is_parted:
        _emit(outline, closed)
        _part(outline, parent)
        return
    lines = _named(closed)
    if not lines:
        return
    parent.size += sum(map(len, lines))
    if not closed.had_children:
        if parent.is_parted and not parent.had_children:
            _emit(outline, closed)
        parent.lines += lines
        if len(parent.lines) > _MOST_LINES or parent.size > _MOST_TEXT:
            _part(outline, parent)
            _emit(outline, parent)
        return
    if parent.is_parted or closed.name in parent.records or parent.size > _MOST_TEXT:
        _part(outline, parent)
        _add(outline, closed.path, lines, closed.name)
    else:
        parent.records[closed.name] = lines


def _named(closed: _Open) -> list[str]:
    """An element's lines as they stand in the one around it: each led by the element's name."""
    own = [*closed.lines, *(line for lines in closed.records.values() for line in lines)]
    values = [line for line in own if line.startswith("\0")]
    if len(own) == len(values):
        return [f"{closed.name}: {line[1:]}" for line in own]
    return [f"{closed.name}: {line[1:]}" if line.startswith("\0") else f"{closed.name}/{line}" for line in own]


def _part(outline: Outline, parent: _Open) -> None:
    """Its children are records from now on; those that waited are added."""
    if not parent.is_parted:
        parent.is_parted = True
        for name, lines in parent.records.items():
            _add(outline, f"{parent.path}/{name}", lines, name)
        parent.records = {}


def _emit(outline: Outline, closed: _Open) -> None:
    lines = [*closed.lines, *(line for lines in closed.records.values() for line in lines)]
    _add(outline, closed.path, [line.lstrip("\0") for line in lines], "")
    closed.lines, closed.records, closed.size = [], {}, 0


def _add(outline: Outline, path: str, lines: list[str], name: str) -> None:
    """Add a record; within it, its own name leads nowhere."""
    lead = f"{name}/"
    outline.paragraph("\n".join(line.removeprefix(lead) for line in lines), path=path)


def _forget(element: "_Element", *, siblings: bool) -> None:
    """Free the memory of what was read; the text stays where the element around it may need it as a sentence."""
    parent = element.getparent()
    if not siblings or parent is None:
        return
    element.clear(keep_tail=False)
    while element.getprevious() is not None:
        del parent[0]

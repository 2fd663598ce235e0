"""The XML of Excel's sheets, read row by row, so that a sheet of a million rows takes little memory."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import IO, TYPE_CHECKING

from rage_assets.blocks.parsing.archives.archive import XML_OPTIONS
from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.number_formats import built_in, shown
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.office.regions import Area
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.etree import _Element

_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_MERGE = re.compile(rb"<(?:\w{1,20}:)?mergeCell\s[^>]{0,200}?\bref\s?=\s?[\"']([A-Z0-9:$]{1,40})[\"']")
_COLUMN = re.compile(rb"<(?:\w{1,20}:)?col\s([^>]{0,400})>")
_NUMBER = re.compile(rb"\b(min|max|width|hidden)\s?=\s?[\"']([0-9.]{1,20})[\"']")
_CHUNK = 1 << 20
_OVERLAP = 1000
_MOST_MERGES = 100_000
_NARROW = 3.0  # characters
_LAST_COLUMN = 16_384
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def cell_place(reference: str) -> tuple[int, int] | None:
    """The row and column, from 1, of a reference such as `B7`."""
    match = _CELL.fullmatch(reference.replace("$", ""))
    return (int(match[2]), column_number(match[1])) if match else None


@lru_cache(maxsize=20_000)
def column_number(letters: str) -> int:
    """The number, from 1, of a column such as `AB`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def area(reference: str) -> Area | None:
    """The area of a reference such as `A1:C3`."""
    corners = [cell_place(corner) for corner in reference.split(":")]
    first, last = corners[0], corners[-1]
    if first is None or last is None:
        return None
    return Area(min(first[0], last[0]), min(first[1], last[1]), max(first[0], last[0]), max(first[1], last[1]))


def elements(stream: IO[bytes], name: str) -> "Iterator[_Element]":
    """The elements of one name in a stream of XML, each forgotten after its turn.

    Raises:
        ParseFailed: `broken`.
    """
    from lxml import etree

    try:
        for _, element in etree.iterparse(stream, tag=f"{{*}}{name}", remove_comments=True, remove_pis=True, **XML_OPTIONS):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, OSError, EOFError, ValueError) as error:
        raise ParseFailed("broken", f"The XML cannot be read: {error}") from None


def text_of(element: "_Element") -> str:
    """The text of a string of Excel, rich or plain, without how it is spoken."""
    parts = []
    for each in element:
        if local(each) == "t":
            parts.append(each.text or "")
        elif local(each) == "r":
            parts += [part.text or "" for part in each if local(part) == "t"]
    text = "".join(parts)
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class Formats:
    """The number format of each style of cells."""

    def __init__(self, root: "_Element | None", *, from_1904: bool) -> None:
        own = (
            {each.get("numFmtId"): each.get("formatCode") or "General" for each in root.iter("{*}numFmt")}
            if root is not None
            else {}
        )
        styles = child(root, "cellXfs")
        ids = [attribute(each, "numFmtId") or "0" for each in styles] if styles is not None else []
        self._patterns = [own.get(each) or built_in(int(each) if each.isdecimal() else 0) for each in ids]
        self._from_1904 = from_1904

    def shown(self, text: str, style: str) -> str:
        """A number as the sheet shows it."""
        at = int(style) if style.isdecimal() else 0
        try:
            pattern = self._patterns[at] if at < len(self._patterns) else "General"
            return shown(float(text), pattern, from_1904=self._from_1904)
        except (ValueError, OverflowError):
            return text


def rows(package: Package, part: str, strings: Sequence[str], formats: Formats) -> Iterator[tuple[int, dict[int, str]]]:
    """The rows of a sheet that have text: their number, and the texts by column."""
    last = 0
    with package.open(part) as stream:
        for row in elements(stream, "row"):
            written = row.get("r", "")
            # Rows and cells may leave out where they stand: it is then the next place.
            number = int(written) if written.isdecimal() and len(written) < 8 else last + 1
            texts: dict[int, str] = {}
            column = 0
            for cell in row:
                place = cell_place(cell.get("r", ""))
                column = place[1] if place else column + 1
                text = _shown(cell, strings, formats)
                if text and column <= _LAST_COLUMN:
                    texts[column] = text
            if texts and number > last:
                yield number, texts
            last = max(last, number)


def _shown(cell: "_Element", strings: Sequence[str], formats: Formats) -> str:
    kind = cell.get("t", "n")
    namespace = cell.tag[:-1]
    if kind == "inlineStr":
        inline = child(cell, "is")
        return text_of(inline).strip() if inline is not None else ""
    text = (cell.findtext(f"{namespace}v") or "").strip()
    if not text:
        return ""
    match kind:
        case "s":
            return strings[int(text)] if text.isdecimal() and int(text) < len(strings) else ""
        case "n":
            return formats.shown(text, cell.get("s", "0"))
        case "b":
            return "FALSE" if text == "0" else "TRUE"
        case "d":
            return text.removesuffix("T00:00:00").replace("T", " ")
    return text


def merges(package: Package, part: str) -> list[Area]:
    """The merged cells of a sheet, which its XML names after all rows; so it is searched as bytes first."""
    with package.open(part) as stream:
        found = (area(match[1].decode("ascii")) for match in _matches(stream, _MERGE))
        return [each for each, _ in zip((each for each in found if each), range(_MOST_MERGES), strict=False)]


def narrow_columns(package: Package, part: str) -> frozenset[int]:
    """The columns of a sheet that are too narrow for text, which only keep others apart."""
    narrow: set[int] = set()
    with package.open(part) as stream:
        for match in _COLUMN.finditer(stream.read(_CHUNK)):
            found = {
                key: float(value) for key, value in _NUMBER.findall(match[1]) if value.count(b".") < 2 and value != b"."
            }
            first, last = int(found.get(b"min", 1)), min(int(found.get(b"max", 0)), _LAST_COLUMN)
            if found.get(b"width", 9.0) < _NARROW or found.get(b"hidden"):
                narrow.update(range(first, last + 1))
    return frozenset(narrow)


def _matches(stream: IO[bytes], pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    rest = b""
    while chunk := stream.read(_CHUNK):
        end = 0
        for match in pattern.finditer(rest + chunk):
            yield match
            end = match.end()
        rest = (rest + chunk)[max(end, len(rest) + len(chunk) - _OVERLAP) :]

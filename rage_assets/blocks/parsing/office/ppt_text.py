"""The texts of the binary PowerPoint format: paragraphs with their bullets, numbers and indents."""

from collections import deque
from dataclasses import dataclass
from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

from rage_assets.blocks.parsing.office.numerals import numeral
from rage_assets.blocks.parsing.office.story import Paragraph

TITLES = (0, 6)
NOTES = 2
_BODIES = (1, 5, 7, 8)
_LISTS = (1, 7, 8)
_DEEPEST = 8
# The fields of a paragraph's and a character's properties in their order: the bits that say they are there, and their sizes.
_PARAGRAPH_FIELDS = (
    (0xF, 2), (0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2), (0x100, 2),
    (0x400, 2), (0x8000, 2), (0x100000, -4), (0x10000, 2), (0xE0000, 2), (0x200000, 2),
)  # fmt: skip
_CHARACTER_FIELDS = (
    (0x3EB7, 2), (0x10000, 2), (0x200000, 2), (0x400000, 2), (0x800000, 2), (0x20000, 2), (0x40000, 4), (0x80000, 2),
)  # fmt: skip
# How numbers are shown: their form and what stands around them.
_SCHEMES = (
    "a.", "A.", "1)", "1.", "(i)", "i)", "i.", "I.", "(a)", "a)", "(A)", "A)", "(1)", "1", "(I)", "I)",
)  # fmt: skip


@dataclass
class Text:
    """A text of a slide.

    Attributes:
        kind: 0 and 6 are titles, 1, 5, 7 and 8 bodies, 2 notes, 4 others.
        text: Its characters; carriage returns part paragraphs.
        style: The properties of its paragraphs and characters.
        numbers: What newer versions say of its numbers.
    """

    kind: int = 4
    text: str = ""
    style: bytes = b""
    numbers: bytes = b""

    @property
    def plain(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())


class _Run(NamedTuple):
    length: int
    depth: int
    bullet: bool | None


def paragraphs(text: Text) -> list[Paragraph]:
    """The paragraphs of a text; those with bullets or numbers are items."""
    runs, entries = _styles(text)
    schemes = _schemes(text.numbers)
    found: list[Paragraph] = []
    counts: dict[int, int] = {}
    at = 0
    lines = text.text.split("\r")
    several = sum(bool(line.strip()) for line in lines) > 1
    for line in lines:
        run = _at(runs, at)
        entry = _at(entries, at)
        depth = min(run.depth, _DEEPEST) if run else 0
        bullet = run.bullet if run and run.bullet is not None else text.kind in _LISTS and several
        scheme = schemes[entry.depth] if entry and entry.depth < len(schemes) else None
        at += len(line) + 1
        if not line.strip():
            continue
        for deeper in [each for each in counts if each > depth or (each == depth and not (bullet and scheme))]:
            del counts[deeper]
        label = "" if bullet else None
        if bullet and scheme:
            counts[depth] = counts.get(depth, scheme[1] - 1) + 1
            shape = _SCHEMES[scheme[0]] if scheme[0] < len(_SCHEMES) else "1."
            form = shape.strip("().")
            label = shape.replace(form, numeral(counts[depth], form))
        found.append(Paragraph(line.replace("\v", "\n").strip(), None, label, depth))
    return found


def _at(runs: deque[tuple[int, _Run]], place: int) -> _Run | None:
    while len(runs) > 1 and runs[1][0] <= place:
        runs.popleft()
    return runs[0][1] if runs else None


def _styles(text: Text) -> tuple[deque[tuple[int, _Run]], deque[tuple[int, _Run]]]:
    """The runs of paragraphs, and of characters with the number of what newer versions say of them as their depth."""
    by_paragraph: deque[tuple[int, _Run]] = deque()
    by_character: deque[tuple[int, _Run]] = deque()
    at = start = 0
    try:
        while start <= len(text.text) and text.style:
            length, depth, mask = unpack_from("<IHI", text.style, at)
            values, at = _fields(text.style, at + 10, mask, _PARAGRAPH_FIELDS)
            bullet = bool(values[0xF] & 1) if 0xF in values and mask & 1 else None
            by_paragraph.append((start, _Run(length, depth, bullet)))
            start += max(length, 1)
        start = 0
        while start <= len(text.text) and text.style:
            length, mask = unpack_from("<II", text.style, at)
            values, at = _fields(text.style, at + 8, mask, _CHARACTER_FIELDS)
            by_character.append((start, _Run(length, (values.get(0x3EB7, 0) >> 10) & 0xF, None)))
            start += max(length, 1)
    except StructError:
        pass  # the runs so far
    return by_paragraph, by_character


def _fields(data: bytes, at: int, mask: int, fields: tuple[tuple[int, int], ...]) -> tuple[dict[int, int], int]:
    values = {}
    for bits, size in fields:
        if mask & bits:
            if size < 0:
                size = 2 - size * unpack_from("<H", data, at)[0]
            else:
                values[bits] = int.from_bytes(data[at : at + size], "little")
            at += size
    return values, at


def _schemes(data: bytes) -> list[tuple[int, int] | None]:
    """How the paragraphs are numbered and from where, by the numbers that their characters name."""
    found: list[tuple[int, int] | None] = []
    at = 0
    try:
        while at + 4 <= len(data) and len(found) < 16:
            mask = unpack_from("<I", data, at)[0]
            at += 4 + (2 if mask & 0x800000 else 0)
            numbered = True
            if mask & 0x2000000:
                numbered = bool(unpack_from("<H", data, at)[0])
                at += 2
            scheme = None
            if mask & 0x1000000:
                scheme = unpack_from("<HH", data, at)
                at += 4
            found.append(
                (scheme[0], max(scheme[1], 1)) if scheme and numbered else (3, 1) if mask & 0x2000000 and numbered else None
            )
            mask = unpack_from("<I", data, at)[0]
            at += 4 + (4 if mask & 0x100000 else 0)
            mask = unpack_from("<I", data, at)[0]
            at += 4 + 2 * (mask & 1) + (mask & 2) + (mask & 4) // 2 + (4 if mask & 0x20 else 0) + (2 if mask & 0x40 else 0)
            if mask & 0x200:
                at += 4 + 4 * unpack_from("<I", data, at)[0]
    except StructError:
        pass
    return found

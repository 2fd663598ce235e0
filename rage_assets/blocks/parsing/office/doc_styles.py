"""The styles and lists of the binary Word format."""

from collections import defaultdict
from struct import error as StructError
from struct import unpack_from
from typing import NamedTuple

from rage_assets.blocks.parsing.office.doc_file import WordFile
from rage_assets.blocks.parsing.office.doc_properties import ParagraphProperties
from rage_assets.blocks.parsing.office.flow import style_level
from rage_assets.blocks.parsing.office.numerals import numeral

_STYLES, _LISTS, _OVERRIDES = 1, 73, 74
_NONE = 0xFFF
_PARAGRAPH = 1
_BODY_TEXT = 9
_MAX_BASES = 20
_MAX_LEVELS = 9
_TITLES = {62: 1}  # by the numbers of built-in styles
_FORMS = {1: "I", 2: "i", 3: "A", 4: "a", 23: "", 255: ""}


class _Style(NamedTuple):
    built_in: int
    base: int
    name: str
    properties: ParagraphProperties


class Styles:
    """The styles of paragraphs."""

    def __init__(self, file: WordFile) -> None:
        self._styles: dict[int, _Style] = {}
        data = file.place(_STYLES)
        try:
            header, count, base_size = unpack_from("<HHH", data, 0)
            at = 2 + header
            for number in range(count):
                size = unpack_from("<H", data, at)[0]
                style = _style(data[at + 2 : at + 2 + size], base_size) if size else None
                if style:
                    self._styles[number] = style
                at += 2 + size + size % 2
        except StructError:
            pass  # the styles so far

    def name(self, number: int) -> str:
        """The name of a style."""
        return self._styles[number].name if number in self._styles else ""

    def level(self, properties: ParagraphProperties) -> int | None:
        """The level of a paragraph as a heading; None for others."""
        outline = properties.outline
        for style in self._chain(properties.style):
            if outline is None:
                level = style.built_in if 1 <= style.built_in <= _BODY_TEXT else _TITLES.get(style.built_in)
                level = level or style_level(style.name)
                if level is not None:
                    return level
                outline = style.properties.outline
        return outline + 1 if outline is not None and outline < _BODY_TEXT else None

    def list_of(self, properties: ParagraphProperties) -> tuple[int, int]:
        """The list of a paragraph and its depth in it; 0 for no list."""
        number, depth = properties.list, properties.depth
        for style in self._chain(properties.style):
            number = number if number is not None else style.properties.list
            depth = depth if depth is not None else style.properties.depth
        return number or 0, min(depth or 0, _MAX_LEVELS - 1)

    def _chain(self, number: int) -> list[_Style]:
        chain: list[_Style] = []
        while number in self._styles and len(chain) < _MAX_BASES:
            chain.append(self._styles[number])
            number = chain[-1].base
        return chain


def _style(data: bytes, base_size: int) -> _Style | None:
    built_in, kind, updates = unpack_from("<HHH", data, 0)
    length = unpack_from("<H", data, base_size)[0]
    at = base_size + 2 + 2 * length + 2
    name = data[base_size + 2 : base_size + 2 + 2 * length].decode("utf-16-le", "replace")
    properties = ParagraphProperties()
    if kind & 0xF != _PARAGRAPH:
        return None
    if updates & 0xF and at + 4 <= len(data):
        size = unpack_from("<H", data, at)[0]
        properties.apply(data[at + 4 : at + 2 + size])
    return _Style(built_in & 0xFFF, kind >> 4, name, properties)


class _Level(NamedTuple):
    start: int
    form: int
    pattern: str


class Lists:
    """Counts the items of lists as Word does."""

    def __init__(self, file: WordFile) -> None:
        self._levels: dict[int, list[_Level]] = {}
        self._list_of: dict[int, int] = {}
        self._starts: dict[int, dict[int, int]] = {}
        self._counts: dict[int, dict[int, int]] = defaultdict(dict)
        self._begun: set[tuple[int, int]] = set()
        try:
            self._read_lists(file)
            self._read_overrides(file.place(_OVERRIDES))
        except (StructError, IndexError):
            pass  # the lists so far

    def label(self, number: int, depth: int) -> str:
        """What stands before the next item: `2.1.`; empty for a bullet."""
        of = self._list_of.get(number, 0)
        levels = self._levels.get(of, [])
        if depth >= len(levels):
            return ""
        counts = self._counts[of]
        level = levels[depth]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for at, start in self._starts.get(number, {}).items():
            if at == depth and (number, at) not in self._begun:
                counts[at] = start
                self._begun.add((number, at))
        for deeper in [at for at in counts if at > depth]:
            del counts[deeper]
        if level.form == 23 or not level.pattern:
            return ""
        label = ""
        for char in level.pattern:
            at = ord(char)
            if at < _MAX_LEVELS:
                shown = levels[at] if at < len(levels) else level
                label += numeral(counts.get(at, shown.start), _FORMS.get(shown.form, "1"))
            else:
                label += char
        return label.strip()

    def _read_lists(self, file: WordFile) -> None:
        table = file.place(_LISTS)
        if len(table) < 2:
            return
        rest, at = file.rest_after(_LISTS), 0
        for number in range(unpack_from("<H", table, 0)[0]):
            name = unpack_from("<I", table, 2 + 28 * number)[0]
            simple = table[2 + 28 * number + 26] & 1
            levels = self._levels.setdefault(name, [])
            for _ in range(1 if simple else _MAX_LEVELS):
                level, at = _level(rest, at)
                levels.append(level)

    def _read_overrides(self, table: bytes) -> None:
        if len(table) < 4:
            return
        count = min(unpack_from("<I", table, 0)[0], (len(table) - 4) // 16)
        at = 4 + 16 * count
        for number in range(count):
            of, changes = unpack_from("<I8xB", table, 4 + 16 * number)
            self._list_of[number + 1] = of
            at += 4
            for _ in range(changes):
                start, flags = unpack_from("<iI", table, at)
                at += 8
                if flags & 0x20:
                    _, at = _level(table, at)
                if flags & 0x10:
                    self._starts.setdefault(number + 1, {})[flags & 0xF] = start


def _level(data: bytes, at: int) -> tuple[_Level, int]:
    start, form = unpack_from("<iB", data, at)
    characters, paragraphs = data[at + 24], data[at + 25]
    at += 28 + characters + paragraphs
    length = unpack_from("<H", data, at)[0]
    pattern = data[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace")
    return _Level(start, form, pattern), at + 2 + 2 * length

"""What stands at the beginning of an RTF file: its fonts' character sets and its styles."""

from dataclasses import dataclass
from typing import NamedTuple

from rage_assets.blocks.parsing.office.flow import style_level

_MAX_BASES = 20
_BODY_TEXT = 9  # the outline level of what is no heading


class _Style(NamedTuple):
    name: str
    outline: int | None
    base: int | None


@dataclass
class Entry:
    """A font or a style as its table is read."""

    number: int | None = None
    charset: int | None = None
    outline: int | None = None
    base: int | None = None
    name: str = ""

    def word(self, word: str, number: int | None, of: str) -> None:
        """Take a control word of an entry of `fonts` or `styles`."""
        if (word, of) in (("f", "fonts"), ("s", "styles")):
            self.number = number or 0
        elif word == "fcharset":
            self.charset = number or 0
        elif word == "outlinelevel":
            self.outline = number or 0
        elif word == "sbasedon":
            self.base = number
        elif word in ("cs", "ds", "ts"):  # styles of characters, sections and tables
            self.number = -1


class Styles:
    """The styles of paragraphs."""

    def __init__(self) -> None:
        self._styles: dict[int, _Style] = {}

    def add(self, entry: Entry) -> None:
        """Add a style; one without a number is the default."""
        number = entry.number or 0
        if number >= 0:
            self._styles[number] = _Style(entry.name, entry.outline, entry.base)

    def level(self, number: int, outline: int | None) -> int | None:
        """The level of a paragraph as a heading.

        Args:
            number: Its style.
            outline: Its own outline level, from 0, which counts for more.
        """
        style: int | None = number
        for _ in range(_MAX_BASES):
            found = self._styles.get(style) if style is not None else None
            if found is None:
                break
            named = style_level(found.name)
            if named is not None and outline is None:
                return named
            outline = outline if outline is not None else found.outline
            style = found.base
        return outline + 1 if outline is not None and 0 <= outline < _BODY_TEXT else None

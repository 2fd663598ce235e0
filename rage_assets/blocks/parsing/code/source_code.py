"""Source code: a block for each function, class and method, and for what lies between them."""

from collections.abc import Iterable
from typing import ClassVar

from rage_assets.blocks.parsing.code.keyed import keyed_units
from rage_assets.blocks.parsing.code.languages import code_language, refined
from rage_assets.blocks.parsing.code.margins import defined_name, units_at_margins
from rage_assets.blocks.parsing.code.units import Unit, units
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType

_HEAD = 65536


class CodeParser:
    """Reads programming and configuration languages: by grammar where there is one, at the margins elsewhere."""

    name = "code"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {".py": "text/x-python"}  # for the others: `code_language`

    def parse(self, content: Content) -> Outline:
        """Code blocks with `lines`, `[first, last]` counted from 1, and their `symbol`, `signature` and `docstring`."""
        text = content.text
        language = refined(code_language(content.path) or content.media_type.removeprefix("text/x-"), text)
        lines = text.split("\n")
        outline = Outline()
        for unit in keyed_units(lines, language) or units(text, language) or _at_margins(lines):
            first, last = unit.first, unit.last
            while last > first and not lines[last].strip():
                last -= 1
            while first < last and not lines[first].strip():
                first += 1
            outline.add(
                BlockType.CODE,
                "\n".join(lines[first : last + 1]),
                section=unit.section,
                language=language,
                lines=[first + 1, last + 1],
                symbol=unit.symbol,
                signature=unit.signature,
                docstring=unit.docstring,
            )
        return outline


def _at_margins(lines: list[str]) -> Iterable[Unit]:
    for first, end in units_at_margins(lines):
        symbol = defined_name("\n".join(lines[first:end]))
        yield Unit(first, end - 1, symbol, [symbol] if symbol else [])

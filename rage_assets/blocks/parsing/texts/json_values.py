"""JSON and JSON lines: readable `path: value` lines in blocks of bounded size."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_BLOCK_CHARS = 1500
_MAX_DEPTH = 200


class JsonParser:
    """Reads JSON as what it says: each value with the path of keys that leads to it."""

    name = "json"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {
        ".json": "application/json",
        ".geojson": "application/json",
        ".jsonl": "application/x-ndjson",
        ".ndjson": "application/x-ndjson",
    }

    def parse(self, content: Content) -> Outline:
        """Paragraphs of whole top-level entries as far as they fit, with `lines` in JSON lines."""
        outline = Outline()
        if content.media_type == "application/x-ndjson":
            _add_lines(outline, content.text)
            return outline
        try:
            value = _load(content.text)
        except json.JSONDecodeError as error:
            # Many a .json is JSON lines.
            if error.msg != "Extra data":
                raise ParseFailed("broken", f"Not JSON: {error}") from None
            _add_lines(outline, content.text)
            return outline
        if isinstance(value, dict) and isinstance(title := value.get("title"), str):
            outline.title = title[:200]
        add_values(outline, value)
        return outline


def add_values(outline: Outline, value: Any) -> None:
    """Add a value as paragraphs of bounded size."""
    block: list[str] = []
    size = 0
    for line in value_lines(value):
        if block and size + len(line) > _BLOCK_CHARS:
            outline.paragraph("\n".join(block))
            block, size = [], 0
        block.append(line)
        size += len(line) + 1
    outline.paragraph("\n".join(block))


def value_lines(value: Any) -> Iterator[str]:
    """A line for each value: the path of keys, and the value as text."""
    # One iterator for each level, since the paths of all entries together can be far larger than the file.
    stack: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while stack:
        path, current = next(stack[-1], (None, None))
        if path is None:
            stack.pop()
        elif not isinstance(current, dict | list) or not current:
            yield _line(path, _scalar(current))
        elif isinstance(current, list) and _is_flat(current):
            yield _line(path, ", ".join(map(_scalar, current)))
        elif len(stack) > _MAX_DEPTH:
            raise ParseFailed("broken", f"Nested deeper than {_MAX_DEPTH} levels.")
        else:
            stack.append(_entries(path, current))


def _is_flat(values: list[Any]) -> bool:
    return len(values) <= 50 and all(not isinstance(item, dict | list) for item in values)


def _entries(path: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """The entries of a value, each with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (f"{path}.{key}" if path else str(key)), item
    else:
        for at, item in enumerate(value):
            yield f"{path}[{at}]", item


def _add_lines(outline: Outline, text: str) -> None:
    """Each line a value; short ones share a block."""
    block: list[str] = []
    first, size = 1, 0
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            shown = "\n".join(value_lines(_load(line)))
        except json.JSONDecodeError as error:
            raise ParseFailed("broken", f"Line {number} is not JSON: {error}") from None
        if block and size + len(shown) > _BLOCK_CHARS:
            outline.paragraph("\n".join(block), lines=[first, number - 1])
            block, size = [], 0
        if not block:
            first = number
        block.append(shown)
        size += len(shown)
    outline.paragraph("\n".join(block), lines=[first, len(lines)])


def _load(text: str) -> Any:
    # Numbers stay as they are written: no limit on digits, no rounding.
    return json.loads(text.lstrip("\ufeff"), parse_int=_Number, parse_float=_Number, parse_constant=_Number)


class _Number(str):
    """A number as its digits."""


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    return {None: "null", True: "true", False: "false"}.get(value, "") if not isinstance(value, dict | list) else ""


def _line(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text

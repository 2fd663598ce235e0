"""JSON and JSON lines of any size: readable `path: value` lines in blocks of bounded size."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import text_stream
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.json_stream import JsonStream, load
from rage_assets.blocks.parsing.texts.lines import numbered_lines
from resources.errors import ParseFailed

_BLOCK_CHARS = 1500
_MAX_DEPTH = 200
_WHOLE_BYTES = 8 * 2**20
_LONGEST_LINE = 32 * 2**20
# Strings are matched too, so that nothing is looked for in them; possessively, which takes no memory for the way back.
_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[\]}}])")


class JsonParser:
    """Reads JSON as what it says: each value with the path of keys that leads to it."""

    name = "json"
    version = 3
    reads_in_pieces = True
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
            _add_lines(outline, content)
        elif content.size > _WHOLE_BYTES:
            _add_stream(outline, content)
        else:
            _add_whole(outline, content)
        return outline


def add_values(outline: Outline, value: Any) -> None:
    """Add a value as paragraphs of bounded size."""
    block = _Block(outline)
    for line in value_lines(value):
        block.add(line)
    block.end()


def value_lines(value: Any, path: str = "") -> Iterator[str]:
    """A line for each value: the path of keys, and the value as text."""
    # One iterator for each level, since the paths of all entries together can be far larger than the file.
    stack: list[Iterator[tuple[str, Any]]] = [iter([(path, value)])]
    while stack:
        at, current = next(stack[-1], (None, None))
        if at is None:
            stack.pop()
        elif not isinstance(current, dict | list) or not current:
            yield _line(at, _scalar(current))
        elif isinstance(current, list) and _is_flat(current):
            yield _line(at, ", ".join(map(_scalar, current)))
        elif len(stack) > _MAX_DEPTH:
            raise ParseFailed("broken", f"Nested deeper than {_MAX_DEPTH} levels.")
        else:
            stack.append(_entries(at, current))


class _Block:
    """Collects lines to paragraphs of bounded size."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._lines: list[str] = []
        self._size = 0
        self._numbers: list[int] | None = None

    def add(self, line: str, number: int | None = None) -> None:
        """Add a line; `number` is where it stands in the file."""
        if self._lines and self._size + len(line) > _BLOCK_CHARS:
            self.end()
        if number is not None:
            self._numbers = [self._numbers[0] if self._numbers else number, number]
        self._lines.append(line)
        self._size += len(line) + 1

    def end(self) -> None:
        """End the paragraph."""
        self._outline.paragraph("\n".join(self._lines), lines=self._numbers)
        self._lines, self._size, self._numbers = [], 0, None
        self._outline.flush()


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


def _add_whole(outline: Outline, content: Content) -> None:
    try:
        value = _lenient(content.text)
    except json.JSONDecodeError as error:
        # Many a .json is JSON lines.
        if error.msg == "Extra data":
            _add_lines(outline, content)
        else:
            raise ParseFailed("broken", f"Not JSON: {error}") from None
        return
    if isinstance(value, dict) and isinstance(title := value.get("title"), str):
        outline.title = title[:200]
    add_values(outline, value)


def _lenient(text: str) -> Any:
    """The value of JSON as people write it by hand in settings: with comments, and commas behind the last entries."""
    try:
        return load(text)
    except json.JSONDecodeError as error:
        bare = _COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)
        bare = _LAST_COMMA.sub(lambda found: found[0] if found[0].startswith('"') else "", bare)
        if bare == text:
            raise
        try:
            return load(bare)
        except json.JSONDecodeError:
            raise error from None


def _add_stream(outline: Outline, content: Content) -> None:
    """Entry by entry, of the file's value and of the lists and objects right in it."""
    block = _Block(outline)
    for path, value in JsonStream(text_stream(content)).entries():
        if path == "title" and isinstance(value, str):
            outline.title = value[:200]
        _add_all(block, value_lines(value, path))
    block.end()


def _add_all(block: _Block, lines: Iterable[str]) -> None:
    for line in lines:
        block.add(line)


def _add_lines(outline: Outline, content: Content) -> None:
    """Each line a value; short ones share a block.

    A line that is none, such as the last one of a log that was cut off, stands as it is written. Where the first line is
    none, the values go over several lines.
    """
    block = _Block(outline)
    is_first = True
    for number, line in numbered_lines(text_stream(content), _LONGEST_LINE, whole=True):
        if not line.strip():
            continue
        try:
            block.add("\n".join(value_lines(load(line))), number)
        except json.JSONDecodeError as error:
            if is_first and error.msg == "Extra data":
                raise ParseFailed("broken", f"Line {number} is not JSON: {error}") from None
            if is_first:
                _add_stream(outline, content)
                return
            block.add(line.strip(), number)
        is_first = False
    block.end()


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    return {None: "null", True: "true", False: "false"}.get(value, "") if not isinstance(value, dict | list) else ""


def _line(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text

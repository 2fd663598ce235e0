"""YAML, TOML, INI and properties: a block for each key or table at the top, and for each below where those are long."""

import re
from collections.abc import Iterator

from rage_assets.blocks.parsing.code.units import Unit

_LARGE = 40  # lines; a key with more is parted at the keys below it
_SMALL = 2  # lines; shorter ones go together
_LEVELS = 3
_KEY = re.compile(r"(?:-[ \t]+)?([\"']?)([^\s\"'#&*!|>%@`\[\]{},:][^\"'#:\n]{0,120}|/[^\s:]{0,120})\1[ \t]*:(?:\s|$)")
_TABLE = re.compile(r"\[{1,2}[ \t]*([^\[\]\n]{1,200}?)[ \t]*\]{1,2}[ \t]*(?:[#;].*)?$")
_DOCUMENT = re.compile(r"---(?:\s|$)|\.\.\.\s*$")
_COMMENT = re.compile(r"[ \t]*[#;]")
_TABLES = ("toml", "ini")


def keyed_units(lines: list[str], language: str) -> list[Unit] | None:
    """The units of a configuration file; None for any other language."""
    if language in _TABLES:
        return list(_tables(lines))
    return list(_keys(lines, 0, len(lines) - 1, [], 0)) if language == "yaml" else None


def _tables(lines: list[str]) -> Iterator[Unit]:
    starts = [at for at, line in enumerate(lines) if _TABLE.match(line)]
    yield from _runs(lines, 0, len(lines) - 1, [(at, _named(_TABLE.match(lines[at]), 1)) for at in starts], [])


def _keys(lines: list[str], first: int, last: int, path: list[str], indent: int) -> Iterator[Unit]:
    """The keys at one indentation; each that is long as its head and the keys below."""
    starts = []
    for at in range(first, last + 1):
        line = lines[at]
        if indent == 0 and not path and _DOCUMENT.match(line):
            starts.append((at, ""))
        elif len(line) - len(line.lstrip(" ")) == indent and (key := _KEY.match(line, indent)):
            starts.append((at, key[2].strip()))
    for unit in _runs(lines, first, last, starts, path):
        inner = _indent_below(lines, unit, indent) if unit.symbol and unit.last - unit.first >= _LARGE else None
        if inner is None or len(path) + 1 >= _LEVELS:
            yield unit
            continue
        head, *rest = _keys(lines, unit.first + 1, unit.last, unit.section, inner)
        if head.symbol is None:
            yield Unit(unit.first, head.last, unit.symbol, unit.section)
        else:
            yield Unit(unit.first, unit.first, unit.symbol, unit.section)
            yield head
        yield from rest


def _indent_below(lines: list[str], unit: Unit, indent: int) -> int | None:
    for line in lines[unit.first + 1 : unit.last + 1]:
        inner = len(line) - len(line.lstrip(" "))
        if line.strip() and not _COMMENT.match(line) and inner >= indent:
            return inner if inner > indent and _KEY.match(line, inner) and not line[inner:].startswith("-") else None
    return None


def _runs(lines: list[str], first: int, last: int, starts: list[tuple[int, str]], path: list[str]) -> Iterator[Unit]:
    """From each start, with the comments above it, to the next; small ones together."""
    begins: list[tuple[int, str, int]] = []
    for at, name in starts:
        begin = at
        while begin > first and _COMMENT.match(lines[begin - 1]) and (not begins or begin - 1 > begins[-1][2]):
            begin -= 1
        begins.append((begin, name, at))
    ends = [*(begin - 1 for begin, *_ in begins[1:]), last][: len(begins)]
    rest = first
    for (begin, name, at), end in zip(begins, ends, strict=True):
        filled = sum(1 for line in lines[at : end + 1] if line.strip())
        if not name or (filled < _SMALL and not _TABLE.match(lines[at])):
            continue
        if any(line.strip() for line in lines[rest:begin]):
            yield _loose(lines, rest, begin - 1, path)
        yield Unit(begin, end, ".".join([*path, name]), [*path, name])
        rest = end + 1
    if any(line.strip() for line in lines[rest : last + 1]):
        yield _loose(lines, rest, last, path)


def _loose(lines: list[str], first: int, last: int, path: list[str]) -> Unit:
    """Short keys together; called after the first of them, unless they open the file."""
    keys = (_KEY.match(line.lstrip(" ")) for line in lines[first : last + 1])
    name = next((key[2].strip() for key in keys if key), "") if first else ""
    return Unit(first, last, None, [*path, name] if name else list(path))


def _named(match: re.Match[str] | None, group: int) -> str:
    return " ".join(match[group].replace('"', "").split()) if match else ""

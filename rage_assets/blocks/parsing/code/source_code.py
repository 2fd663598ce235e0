"""Source code: a block for each function, class or other unit at the top level."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import pairwise
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType

_SMALL = 3  # lines; a unit below this goes with its neighbour
_GOES_ON = re.compile(r"[\s})\]]|else\b|elif\b|except\b|finally\b|catch\b|end\b|fi\b|done\b|esac\b|then\b|do\b|\{")
_NAMES = re.compile(
    # within a line, or blank lines would be searched again from each of them
    r"^[^\S\n]*"
    r"(?:(?:export|default|public|private|protected|static|abstract|final|async|pub(?:\([^)\n]*\))?)[^\S\n]+)*"
    r"(?:def|class|func|function|fn|struct|enum|interface|trait|impl|type|module|namespace|record|message|service"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE|INDEX|TYPE))[^\S\n]+(?:\([^)\n]*\)[^\S\n]*)?([\w.:$]+)",
    re.MULTILINE | re.IGNORECASE,
)
_MAX_AST_BYTES = 2_000_000


class CodeParser:
    """Reads every programming and configuration language whose file names Pygments knows."""

    name = "code"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".py": "text/x-python"}  # for the others: `code_language`

    def parse(self, content: Content) -> Outline:
        """Code blocks with `lines`, `[first, last]` counted from 1, and the `symbol` that they define."""
        outline = Outline()
        language = code_language(content.path) or content.media_type.removeprefix("text/x-")
        lines = content.text.split("\n")
        starts = _python_starts(content.text) if language == "python" else None
        for first, end in _spans(starts, lines) if starts else _units(list(_unit_starts(lines)), lines):
            text = "\n".join(lines[first:end])
            while end > first and not lines[end - 1].strip():
                end -= 1
            named = _NAMES.search(text)
            outline.add(
                BlockType.CODE,
                text,
                language=language,
                lines=[first + 1, end],
                symbol=named[1].rstrip(":.") if named else None,
            )
        return outline


def code_language(path: str) -> str | None:
    """The programming language that a file of this name is written in, as Pygments calls it; None for no code."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    by_suffix, by_pattern = _patterns()
    suffix = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix in by_suffix:
        return by_suffix[suffix]
    return next((alias for pattern, alias in by_pattern if fnmatchcase(name, pattern)), None)


@cache
def _patterns() -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Pygments' file names: plain suffixes for a quick look, and the patterns. No lexer is loaded."""
    from pygments.lexers import get_all_lexers

    suffixes: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for _, aliases, names, _ in get_all_lexers(plugins=False):
        for pattern in names if aliases else ():
            if re.fullmatch(r"\*\.[\w+-]+", pattern):
                suffixes.setdefault(pattern[1:].lower(), aliases[0])
            else:
                patterns.append((pattern, aliases[0]))
    return suffixes | _USUAL, patterns


# Suffixes that several of Pygments' languages claim, as people mean them.
_USUAL = {
    ".py": "python", ".pyi": "python", ".h": "c", ".c": "c", ".js": "javascript", ".ts": "typescript",
    ".m": "objective-c", ".r": "r", ".pl": "perl", ".sql": "sql", ".s": "gas",
    ".v": "verilog", ".cs": "csharp", ".go": "go", ".rs": "rust",
    ".sh": "bash", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".ini": "ini", ".cfg": "ini", ".conf": "nginx",
    ".css": "css", ".php": "php", ".cls": "apex", ".inc": "php", ".bas": "vb.net", ".pro": "prolog", ".ml": "ocaml",
}  # fmt: skip


def _python_starts(text: str) -> list[int] | None:
    """Where the top-level units of Python begin, counted from 0; None when it is no valid Python."""
    import ast
    import warnings

    if len(text) > _MAX_AST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = text.split("\n")
    starts = [0]
    after_unit = False
    for node in body:
        unit = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if unit or after_unit:
            decorators = getattr(node, "decorator_list", [])
            start = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
            while start > starts[-1] and lines[start - 1].startswith("#"):
                start -= 1
            if start > starts[-1]:
                starts.append(start)
        after_unit = unit
    return starts


def _unit_starts(lines: list[str]) -> Iterator[int]:
    """Where a unit begins: a line at the margin after a blank one, unless it goes on with the one before."""
    yield 0
    for at in range(1, len(lines)):
        if lines[at].strip() and not lines[at - 1].strip() and not _GOES_ON.match(lines[at]):
            yield at


def _spans(starts: list[int], lines: list[str]) -> Iterator[tuple[int, int]]:
    """From each start to the next, as `[first, end)`."""
    return pairwise([*starts, len(lines)])


def _units(starts: list[int], lines: list[str]) -> Iterator[tuple[int, int]]:
    """Units as `[first, end)`; small ones together, unless they define something."""
    first = starts[0]
    for start in starts[1:]:
        text = "\n".join(lines[first:start])
        if len(text.strip().split("\n")) >= _SMALL or _NAMES.search(text):
            yield first, start
            first = start
    yield first, len(lines)

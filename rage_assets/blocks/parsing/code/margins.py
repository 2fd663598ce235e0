"""Reading code without its grammar: a unit begins at the margin, after a blank line."""

import re
from collections.abc import Iterator

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
_FIRST_NAME = re.compile(
    r"^(?:(?:export|local|const|let|var|val|my|our|static|final|constexpr|public|private|readonly|set|pub|mut)[^\S\n]+)*"
    r"[$@]?([A-Za-z_][\w.]{0,80})[^\S\n]*(?::[^=\n]{0,80})?(?::?=(?!=)|<-)",
    re.MULTILINE,
)


def defined_name(text: str) -> str | None:
    """The first name that a piece of code defines with a word such as `def` or `class`."""
    named = _NAMES.search(text)
    return (named[1].rstrip(":.") or None) if named else None


def assigned_name(text: str) -> str | None:
    """The first name at the margin that a piece of code gives a value."""
    named = _FIRST_NAME.search(text)
    return named[1] if named else None


def units_at_margins(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Units as `[first, end)`, counted from 0; small ones together, unless they define something."""
    first = 0
    for start in _starts(lines):
        text = "\n".join(lines[first:start])
        if len(text.strip().split("\n")) >= _SMALL or _NAMES.search(text):
            yield first, start
            first = start
    yield first, len(lines)


def _starts(lines: list[str]) -> Iterator[int]:
    """Where a unit begins: a line at the margin after a blank one, unless it goes on with the one before."""
    for at in range(1, len(lines)):
        if lines[at].strip() and not lines[at - 1].strip() and not _GOES_ON.match(lines[at]):
            yield at

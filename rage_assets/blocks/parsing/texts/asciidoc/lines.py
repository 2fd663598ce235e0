"""The lines of an AsciiDoc document: conditions are decided, attributes known, includes only named."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_CONDITION = re.compile(r"(ifdef|ifndef|ifeval|endif)::([^\[\s]{0,300})\[(.*)\]\s*")
_INCLUDE = re.compile(r"include::([^\[\s][^\[]{0,500})\[.*\]\s*")
_ENTRY = re.compile(r":(!?[\w][\w-]{0,100}!?):(?:[ \t]+(.*))?")
_REFERENCE = re.compile(r"(\\?)\{([\w][\w-]{0,100})\}")
_DELIMITER = re.compile(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|```)(?:[\w+#-]{0,40})?")
_LONGEST_VALUE = 4000
_MOST_GROWTH = 20_000
_MOST_INCLUDES = 100
_BUILT_IN = {
    "nbsp": " ", "sp": " ", "blank": "", "empty": "", "zwsp": "", "wj": "", "amp": "&", "lt": "<", "gt": ">", "plus": "+",
    "asterisk": "*", "apos": "'", "quot": '"', "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "deg": "°",
    "brvbar": "¦", "vbar": "|", "startsb": "[", "endsb": "]", "caret": "^", "tilde": "~", "backslash": "\\",
    "backtick": "`", "two-colons": "::", "two-semicolons": ";;", "cpp": "C++",
}  # fmt: skip


class Line(NamedTuple):
    """A line and its number in the file, from 1."""

    number: int
    text: str


class Attributes:
    """The document's attributes, `:name: value`, as far as they were read."""

    def __init__(self) -> None:
        """Know what every AsciiDoc document knows."""
        self.own: dict[str, str] = {}
        self._unset: set[str] = set()

    def entry(self, line: str) -> bool:
        """Take a line that sets or unsets an attribute; whether it is one."""
        found = _ENTRY.fullmatch(line)
        if not found:
            return False
        name = found[1].strip("!")
        if "!" in found[1]:
            self.own.pop(name, None)
            self._unset.add(name)
        elif name in self.own or len(self.own) < 1000:
            self.own[name] = self.fill((found[2] or "").strip())[:_LONGEST_VALUE]
            self._unset.discard(name)
        return True

    def fill(self, text: str) -> str:
        """Text with its references to known attributes replaced; unknown ones stay as they are written."""
        if "{" not in text:
            return text
        grown = 0

        def value(found: re.Match[str]) -> str:
            nonlocal grown
            if found[1]:
                return found[0][1:]
            known = self.own.get(found[2], _BUILT_IN.get(found[2]))
            if known is None or grown > _MOST_GROWTH:
                return found[0]
            grown += len(known)
            return known

        return _REFERENCE.sub(value, text)

    def holds(self, kind: str, names: str) -> bool:
        """Whether a condition lets its lines through: what only a build's settings could say counts as yes."""
        parts = [part.strip() for part in re.split("[,+]", names)]
        if kind == "ifdef":
            return any(name not in self._unset for name in parts) if "+" not in names else not self._unset & set(parts)
        return kind != "ifndef" or not all(name in self.own for name in parts)


def logical_lines(text: str, includes: list[str]) -> Iterator[Line]:
    """The lines that count.

    Args:
        text: The whole document.
        includes: Takes the names of the files that the document includes.
    """
    attributes = Attributes()
    conditions: list[bool] = []
    verbatim = ""
    numbered = enumerate(text.split("\n"), start=1)
    for number, line in numbered:
        line = line.rstrip()
        condition = _CONDITION.fullmatch(line)
        if condition:
            kind, names, inner = condition.groups()
            if kind == "endif":
                if conditions:
                    conditions.pop()
            elif kind in ("ifdef", "ifndef") and inner:
                if all(conditions) and attributes.holds(kind, names):
                    yield Line(number, inner)
            elif len(conditions) < 100:
                conditions.append(attributes.holds(kind, names))
            continue
        if not all(conditions):
            continue
        if line.startswith(("\\ifdef::", "\\ifndef::", "\\include::", "\\endif::", "\\ifeval::")):
            line = line[1:]
        elif found := _INCLUDE.fullmatch(line):
            if len(includes) < _MOST_INCLUDES:
                includes.append(attributes.fill(found[1]))
            continue
        if found := _DELIMITER.fullmatch(line):
            verbatim = "" if verbatim == found[1] else verbatim or found[1]
        elif not verbatim and line.startswith(":") and _ENTRY.fullmatch(line):
            line = _continued(line, numbered)
            attributes.entry(line)
        yield Line(number, line)


def _continued(line: str, numbered: Iterator[tuple[int, str]]) -> str:
    """An entry with the lines that its backslash joins to it."""
    while line.endswith(" \\") and len(line) < _LONGEST_VALUE:
        _, following = next(numbered, (0, ""))
        line = line[:-2] + " " + following.strip()
    return line

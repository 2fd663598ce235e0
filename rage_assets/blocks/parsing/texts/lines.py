"""Lines of a text of any size, with their numbers."""

from collections.abc import Iterable, Iterator

from resources.errors import ParseFailed

# Paragraphs that are longer are parted; nobody reads them as one.
_LONGEST_RUN = 8000


def numbered_lines(pieces: Iterable[str], longest: int = 50_000, *, whole: bool = False) -> Iterator[tuple[int, str]]:
    """Lines and their numbers from 1.

    Args:
        pieces: The text, with line feeds as newlines.
        longest: A line that is longer comes in parts with the same number.
        whole: Whether parts of a line are of no use.

    Raises:
        ParseFailed: `too_large` for a line that is too long, where only whole ones are of use.
    """
    number, rest = 1, ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            *parts, last = _parts(line, longest, number, whole)
            yield from ((number, part) for part in parts)
            yield number, last
            number += 1
        if len(rest) > longest:
            *parts, rest = _parts(rest, longest, number, whole)
            yield from ((number, part) for part in parts)
    yield number, rest


def _parts(line: str, longest: int, number: int, whole: bool) -> list[str]:
    """A line, parted between words where it is too long."""
    if whole and len(line) > longest:
        raise ParseFailed("too_large", f"Line {number} is longer than {longest} characters.")
    parts = []
    at = 0
    while len(line) - at > longest:
        cut = line.rfind(" ", at + longest // 2, at + longest) + 1 or at + longest
        parts.append(line[at:cut])
        at = cut
    return [*parts, line[at:]]


def runs(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Numbered lines between blank ones; very long runs of them are parted."""
    run: list[tuple[int, str]] = []
    size = 0
    for number, line in lines:
        blank = not line.strip()
        if run and (blank or size + len(line) > _LONGEST_RUN):
            yield run
            run, size = [], 0
        if not blank:
            run.append((number, line))
            size += len(line) + 1
    if run:
        yield run

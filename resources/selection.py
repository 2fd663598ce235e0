"""Which files of a source become documents: patterns as in .gitignore, relative to its location."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from resources.errors import InvalidInput

MOST_PATTERNS = 100
_MOST_CHARACTERS = 500


class Selection:
    """What a source's patterns take: all of `include` (everything, without any), but nothing of `exclude`.

    Args:
        include: Patterns as in .gitignore.
        exclude: Likewise; these win.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def takes(self, path: str) -> bool:
        """Whether the file at a path becomes a document."""
        return (not self.include or _matches(self._included, path)) and not self.excludes(path)

    def excludes(self, path: str) -> bool:
        """Whether `exclude` alone keeps a file out."""
        return bool(self.exclude) and _matches(self._excluded, path)

    @cached_property
    def _included(self) -> Any:
        return _compiled(self.include)

    @cached_property
    def _excluded(self) -> Any:
        return _compiled(self.exclude)


def checked_patterns(patterns: Sequence[str]) -> list[str]:
    """Patterns as they are stored: without white space around them, each once.

    Raises:
        InvalidInput: One cannot be used, or there are too many.
    """
    found = list(dict.fromkeys(pattern.strip() for pattern in patterns))
    if len(found) > MOST_PATTERNS:
        raise InvalidInput(f"A source may have {MOST_PATTERNS} patterns of each kind.")
    for pattern in found:
        if not pattern or pattern.startswith("#") or len(pattern) > _MOST_CHARACTERS or not pattern.isprintable():
            raise _unusable(pattern)
        if not _compiled([pattern]).patterns:
            raise _unusable(pattern)
    _compiled(found)  # together they may be too many
    return found


def _matches(patterns: Any, path: str) -> bool:
    # the dot of a regular expression stands for no line break, with which a name would slip through
    return bool(patterns.match_file(path.replace("\n", "\x01")))


def _compiled(patterns: Sequence[str]) -> Any:
    import pathspec
    import re2

    try:
        # RE2 alone: an engine that tries one way after the other to share a path out among stars may never end
        return pathspec.GitIgnoreSpec.from_lines(patterns, backend="re2")
    except (ValueError, re.error, re2.error) as error:
        raise _unusable(" ".join(patterns)) from error


def _unusable(pattern: str) -> InvalidInput:
    return InvalidInput(
        f"{pattern[:100]!r} cannot be used as a pattern.", hint="Write it as in .gitignore: '*.md', 'drafts/', '/old/**'."
    )

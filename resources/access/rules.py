"""Access rules: path patterns that narrow documents to groups, of a source or of an `.rage-access.yaml` in a folder.

A list of rules works like `.gitignore`: the last pattern that matches decides. Lists add up by narrowing: whoever wants to
see a document must satisfy the source's rules and those of every folder above it, so that no file in a folder can open
what a rule above it closed.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from resources.errors import InvalidInput
from resources.plain_yaml import PlainYamlError, load_plain_yaml

FILE_NAME = ".rage-access.yaml"
EVERYONE = "everyone"
MOST_FILE_BYTES = 64 * 1024

Clauses = tuple[tuple[str, ...], ...]
"""Who is let in: of each clause at least one principal must be the caller's. No clause: all members of the space."""

NOBODY: Clauses = ((),)
"""Nobody but the space's administrators."""


class AccessRule(BaseModel):
    """Documents that match a pattern are for these groups only.

    Attributes:
        pattern: As in `.gitignore`, relative to the source's location or to the file's folder: `hr/**`, `*.secret.md`.
        groups: Names of groups, or `user:SUBJECT`, or `everyone`; an empty list is for administrators alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str = Field(min_length=1, max_length=500)
    groups: tuple[str, ...] = Field(max_length=100)

    @field_validator("pattern")
    @classmethod
    def _one_positive_pattern(cls, value: str) -> str:
        if value.startswith(("!", "#")) or not value.strip() or not value.isprintable():
            raise ValueError("must be one pattern, without a leading '!' or '#'")
        _compiled(value)
        return value

    @field_validator("groups")
    @classmethod
    def _principals(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name.strip("/ ") or not name.isprintable() or len(name) > 200 for name in value):
            raise ValueError("must be names of 1 to 200 printable characters")
        return value

    @property
    def clause(self) -> tuple[str, ...] | None:
        """The principals that this rule lets in, None where it lets in every member."""
        if EVERYONE in self.groups:
            return None
        return tuple(sorted({_principal(name) for name in self.groups}))


class AccessFile(BaseModel):
    """The rules that an `.rage-access.yaml` gives its folder.

    Attributes:
        folder: The folder's path in the source, with a slash at the end; empty for the root.
        rules: Relative to the folder.
    """

    folder: str
    rules: tuple[AccessRule, ...]


class _FileContent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: tuple[str, ...] | None = None
    rules: tuple[AccessRule, ...] = ()


def read_access_file(content: bytes) -> tuple[AccessRule, ...]:
    """The rules in the bytes of an `.rage-access.yaml`: `groups: [hr]` for the whole folder, `rules:` for parts of it.

    Raises:
        InvalidInput: It holds something else; the folder must then be closed.
    """
    if len(content) > MOST_FILE_BYTES:
        raise InvalidInput(f"An {FILE_NAME} may have at most {MOST_FILE_BYTES} bytes.")
    try:
        parsed = load_plain_yaml(content)
        given = _FileContent.model_validate(parsed if parsed is not None else {})
    except (PlainYamlError, ValidationError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else type(error).__name__
        raise InvalidInput(
            f"The {FILE_NAME} cannot be used: {what}.",
            hint="Write `groups: [NAME, …]`, or `rules:` with a list of `pattern:` and `groups:`.",
        ) from error
    whole = (AccessRule(pattern="**", groups=given.groups),) if given.groups is not None else ()
    if not whole and not given.rules:
        raise InvalidInput(f"The {FILE_NAME} names neither `groups` nor `rules`.")
    return (*whole, *given.rules)


def clauses_of(path: str, source_rules: Sequence[AccessRule], files: Iterable[AccessFile]) -> Clauses:
    """Who is let in to the document at `path`."""
    found = set()
    for folder, rules in (("", source_rules), *((file.folder, file.rules) for file in files)):
        if not path.startswith(folder):
            continue
        inside = path[len(folder) :]
        deciding = next((rule for rule in reversed(rules) if _compiled(rule.pattern).match_file(inside)), None)
        clause = deciding.clause if deciding else None
        if clause is not None:
            found.add(clause)
    return tuple(sorted(found))


def class_id(space_id: UUID, clauses: Clauses) -> UUID | None:
    """The id of the access class of these clauses in a space; None for all members."""
    return uuid5(space_id, repr(clauses)) if clauses else None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    import pathspec
    import re2

    try:
        # RE2 alone: an engine that tries one way after the other to share a path out among stars may never end
        return pathspec.GitIgnoreSpec.from_lines([pattern], backend="re2")
    except (ValueError, re.error, re2.error) as error:
        raise ValueError("cannot be used as a pattern") from error


def _principal(name: str) -> str:
    return name if name.startswith(("user:", "group:", "key:")) else f"group:{name.strip('/')}"

r"""The pieces of three characters by which an index narrows what a pattern is looked for in.

They are taken from texts without case, in which white space is all alike: a phrase that a line's end breaks, and an
expression that says `\s+` between two words, then ask for pieces that reach over it.
"""

import re
from collections.abc import Sequence

GRAM = 3
_MOST_GROUPS = 16
_MOST_LITERAL_GRAMS = 32
_SPACES = re.compile(r"[ \t\n\r\f]+")  # what RE2 takes for white space


def folded(text: str) -> str:
    """A text as its pieces are taken from it: case-folded, any white space a single space."""
    return _SPACES.sub(" ", text.casefold())


def gram_groups(required: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    """For each group of strings, for each string, the pieces that a text with that string holds.

    Groups that do not narrow, because a string in them has no such piece, are left out.
    """
    found = [[_grams(folded(literal)) for literal in group] for group in required]
    return [group for group in found if group and all(group)][:_MOST_GROUPS]


def _grams(literal: str) -> list[str]:
    grams = dict.fromkeys(literal[at : at + GRAM] for at in range(len(literal) - GRAM + 1))
    return list(grams)[:_MOST_LITERAL_GRAMS]

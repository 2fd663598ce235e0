"""Pattern queries: a phrase in quotes, a `*` wildcard, or a /regular expression/, found in the text as written.

RE2 does the matching, in time linear in the text. What narrows the candidates beforehand is the pieces of text without
which nothing can match.
"""

import re
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import re2

from resources.errors import InvalidInput
from resources.retrieval.ambiguity import TooComplex, in_python_spelling, is_catastrophic
from resources.retrieval.required import Group, groups_of, groups_of_words

_LONGEST_EXPRESSION = 1_000
_MOST_MATCHES = 32  # counted in one passage
_RE2_BYTES = 8 << 20
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}


class Pattern(NamedTuple):
    """A compiled pattern query.

    Attributes:
        matcher: RE2's program.
        required: Groups of case-folded strings: every matching text holds one of each group. None where nothing is certain.
    """

    matcher: Any
    required: tuple[Group, ...]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern stands in `text`, as character offsets; matches of nothing do not count."""
        found: list[tuple[int, int]] = []
        for match in self.matcher.finditer(text):
            if match.end() > match.start():
                found.append(match.span())
                if len(found) >= _MOST_MATCHES:
                    break
        return found

    def count(self, text: str) -> int:
        """How often the pattern stands in `text`, as far as `spans` would tell."""
        found = 0
        for match in self.matcher.finditer(text.encode("utf-8", "replace")):  # bytes, for nobody asks where
            if match.end() > match.start():
                found += 1
                if found >= _MOST_MATCHES:
                    break
        return found


def compile_pattern(query: str) -> Pattern:
    """Compiles a pattern query.

    Raises:
        InvalidInput: The expression is wrong, beyond RE2's limits, catastrophic, or too complex to tell.
    """
    query = query.strip()
    if len(query) >= 2 and query[0] == query[-1] == "/":
        return _from_expression(query[1:-1])
    if len(query) >= 2 and _QUOTES.get(query[0]) == query[-1]:
        return _from_phrase(query[1:-1])
    return _from_wildcard(query) if "*" in query else _from_phrase(query)


def _from_phrase(phrase: str) -> Pattern:
    words = phrase.split()
    if not words:
        raise InvalidInput("The pattern is empty.")
    # Lines are broken where the page was full, so that any white space is like any other.
    return Pattern(_compile(r"\s+".join(map(re2.escape, words))), groups_of_words([word] for word in words))


def _from_wildcard(query: str) -> Pattern:
    pieces = [word.split("*") for word in query.split()]
    if not any(map(any, pieces)):
        raise InvalidInput("A pattern needs more than wildcards.", hint="Give some letters beside the `*`.")
    # A star on its own stands for any words of a line, one inside a word for any part of it.
    words = [
        ".*?" if not word.strip("*") else r"\S*".join(re2.escape(piece) for piece in re.split(r"\*+", word))
        for word in query.split()
    ]
    return Pattern(_compile(r"\s+".join(words)), groups_of_words(pieces))


def _from_expression(expression: str) -> Pattern:
    if not expression:
        raise InvalidInput("The regular expression is empty.")
    if len(expression) > _LONGEST_EXPRESSION:
        raise InvalidInput(f"The regular expression is longer than {_LONGEST_EXPRESSION} characters.")
    matcher = _compile(f"(?m){expression}")
    try:
        if is_catastrophic(expression):
            raise InvalidInput(
                "The regular expression is catastrophic: it can match the same text in exponentially many ways.",
                hint="Do not repeat what repeats already, nor choices that overlap: write `a+` for `(a+)+`.",
            )
        required = groups_of(sre.parse(in_python_spelling(expression)))
    except (TooComplex, RecursionError, OverflowError) as error:
        raise InvalidInput("The regular expression is too complex.", hint="Make it shorter or less nested.") from error
    except re.error as error:
        raise InvalidInput(f"The regular expression cannot be used: {error}.") from error
    return Pattern(matcher, required)


def _compile(expression: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _RE2_BYTES
    try:
        return re2.compile(expression, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidInput(f"The regular expression is wrong: {text.replace('(?m)', '')}.") from error

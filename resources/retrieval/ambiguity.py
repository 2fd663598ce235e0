"""Tells catastrophic regular expressions: those that can match a text in exponentially many ways.

RE2 runs them in linear time all the same, but other programs that are given the expression do not, and hardly anyone
means them. The test is exact for expressions without anchors (which it ignores): a loop is exponentially ambiguous if
and only if one of its states can be reached again by the same text on two different ways; see Weber and Seidl, "On the
degree of ambiguity of finite automata", 1991. The states are the expression's character positions (Glushkov).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_MOST_POSITIONS = 400
_MOST_STEPS = 500_000
_MANY = 10  # a repeat of a repeat this often is as bad as one without an end
_REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT)


class TooComplex(Exception):
    """The expression is too large to be judged."""


class _Part(NamedTuple):
    """A sub-expression: whether it may match nothing, and with which positions it may start and end."""

    nullable: bool
    first: frozenset[int]
    last: frozenset[int]


_NOTHING = _Part(True, frozenset(), frozenset())


class _Automaton:
    """The positions of an expression, what each matches (a bit per sample character), and which may follow which."""

    def __init__(self, samples: list[str]) -> None:
        self._samples = samples
        self.labels: list[int] = []
        self.follow: Counter[tuple[int, int]] = Counter()

    def sequence(self, items: Any) -> _Part:
        part = _NOTHING
        for item in items:
            part = self._then(part, self._item(*item))
        return part

    def _then(self, left: _Part, right: _Part) -> _Part:
        self._link(left.last, right.first)
        return _Part(
            left.nullable and right.nullable,
            left.first | right.first if left.nullable else left.first,
            left.last | right.last if right.nullable else right.last,
        )

    def _link(self, sources: frozenset[int], targets: frozenset[int]) -> None:
        if len(self.follow) + len(sources) * len(targets) > _MOST_STEPS:
            raise TooComplex
        self.follow.update((source, target) for source in sources for target in targets)

    def _item(self, op: Any, value: Any) -> _Part:
        if op is ops.SUBPATTERN:
            return self.sequence(value[3])
        if op is ops.BRANCH:
            parts = [self.sequence(branch) for branch in value[1]]
            return _Part(
                any(part.nullable for part in parts),
                frozenset().union(*(part.first for part in parts)),
                frozenset().union(*(part.last for part in parts)),
            )
        if op in _REPEATS:
            return self._repeat(*value)
        if op is ops.AT:
            return _NOTHING
        return self._position(op, value)

    def loop(self, items: Any) -> _Part:
        body = self.sequence(items)
        self._link(body.last, body.first)
        return body

    def _repeat(self, least: int, most: Any, items: Any) -> _Part:
        endless = _is_loop(most, items)
        part = _NOTHING
        for _ in range(max(least - 1, 0) if endless else least):
            part = self._then(part, self.sequence(items))
        if endless:
            body = self.loop(items)
            return self._then(part, body._replace(nullable=body.nullable or least == 0))
        for _ in range(most - least):
            part = self._then(part, self.sequence(items)._replace(nullable=True))
        return part

    def _position(self, op: Any, value: Any) -> _Part:
        if len(self.labels) >= _MOST_POSITIONS:
            raise TooComplex
        bits = sum(1 << bit for bit, char in enumerate(self._samples) if _matches(op, value, char))
        self.labels.append(bits)
        here = frozenset({len(self.labels) - 1})
        return _Part(False, here, here)


def is_catastrophic(expression: str) -> bool:
    """Whether a backtracking matcher can need exponential time for `expression` (Python's or RE2's spelling).

    Raises:
        TooComplex: It is too large to be judged within bounds.
        re.error: It is spelled in a way that Python's parser does not know.
    """
    tree = sre.parse(in_python_spelling(expression), re.IGNORECASE)
    if _counts_nothing(tree):
        return True
    return any(_choice_of_equals(body) or _ambiguous(body) for body in _outermost_loops(tree))


def _counts_nothing(items: Any) -> bool:
    """Whether something that may be empty is repeated by a large count: `(a?){30}` has 2^30 ways to be `a`."""
    return any(
        (op in _REPEATS and value[1] is not ops.MAXREPEAT and value[1] >= _MANY and value[2].getwidth()[0] == 0)
        or any(_counts_nothing(child) for child in _children(op, value))
        for op, value in items
    )


def _outermost_loops(items: Any) -> Iterator[Any]:
    for op, value in items:
        if op in _REPEATS and _is_loop(value[1], value[2]):
            yield value[2]
        else:
            for child in _children(op, value):
                yield from _outermost_loops(child)


def _is_loop(most: Any, items: Any) -> bool:
    """Whether to treat a repeat as one without an end."""
    return most is ops.MAXREPEAT or (most >= _MANY and _has_endless(items))


def _ambiguous(body: Any) -> bool:
    """Whether two different ways lead round the loop over `body` with the same text.

    Every position of a loop reaches every other, so an ambiguity anywhere in it shows from whichever one starts with.
    """
    automaton = _Automaton(sorted(_samples(body)))
    automaton.loop(body)
    edges: dict[int, list[int]] = {position: [] for position in range(len(automaton.labels))}
    for (source, target), count in automaton.follow.items():
        if count > 1 and automaton.labels[target]:
            return True
        edges[source].append(target)
    if not edges:
        return False
    backward: dict[int, list[int]] = {position: [] for position in edges}
    for source, targets in edges.items():
        for target in targets:
            backward[target].append(source)
    ahead = _pairs(edges, automaton.labels, forward=True)
    return any(a != b for a, b in ahead & _pairs(backward, automaton.labels, forward=False))


def _pairs(edges: dict[int, list[int]], labels: list[int], *, forward: bool) -> set[tuple[int, int]]:
    """The pairs of positions that the pair (0, 0) reaches by reading the same text on both sides."""
    seen = {(0, 0)}
    queue = [(0, 0)]
    steps = 0
    while queue:
        a, b = queue.pop()
        for x in edges[a]:
            for y in edges[b]:
                steps += 1
                if steps > _MOST_STEPS:
                    raise TooComplex
                # Forward, the text read is that of the pair entered; backward, that of the pair left.
                common = labels[x] & labels[y] if forward else labels[a] & labels[b]
                if common and (x, y) not in seen:
                    seen.add((x, y))
                    queue.append((x, y))
    return seen


def _children(op: Any, value: Any) -> list[Any]:
    if op is ops.SUBPATTERN:
        return [value[3]]
    if op is ops.BRANCH:
        return list(value[1])
    return [value[2]] if op in _REPEATS else []


def _choice_of_equals(items: Any) -> bool:
    """Whether a loop holds a choice that does not matter.

    The parser folds equal branches away: `a|a` becomes `a(?:|)`.
    """
    for op, value in items:
        if op is ops.BRANCH and len({repr(list(branch)) for branch in value[1]}) < len(value[1]):
            return True
        if any(_choice_of_equals(child) for child in _children(op, value)):
            return True
    return False


def _has_endless(items: Any) -> bool:
    return any(
        (op in _REPEATS and value[1] is ops.MAXREPEAT) or any(_has_endless(child) for child in _children(op, value))
        for op, value in items
    )


def _samples(items: Any) -> set[str]:
    """Characters that tell apart what the expression tells apart: edges of its classes, some of each category."""
    found = set("aZ5_ \n-é٣\u2003")
    for op, value in items:
        if op in (ops.LITERAL, ops.NOT_LITERAL):
            found.add(chr(value))
        elif op is ops.IN:
            for kind, member in value:
                if kind is ops.LITERAL:
                    found.add(chr(member))
                elif kind is ops.RANGE:
                    found.update(chr(min(max(edge, 0), 0x10FFFF)) for m in member for edge in (m - 1, m, m + 1))
        for child in _children(op, value):
            found |= _samples(child)
    return found


_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda c: c.isalnum() or c == "_",
}


def _matches(op: Any, value: Any, char: str) -> bool:
    cases = {ord(c) for c in (char, char.lower(), char.upper()) if len(c) == 1}
    if op is ops.LITERAL:
        return value in cases
    if op is ops.NOT_LITERAL:
        return value not in cases
    if op is ops.ANY:
        return char != "\n"
    if op is not ops.IN:
        raise re.error(f"unsupported: {op}")
    negate, hit = False, False
    for kind, member in value:
        if kind is ops.NEGATE:
            negate = True
        elif kind is ops.LITERAL:
            hit |= member in cases
        elif kind is ops.RANGE:
            hit |= any(member[0] <= case <= member[1] for case in cases)
        elif kind is ops.CATEGORY:
            name = str(member).removeprefix("CATEGORY_")
            hit |= _CATEGORIES[name.removeprefix("NOT_")](char) != name.startswith("NOT_")
    return hit != negate


# For the judgement only: what RE2 spells otherwise is replaced by something of the same nature.
_SPELLINGS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"\\[pP](?:\{[^}]*\}|[A-Z])"), r"\\w"),
    (re.compile(r"\[:\^?\w+:\]"), r"\\w"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\\x\{([0-9A-Fa-f]{1,4})\}"), lambda match: f"\\u{int(match[1], 16):04x}"),
)


def in_python_spelling(expression: str) -> str:
    """The expression as Python's parser can read it; not the same, but with the same loops and literals."""
    for pattern, replacement in _SPELLINGS:
        expression = pattern.sub(replacement, expression)
    return expression

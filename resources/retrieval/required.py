"""What every match of an expression holds: the pieces of text by which an index narrows what is looked through.

The pieces are groups of which a text holds at least one each, as in Russ Cox, "Regular expression matching with a trigram
index", 2012. What is not certain is left out: a group too few costs time, one too many would cost hits. Texts and pieces
are without case, and in both any white space is a single space.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from re import _constants as ops  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from resources.lexical.grams import GRAM, folded

LEAST_LITERAL = GRAM  # shorter ones do not narrow
_MOST_ALTERNATIVES = 24
_MOST_SHORT = 1_000  # of just three characters, as three digits in a row
_MOST_GROUPS = 16
_MOST_REPEATED = 4
_DIGITS = tuple("0123456789")
_SPACE = (" ",)
_SPACES = re.compile("  +")

Group = tuple[str, ...]
"""Folded strings; a text that matches holds, folded, at least one of them."""


class _Part(NamedTuple):
    """What a part of an expression matches.

    Attributes:
        exact: All that it can match, folded; None where that is not known.
        groups: What it holds beside, where `exact` is not known.
    """

    exact: tuple[str, ...] | None
    groups: tuple[Group, ...] = ()


_UNKNOWN = _Part(None)


def groups_of(items: Any) -> tuple[Group, ...]:
    """The groups of a parsed expression (`re._parser`); none where nothing is certain."""
    part = _sequence(items)
    found = part.groups if part.exact is None else _flushed([part.exact])
    return _best(found)


def groups_of_words(words: Iterable[Sequence[str]]) -> tuple[Group, ...]:
    """The groups of words that stand one after another with any white space between them.

    Args:
        words: For each word its literal pieces, which lie apart; an empty one where it begins or ends with something else.
    """
    found = [""]
    for at, (first, *others) in enumerate(words):
        found[-1] += folded(f" {first}" if at else first)
        found += map(folded, others)
    return _best((text,) for text in found)


def _sequence(items: Any) -> _Part:
    """Parts one after another: runs of what is known exactly, between gaps of what is not."""
    run: list[tuple[str, ...]] = []
    groups: list[Group] = []
    whole = True
    for op, value in items:
        for part in _parts(op, value):
            if part.exact is not None:
                run.append(part.exact)
                continue
            groups += [*_flushed(run), *part.groups]
            run, whole = [], False
    if whole and prod(map(len, run)) <= _MOST_ALTERNATIVES:
        return _Part(_joined(run))
    return _Part(None, tuple(groups + _flushed(run)))


def _parts(op: Any, value: Any) -> Iterator[_Part]:
    if op is ops.LITERAL:
        yield _Part((folded(chr(value)),))
    elif op is ops.AT:
        return
    elif op is ops.IN:
        yield _Part(_class(value))
    elif op is ops.SUBPATTERN:
        yield _sequence(value[3])
    elif op is ops.BRANCH:
        yield _choice([_sequence(branch) for branch in value[1]])
    elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        yield from _repeated(value[0], value[1], _sequence(value[2]))
    else:
        yield _UNKNOWN


def _class(members: Any) -> tuple[str, ...] | None:
    """The characters of a small class."""
    found: dict[str, None] = {}
    for kind, member in members:
        if kind is ops.LITERAL:
            found[folded(chr(member))] = None
        elif kind is ops.RANGE and member[1] - member[0] < _MOST_ALTERNATIVES:
            found.update(dict.fromkeys(folded(chr(each)) for each in range(member[0], member[1] + 1)))
        elif kind is ops.CATEGORY and member is ops.CATEGORY_DIGIT:
            found.update(dict.fromkeys(_DIGITS))
        elif kind is ops.CATEGORY and member is ops.CATEGORY_SPACE:
            found.update(dict.fromkeys(_SPACE))
        else:
            return None
    return tuple(found)


def _choice(branches: list[_Part]) -> _Part:
    exact = [branch.exact for branch in branches if branch.exact is not None]
    if len(exact) == len(branches):
        found = tuple(dict.fromkeys(text for texts in exact for text in texts))
        if len(found) <= _MOST_ALTERNATIVES:
            return _Part(found)
    # each branch holds its best group, so that the whole holds one of them all
    merged: dict[str, None] = {}
    for branch in branches:
        groups = _best(branch.groups if branch.exact is None else _flushed([branch.exact]))
        if not groups:
            return _UNKNOWN
        best = min(groups, key=_cost)
        merged |= dict.fromkeys(best)
    return _Part(None, (tuple(merged),) if len(merged) <= _MOST_ALTERNATIVES else ())


def _repeated(least: int, most: Any, part: _Part) -> Iterator[_Part]:
    if part.exact == _SPACE:
        yield _Part(_SPACE if least else (*_SPACE, ""))  # however many
        return
    if least == 0:
        together = part.exact is not None and most == 1
        yield _Part(tuple(dict.fromkeys((*part.exact, "")))) if together and part.exact is not None else _UNKNOWN
        return
    if part.exact is None:
        yield part
        return
    yield from [part] * min(least, _MOST_REPEATED)
    if most != least or least > _MOST_REPEATED:
        yield _UNKNOWN
        yield part  # the last one is followed by whatever comes then


def _flushed(run: list[tuple[str, ...]]) -> list[Group]:
    """The groups of a run of known parts, as few and as long as may be."""
    found: list[Group] = []
    start = 0
    while start < len(run):
        best: tuple[str, ...] | None = None
        end = start
        for stop in range(start + 1, len(run) + 1):
            window = run[start:stop]
            many = prod(map(len, window))
            longest = sum(max(map(len, part)) for part in window)
            if many > (_MOST_SHORT if longest <= LEAST_LITERAL else _MOST_ALTERNATIVES):
                break
            texts = _joined(window)
            if min(map(len, texts)) >= LEAST_LITERAL:
                best, end = texts, stop
        if best is not None:
            found.append(best)
            start = end
        else:
            start += 1
    return found


def _joined(run: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_SPACES.sub(" ", "".join(texts)) for texts in product(*run)))


def _best(groups: Iterable[Group]) -> tuple[Group, ...]:
    """The groups that narrow most, each once."""
    distinct = dict.fromkeys(group for group in groups if min(map(len, group), default=0) >= LEAST_LITERAL)
    chosen = set(sorted(distinct, key=_cost)[:_MOST_GROUPS])
    return tuple(group for group in distinct if group in chosen)


def _cost(group: Sequence[str]) -> tuple[int, int]:
    """Less for what narrows more: few alternatives, and long ones."""
    return len(group), -min(map(len, group))

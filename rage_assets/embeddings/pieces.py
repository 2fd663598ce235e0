"""Pieces: a block in as many parts as a model's window asks for, cut where a reader would cut it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Character spans of the tokens of a text.
Spans = list[tuple[int, int]]

_SENTENCE_ENDS = ("\n", ". ", "! ", "? ", "; ", "。")
_RULE_ROW = re.compile(r"\|(?: *:?-+:? *\|)+")
_MOST_HEADER_SHARE = 0.25
_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class Piece:
    """A part of a block, and how many tokens it has."""

    block: dict[str, Any]
    text: str
    tokens: int


def pieces(block: dict[str, Any], spans: Spans, budget: int) -> Iterator[Piece]:
    """A block in pieces of at most `budget` tokens.

    Prose is cut at the ends of lines or sentences, a table at the ends of rows, code at the least indented line; within
    these only where one alone is over the budget. Each piece of a table begins with the table's header, if that is short:
    a row says little without it.
    """
    text = block["text"]
    header, header_tokens = _table_header(block, spans, budget)
    start, first = 0, 0
    while len(spans) - first > (room := budget - (header_tokens if start else 0)):
        limit = spans[first + room][0]
        least = spans[first + room // 2][0]
        cut = _cut(block["type"], text, start, least, limit)
        behind = first
        while behind < len(spans) and spans[behind][0] < cut:
            behind += 1
        yield _piece(block, text[start:cut], behind - first, header if start else "", header_tokens)
        start, first = cut, behind
    if text[start:].strip("\n "):
        yield _piece(block, text[start:], len(spans) - first, header if start else "", header_tokens)


def _piece(block: dict[str, Any], text: str, tokens: int, header: str, header_tokens: int) -> Piece:
    # code and tables keep the white space before their first line
    text = text.strip("\n") if block["type"] in ("code", "table") else text.strip("\n ")
    return Piece(block, header + text, tokens + (header_tokens if header else 0))


def _cut(kind: str, text: str, start: int, least: int, limit: int) -> int:
    """The best place for the end of a piece, between `least` and `limit` where there is one."""
    if kind == "code":
        cut = _statement_end(text, least, limit)
    elif kind == "table":
        cut = _after(text, "\n", least, limit)
    else:
        cut = max(_after(text, mark, least, limit) for mark in _SENTENCE_ENDS)
    if cut <= least and kind in ("code", "table"):
        # a long row or statement goes whole into a piece of its own, if it fits into one
        cut = _after(text, "\n", start, least)
        if cut > start:
            return cut
    if cut <= least:
        cut = _after(text, " ", least, limit)
    return cut if cut > least else limit


def _statement_end(text: str, least: int, limit: int) -> int:
    """The place of the last of the least indented lines between `least` and `limit`, 0 where no line begins there."""
    best, found, at = None, 0, text.find("\n", least, limit)
    while at >= 0:
        indent = _INDENT.match(text, at + 1)
        depth = len(indent[0]) if indent else 0
        blank = text.startswith("\n", at + 1 + depth)
        if not blank and (best is None or depth <= best):
            best, found = depth, at + 1
        at = text.find("\n", at + 1, limit)
    return found


def _after(text: str, mark: str, least: int, limit: int) -> int:
    """The place behind the last `mark` between `least` and `limit`, 0 where there is none."""
    found = text.rfind(mark, least, limit)
    return found + len(mark) if found >= 0 else 0


def _table_header(block: dict[str, Any], spans: Spans, budget: int) -> tuple[str, int]:
    """The header rows of a pipe table and their tokens; nothing for what is no such table, or has a long header."""
    if block["type"] != "table":
        return "", 0
    lines = block["text"].split("\n", 2)
    if len(lines) < 3 or not _RULE_ROW.fullmatch(lines[1].strip()):
        return "", 0
    header = f"{lines[0]}\n{lines[1]}\n"
    tokens = sum(1 for begin, _ in spans if begin < len(header))
    return (header, tokens) if tokens <= budget * _MOST_HEADER_SHARE else ("", 0)

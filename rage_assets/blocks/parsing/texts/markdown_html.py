"""Tables of HTML in Markdown, which ends HTML at every blank line."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_OF_CELLS = ("html_block", "paragraph_open", "inline", "paragraph_close")
_TABLE = re.compile(r"<(/?)table\b", re.IGNORECASE)


def with_whole_tables(tokens: "Sequence[Token]", markdown: "MarkdownIt") -> "Iterator[Token]":
    """Tokens in which a table of HTML is one, with the blank lines and the sentences of Markdown in it.

    A table that does not end where it begins, or that is there to set code, lists and headings side by side, stays in
    pieces.

    Args:
        tokens: Of the whole text.
        markdown: What made them.
    """
    waiting: list[Token] = []
    depth = 0
    for token in tokens:
        if waiting and (token.level < waiting[0].level or token.type not in _OF_CELLS):
            yield from waiting
            waiting, depth = [], 0
        if token.type == "html_block":
            depth += sum(-1 if sign[1] else 1 for sign in _TABLE.finditer(token.content))
        if depth > 0:
            waiting.append(token)
        elif waiting:
            yield _joined([*waiting, token], markdown)
            waiting, depth = [], 0
        else:
            depth = 0
            yield token
    yield from waiting


def _joined(tokens: "list[Token]", markdown: "MarkdownIt") -> "Token":
    """One token of HTML for several."""
    first, last = tokens[0], tokens[-1]
    content = markdown.renderer.render(tokens, markdown.options, {})
    lines = [first.map[0], last.map[1]] if first.map and last.map else None
    return first.copy(content=content, map=lines)

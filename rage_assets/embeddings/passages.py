"""Passages: what is embedded and searched. Every word of a document stands in at least one.

A passage is the section path and one or more neighbouring blocks of that section, within the model's window. Packing starts
anew at every section, so that an edit moves no passage of another section.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from rage_assets.embeddings.pieces import Piece, Spans, pieces

PASSAGE_RULES = "passages/2"
# Special tokens that the model adds, and the line break behind the section path.
_RESERVED_TOKENS = 4
_MOST_SECTION_SHARE = 0.25
# A document of any length is packed so many blocks at a time, or fewer where they are long.
_TOGETHER = 2000
_CHARACTERS_TOGETHER = 2_000_000


@dataclass(frozen=True)
class Passage:
    """A passage before it has an id.

    Attributes:
        section: The headings above it, outermost first.
        text: The section path and the blocks' texts: what is embedded.
        block_ids: The blocks whose text it holds, in order.
        types: Their types, each once.
        languages: Their languages, each once.
    """

    section: list[str]
    text: str
    block_ids: list[UUID]
    types: list[str]
    languages: list[str]


def stream_passages(
    blocks: Iterable[dict[str, Any]], window: int, token_spans: Callable[[Sequence[str]], list[Spans]]
) -> Iterator[Passage]:
    """The passages of one document of any length; for the parameters see `make_passages`.

    What was recognised on a picture too unsurely to be text is left out: it would be found for what it does not say.
    """
    held: list[dict[str, Any]] = []
    size = 0
    for block in blocks:
        if (block.get("metadata") or {}).get("low_confidence"):
            continue
        share = max(len(held) / _TOGETHER, size / _CHARACTERS_TOGETHER)
        if share >= 2 or (share >= 1 and _path(block) != _path(held[-1])):
            yield from make_passages(held, window, token_spans)
            held, size = [], 0
        held.append(block)
        size += len(block["text"])
    yield from make_passages(held, window, token_spans)


def make_passages(
    blocks: Sequence[dict[str, Any]], window: int, token_spans: Callable[[Sequence[str]], list[Spans]]
) -> list[Passage]:
    """The passages of one document.

    Args:
        blocks: Its blocks in order: rows with `id, type, text, section, language`.
        window: The most tokens that the model reads, special tokens included.
        token_spans: The character spans of the tokens of texts.
    """
    if not blocks:
        return []
    headers = {tuple(b["section"]) for b in blocks} | {_path(b) for b in blocks}
    ordered = sorted(headers)
    spans = token_spans([block["text"] for block in blocks] + [" > ".join(path) for path in ordered])
    header_of = dict(zip(ordered, spans[len(blocks) :], strict=True))
    passages: list[Passage] = []
    indexed = zip(blocks, spans, strict=False)
    for path, group in groupby(indexed, key=lambda item: _path(item[0])):
        header, header_tokens = _header(path, header_of[path], window)
        budget = window - _RESERVED_TOKENS - header_tokens
        own = list(group)
        body = [item for item in own if item[0]["type"] != "heading" or not path or item[0]["text"] != path[-1]]
        if not body:
            # a heading with nothing below it: its words must be found all the same
            passages += _pack(own, path, "", window - _RESERVED_TOKENS)
            continue
        headings = (
            [block["id"] for block, _ in own if block["type"] == "heading" and block["text"] == path[-1]] if path else []
        )
        packed = _pack(body, path, header, budget)
        first = packed[0]
        passages.append(
            Passage(
                first.section,
                first.text,
                headings + first.block_ids,
                _once(["heading"] * bool(headings) + first.types),
                first.languages,
            )
        )
        passages += packed[1:]
    return passages


def _path(block: dict[str, Any]) -> tuple[str, ...]:
    """The section in which a block stands; a heading stands in the one that it opens."""
    section = tuple(block["section"])
    return (*section, block["text"]) if block["type"] == "heading" else section


def _header(path: tuple[str, ...], spans: Spans, window: int) -> tuple[str, int]:
    """The section path as it stands above a passage, cut where it would leave too little room."""
    text = " > ".join(path)
    most = int(window * _MOST_SECTION_SHARE)
    if len(spans) > most:
        return text[: spans[most - 1][1]], most
    return text, len(spans)


def _pack(items: Sequence[tuple[dict[str, Any], Spans]], path: tuple[str, ...], header: str, budget: int) -> list[Passage]:
    """Fills passages with neighbouring pieces, in order, none over the budget."""
    passages: list[Passage] = []
    held: list[Piece] = []
    tokens = 0
    for piece in (piece for block, spans in items for piece in pieces(block, spans, budget)):
        if held and tokens + piece.tokens > budget:
            passages.append(_passage(path, header, held))
            held, tokens = [], 0
        held.append(piece)
        tokens += piece.tokens
    if held:
        passages.append(_passage(path, header, held))
    return passages


def _passage(path: tuple[str, ...], header: str, pieces: list[Piece]) -> Passage:
    body = "\n".join(piece.text for piece in pieces)
    blocks = [piece.block for piece in pieces]
    return Passage(
        section=list(path),
        text=f"{header}\n{body}" if header else body,
        block_ids=_once([block["id"] for block in blocks]),
        types=_once([block["type"] for block in blocks]),
        languages=_once([block["language"] for block in blocks if block["language"]]),
    )


def _once(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))

"""What to show of a passage: the block that fits the query best, and a snippet of it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from html import escape
from uuid import UUID

from resources.domain import Block, BlockType
from resources.lexical.analysis import DEFAULT, Word
from resources.lexical.languages import natural

_SNIPPET = 300  # characters
Span = tuple[int, int]


def languages_of(blocks: Iterable[Block]) -> tuple[str, ...]:
    """The languages in which these blocks are to be read."""
    return natural(block.language for block in blocks) or (DEFAULT,)


def stem_weights(stems: Sequence[str], held: Iterable[Set[str]]) -> dict[str, float]:
    """How much each stem of a query tells, given which stems each of some texts holds: the rarer, the more (BM25's idf)."""
    wanted = set(stems)
    counts: Counter[str] = Counter()
    total = 0
    for each in held:
        counts.update(each & wanted)
        total += 1
    return {stem: math.log(1 + (total - counts[stem] + 0.5) / (counts[stem] + 0.5)) for stem in stems}


def best_block(
    blocks: Sequence[Block], weights: Mapping[str, float], matched: Mapping[UUID, Sequence[Word]]
) -> tuple[Block, list[Span]]:
    """The block that shares most with the query, and where; a heading only where no other block shares anything.

    Args:
        blocks: The blocks of one passage, in order, at least one.
        weights: The stems of the query and what each tells.
        matched: Of each block by its id, the words of the query in it.
    """

    def fit(block: Block) -> tuple[bool, float, bool, int]:
        found = {word.stem for word in matched[block.id]}
        heading = block.type is BlockType.HEADING
        return (bool(found) and not heading, sum(weights[stem] for stem in found), not heading, len(block.text))

    best = max(blocks, key=fit)
    return best, joined(matched[best.id])


def most_matched_block(blocks: Sequence[Block], spans: Mapping[object, list[Span]]) -> tuple[Block, list[Span]]:
    """The block with most matches of a pattern, and where they stand."""
    best = max(blocks, key=lambda block: (len(spans[block.id]), block.type is not BlockType.HEADING, len(block.text)))
    return best, spans[best.id]


def joined(words: Iterable[Word]) -> list[Span]:
    """Where words stand; what touches or overlaps is one."""
    spans: list[Span] = []
    for start, end in sorted({(word.start, word.end) for word in words}):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def snippet(text: str, spans: Sequence[Span]) -> str:
    """A piece of `text` of at most some 300 characters with most of `spans`, as HTML with them in `<em>`."""
    start, end = _window(text, spans)
    parts = ["…" if start > 0 else ""]
    at = start
    for a, b in sorted(spans):
        a, b = max(a, at), min(b, end)
        if a < b:
            parts += [escape(text[at:a]), "<em>", escape(text[a:b]), "</em>"]
            at = b
    parts += [escape(text[at:end]), "…" if end < len(text) else ""]
    return "".join(parts)


def _window(text: str, spans: Sequence[Span]) -> Span:
    if len(text) <= _SNIPPET:
        return 0, len(text)
    starts = sorted(a for a, _ in spans) or [0]
    best = max(starts, key=lambda a: (sum(a <= other < a + _SNIPPET * 3 // 4 for other in starts), -a))
    start = max(0, min(best - _SNIPPET // 5, len(text) - _SNIPPET))
    if start > 0:  # begin and end between words
        space = text.find(" ", start, best)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + _SNIPPET)
    if end < len(text):
        space = text.rfind(" ", start + _SNIPPET // 2, end)
        end = space if space > best else end
    return start, end

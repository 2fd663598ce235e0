"""From hits to results: which block of a passage is shown, and what of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from resources.domain import Block
from resources.lexical.analysis import Word, content_stems, matches
from resources.postgres.previews import Preview
from resources.retrieval import highlight
from resources.retrieval.models import (
    CopyView,
    DocumentView,
    Filters,
    PassageView,
    Scores,
    SearchRequest,
    SearchResult,
)
from resources.retrieval.patterns import Pattern


class Hit(NamedTuple):
    """A passage that was found: its row with document and blocks, its score, what each tier said, and its copies."""

    row: dict[str, Any]
    score: float
    scores: Scores
    copies: list[Preview]

    @property
    def blocks(self) -> list[Block]:
        """The passage's blocks in order."""
        blocks: list[Block] = self.row["blocks"]
        return blocks


def shown(hits: list[Hit], request: SearchRequest, pattern: Pattern | None) -> list[SearchResult]:
    """Hits as results: each with the block that fits best, and a snippet of it."""
    weights: Mapping[str, float] = {}
    matched: dict[UUID, list[Word]] = {}
    if pattern is None:
        every = {block.id: block for hit in hits for block in hit.blocks}
        languages = highlight.languages_of(every.values())
        stems = content_stems(request.query, languages)
        matched = {each: list(matches(block.text, set(stems), languages)) for each, block in every.items()}
        weights = highlight.stem_weights(stems, ({word.stem for word in found} for found in matched.values()))
    results = []
    for hit in hits:
        blocks, row = _preferred(hit.blocks, request.filters), hit.row
        if pattern is None:
            block, spans = highlight.best_block(blocks, weights, matched)
        else:
            block, spans = highlight.most_matched_block(blocks, {each.id: pattern.spans(each.text) for each in blocks})
        results.append(
            SearchResult(
                block=block,
                passage=PassageView(id=row["id"], text=row["text"], block_ids=row["block_ids"]),
                document=DocumentView(id=row["document_id"], path=row["path"], title=row["title"], source=row["source"]),
                score=min(1.0, max(0.0, hit.score)),
                scores=hit.scores,
                highlight=highlight.snippet(block.text, spans),
                also_in=[
                    CopyView(
                        document_id=copy.document, path=copy.path, title=copy.title, source=copy.source, passage_id=copy.id
                    )
                    for copy in hit.copies
                ],
            )
        )
    return results


def _preferred(blocks: list[Block], filters: Filters | None) -> list[Block]:
    """The blocks that the filters ask for; all where the passage fits but no single block does."""
    if filters is None:
        return blocks
    chosen = [
        block
        for block in blocks
        if (not filters.types or block.type in filters.types)
        and (not filters.languages or block.language in filters.languages)
    ]
    return chosen or blocks

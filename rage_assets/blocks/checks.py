"""The gate between blocks and everything after: is what was parsed text that a person would recognise?"""

import math
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from rage_assets.quality.gate import Expectation, Verdict, judge, pass_on, settle
from rage_assets.work import Work
from resources.postgres import staged_texts

MOST_BLOCK_CHARACTERS = 5_000_000
MOST_STRANGE_SHARE = 0.02
# How many documents' measures are judged together; a row is a few numbers.
_JUDGED_TOGETHER = 5000


def suite(max_text_loss: float) -> list[Expectation]:
    """The expectations, the gravest first."""
    return [
        Expectation("non_empty_text", "ExpectColumnValuesToBeBetween", {"column": "characters", "min_value": 1},
                    "A document must have text."),
        Expectation("no_empty_block", "ExpectColumnValuesToBeInSet", {"column": "empty_blocks", "value_set": [0]},
                    "Every block must have text."),
        Expectation("sane_length", "ExpectColumnValuesToBeBetween",
                    {"column": "longest_block", "max_value": MOST_BLOCK_CHARACTERS}, "A block must not be endless."),
        Expectation("few_replacement_characters", "ExpectColumnValuesToBeBetween",
                    {"column": "replacement_share", "max_value": MOST_STRANGE_SHARE},
                    "Characters that could not be decoded must be few."),
        Expectation("no_mojibake", "ExpectColumnValuesToBeBetween",
                    {"column": "mojibake_share", "max_value": MOST_STRANGE_SHARE},
                    "Text decoded in a wrong encoding must be little."),
        Expectation("known_language", "ExpectColumnValuesToBeInSet", {"column": "unknown_languages", "value_set": [0]},
                    "A language must be a known one or none."),
        Expectation("pages_monotonic", "ExpectColumnValuesToBeInSet", {"column": "page_steps_back", "value_set": [0]},
                    "Pages must follow each other."),
        Expectation("order_monotonic", "ExpectColumnValuesToBeInSet", {"column": "order_gaps", "value_set": [0]},
                    "Blocks must be numbered from 0 without a gap."),
        Expectation("keeps_its_text", "ExpectColumnValuesToBeBetween",
                    {"column": "text_kept", "min_value": round(1 - max_text_loss, 6)},
                    "A new version must not lose most of the text of the one before."),
    ]  # fmt: skip


def check_blocks(work: Work) -> Verdict:
    """Judges every parsed document of the run: those that pass move on, the others go to quarantine."""
    verdict = Verdict()
    expectations = suite(work.platform.settings.max_text_loss)
    rows: list[dict[str, Any]] = []
    seen: list[Any] = []
    for batch in work.batches("parsed"):
        seen += [row["id"] for row in batch]
        rows += _measure(work, batch)
        if len(rows) >= _JUDGED_TOGETHER:
            judge(work, verdict, "blocks", expectations, rows)
            rows = []
    judge(work, verdict, "blocks", expectations, rows)
    settle(work, verdict)
    if not verdict.held_back:
        failed = {failure.document["id"] for failure in verdict.failures}
        pass_on(work, [key for key in seen if key not in failed], "passed")
    return verdict


def _measure(work: Work, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["id"] for row in batch]
    with work.transaction() as connection:
        before = staged_texts.live_text_lengths(connection, [row["id"] for row in batch if row["change"] == "changed"])
    streamed = groupby(staged_texts.stream_blocks(work.transaction, ids), itemgetter("document_id"))
    found = {document: measures(own, before.get(document, 0)) for document, own in streamed}
    return [{"document": row} | (found.get(row["id"]) or measures([], before.get(row["id"], 0))) for row in batch]


def measures(blocks: Iterable[dict[str, Any]], characters_before: int) -> dict[str, float]:
    """The numbers that the suite looks at, for the blocks of one document of any length.

    Args:
        blocks: Rows with `text, type, language, page, order`, in order.
        characters_before: Characters of the live version's text, 0 if there is none.
    """
    from ftfy.badness import badness

    characters = empty = longest = replaced = strange = unknown = steps_back = gaps = 0
    page = None
    for index, block in enumerate(blocks):
        text = block["text"]
        own = len(text.strip())
        characters += own
        empty += not own
        longest = max(longest, len(text))
        replaced += text.count("\ufffd")
        # badness counts suspicious sequences of two or three characters; code and plain ASCII have none
        strange += 0 if text.isascii() else badness(text)
        unknown += not _known_language(block["language"], block["type"])
        gaps += block["order"] != index
        if block["page"] is not None:
            steps_back += page is not None and block["page"] < page
            page = block["page"]
    return {
        "characters": characters,
        "empty_blocks": empty,
        "longest_block": longest,
        "replacement_share": replaced / max(1, characters),
        "mojibake_share": 2 * strange / max(1, characters),
        "unknown_languages": unknown,
        "page_steps_back": steps_back,
        "order_gaps": gaps,
        "text_kept": characters / characters_before if characters_before else math.inf,
    }


def _known_language(language: str | None, block_type: str) -> bool:
    """Natural languages are two letters (ISO 639-1); code names its programming language."""
    if language is None or block_type == "code":
        return True
    return len(language) == 2 and language.isalpha() and language.islower()

"""The last step for every format: clean titles and the language of each block."""

from typing import Any

from rage_assets.blocks.parsing.language import detect_language, letters
from rage_assets.blocks.parsing.outline import clean
from resources.domain import BlockType, ParsedBlock

_SAMPLE = 2000
_LONGEST_TITLE = 500
_OWN_LANGUAGE = 80  # letters; below, a block has its document's language
_BLOCK_SAMPLE = 400  # characters, which say as much of a language as many more
# A document of so many blocks in one language is asked only now and then, until it answers otherwise.
_SURE_AFTER = 2000
_ASKED_EVERY = 10


class Finisher:
    """Finishes the blocks of one document, all at once or a part after the other.

    Attributes:
        language: The document's, found in its first part.
    """

    def __init__(self) -> None:
        self.language: str | None = None
        self._begun = False
        self._blocks = 0
        self._alike = 0  # blocks in a row in the document's language

    def finish(self, blocks: list[ParsedBlock]) -> list[ParsedBlock]:
        """The blocks, each with its language and clean metadata."""
        prose = [block for block in blocks if block.type is not BlockType.CODE]
        if not self._begun:
            self.language, self._begun = detect_language(_sample(prose)), True
        alone = self._blocks + len(prose) == 1
        for block in prose:
            self._blocks += 1
            # Tables are names and numbers more often than sentences.
            sentences = block.type in (BlockType.PARAGRAPH, BlockType.LIST) and not alone
            block.language = (self._own_language(block.text) if sentences else None) or self.language
        for block in blocks:
            if block.metadata:
                block.metadata = _clean_values(block.metadata)
        return blocks

    def _own_language(self, text: str) -> str | None:
        """The language of a block's own text; None where it is short, or surely that of its document."""
        if self._alike >= _SURE_AFTER and self._blocks % _ASKED_EVERY:
            return None
        if letters(text[:_BLOCK_SAMPLE]) <= _OWN_LANGUAGE:
            return None
        own = detect_language(text[:_BLOCK_SAMPLE])
        self._alike = self._alike + 1 if own in (None, self.language) else 0
        return own


def clean_title(title: str) -> str:
    """A title as it is kept: one line of bounded length."""
    return " ".join(clean(title).split())[:_LONGEST_TITLE]


def _sample(blocks: list[ParsedBlock]) -> str:
    """The first text of a document, sentences before tables and headings."""
    texts, size = [], 0
    order = (BlockType.PARAGRAPH, BlockType.LIST, BlockType.HEADING, BlockType.TABLE, BlockType.IMAGE)
    for block in sorted(blocks, key=lambda block: order.index(block.type)):
        if size >= _SAMPLE:
            break
        texts.append(block.text[:_SAMPLE])
        size += len(block.text)
    return "\n".join(texts)


def _clean_values(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _clean_values(item) for key, item in value.items()}
    return [_clean_values(item) for item in value] if isinstance(value, list) else value

"""The last step for every format: clean titles and the language of each block."""

from typing import Any

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.language import detect_language, letters
from rage_assets.blocks.parsing.outline import Outline, clean
from resources.domain import BlockType, ParsedBlock, ParsedDocument

_SAMPLE = 2000
_OWN_LANGUAGE = 80  # letters; below, a block has its document's language


def finished(outline: Outline, content: Content, parser: str) -> ParsedDocument:
    """The document that an outline makes, each block with its language."""
    prose = [block for block in outline.blocks if block.type is not BlockType.CODE]
    language = detect_language(_sample(prose))
    for block in prose:
        # Tables are names and numbers more often than sentences.
        sentences = block.type in (BlockType.PARAGRAPH, BlockType.LIST) and len(prose) > 1
        own = detect_language(block.text) if sentences and letters(block.text[:_SAMPLE]) > _OWN_LANGUAGE else None
        block.language = own or language
    for block in outline.blocks:
        block.metadata = _clean_values(block.metadata)
    return ParsedDocument(
        title=" ".join(clean(outline.title).split())[:500],
        media_type=content.media_type,
        language=language,
        blocks=outline.blocks,
        parser=parser,
        children=outline.children,
    )


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

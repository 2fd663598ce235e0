"""What an index is in tantivy: its fields, and how their texts are split."""

import struct
from uuid import UUID

import tantivy

from resources.lexical.grams import GRAM

ID_HALVES = ("id_high", "id_low")
"""The passage's id as two signed numbers of 64 bits."""
_HALVES = struct.Struct(">qq")


def new_schema() -> tantivy.Schema:
    """The fields. None is stored as it came; the passage's id is two columns, from which thousands are read at once."""
    builder = tantivy.SchemaBuilder()
    for name in ("id", "document", "version", "pair", "language"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ID_HALVES:
        builder.add_integer_field(name, fast=True)
    builder.add_text_field("words", tokenizer_name="words", index_option="freq")
    builder.add_text_field("grams", tokenizer_name="grams", index_option="basic")
    return builder.build()


def id_halves(id_: UUID) -> dict[str, int]:
    """A passage's id as the columns hold it."""
    return dict(zip(ID_HALVES, _HALVES.unpack(id_.bytes), strict=True))


def ids_at(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[UUID]:
    """The ids of passages by where they stand in the index."""
    halves = [searcher.fast_field_values(name, addresses) for name in ID_HALVES]
    return [UUID(bytes=_HALVES.pack(high, low)) for high, low in zip(*halves, strict=True)]


def word_analyzer() -> tantivy.TextAnalyzer:
    """Splits what is terms already."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


def gram_analyzer() -> tantivy.TextAnalyzer:
    """Splits into all pieces of three letters."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(GRAM, GRAM)).build()

"""What an index is in tantivy: its fields, and how their texts are split."""

import tantivy

from resources.lexical.grams import GRAM


def new_schema() -> tantivy.Schema:
    """The fields; only the passage's id is stored."""
    builder = tantivy.SchemaBuilder()
    for name in ("id", "document", "version", "pair", "language"):
        builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="words", index_option="freq")
    builder.add_text_field("grams", tokenizer_name="grams", index_option="basic")
    return builder.build()


def word_analyzer() -> tantivy.TextAnalyzer:
    """Splits what is terms already."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


def gram_analyzer() -> tantivy.TextAnalyzer:
    """Splits into all pieces of three letters."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(GRAM, GRAM)).build()

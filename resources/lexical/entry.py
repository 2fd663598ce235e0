"""What an engine stores of a passage and asks for, the same in every engine.

Words of title, section and text go into one field. Measured, that ranks better than a field each with any weights
(scifact nDCG@10 .686 against .649 to .683), because BM25 weighs a word by how rare it is in the whole.
"""

from collections.abc import Sequence

from resources.lexical.analysis import index_text
from resources.lexical.languages import DEFAULT, natural
from resources.lexical.protocol import LexicalPassage

GRAM = 3
# The rarest terms decide; a page of text as a query has its tail cut, not its head.
MOST_QUERY_TERMS = 256
MOST_LANGUAGES = 40  # the most frequent of an index; a query is analysed in each
_MOST_GROUPS = 16
_MOST_LITERAL_GRAMS = 32


def words_of(passage: LexicalPassage) -> str:
    """Its terms: of the text, and of title and section unless they stand in it already and would count twice."""
    parts: list[str] = [passage.text]
    for part in (passage.section, passage.title):
        if part and not any(part in other for other in parts):
            parts.insert(0, part)
    return index_text(parts, natural(passage.languages), code=passage.code)


def language_codes(passage: LexicalPassage) -> list[str]:
    """The languages in which it was analysed."""
    languages = natural(passage.languages)
    return sorted({*languages, DEFAULT}) if passage.code or not languages else list(languages)


def gram_groups(required: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    """For each group of strings, for each string, the pieces of three characters that a text with that string holds.

    Groups that do not narrow, because a string in them has no such piece, are left out.
    """
    found = [[_grams(literal.casefold()) for literal in group] for group in required]
    return [group for group in found if group and all(group)][:_MOST_GROUPS]


def _grams(literal: str) -> list[str]:
    grams = dict.fromkeys(literal[at : at + GRAM] for at in range(len(literal) - GRAM + 1))
    return list(grams)[:_MOST_LITERAL_GRAMS]

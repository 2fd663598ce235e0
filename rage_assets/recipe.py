"""The recipe: by which rules a file is read. A new one reads again the documents it concerns, and no others."""

from rage_assets.blocks.parsing import parser_version
from rage_assets.embeddings.passages import PASSAGE_RULES


def recipe_of(path: str) -> str:
    """The parser's version for a file of that name, and the version of the rules that make passages."""
    return f"{parser_version(path)} {PASSAGE_RULES}"
